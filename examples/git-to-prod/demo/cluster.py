"""`make demo-cluster`: the same graph on PostgreSQL, by several workers, of which one is killed in the middle.

As the other demo it ends well only if all that it claims is so; and it leaves nothing running behind. All workers are
on this machine, where the workspace of the run lies: who shares files has to share a disk.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import claims
from crew import Crew, Hand, crew_of
from dev.postgres import ServerUnavailable, running_postgres
from log import Log, latest_log, read_log, steps_of
from means import Means, means_here
from performers import performer_when
from stage import CHECKOUT, NotAsClaimed, Stage
from work import work_table

BUILDERS = "builders"
HEAVY = ("agent: py_fixer", "agent: fe_fixer", "agent: test_writer", "tool: run_tests", "tool: security_scan")
"""What runs programs: it is for builders."""
COMES_WITHIN_SECONDS = 120
LOOK_EVERY_SECONDS = 0.05
ENDED = ("succeeded", "failed", "rolled_back")


def main() -> int:
    """Start a server, play, stop the server."""
    with tempfile.TemporaryDirectory(prefix="demo-cluster-", dir=CHECKOUT) as folder:
        stage = Stage(Path(folder) / "project")
        try:
            _play(stage)
        except (NotAsClaimed, ServerUnavailable) as problem:
            stage.screen.print(f"\n[bold red]not as claimed:[/] {problem}")
            return 1
        except KeyboardInterrupt:
            return 130
    return 0


def _play(stage: Stage) -> None:
    stage.heading("From a failing build to a release, by several processes")
    stage.say(
        "The same graph as in `make demo`, with the same agents. But the runs are kept in PostgreSQL, and who starts "
        "one need not stay: workers do. What runs programs, agents among it, belongs to a pool of its own."
    )
    stage.build()
    means = means_here(stage.project)
    if means.is_simulated:
        stage.say("[yellow]No model is asked: scripts answer in its place, and every answer is marked as simulated.[/]")
    if not means.executes:
        stage.say(f"[yellow]Nothing that agents write is run, and so nothing is tested:[/] {means.sandbox}.")
    with running_postgres() as server:
        stage.store = server.address
        _set_up(stage)
        stage.say(f"PostgreSQL listens on 127.0.0.1:{server.port} (process {server.pid}).")
        with crew_of(stage) as crew:
            _play_on(stage, crew, means)
    stage.say("\nThe server is stopped and its data are gone, as is this project.")


def _set_up(stage: Stage) -> None:
    """Where runs are kept, and what is for builders: in this copy of the project alone."""
    settings = stage.project / "interlock.toml"
    settings.write_text(f'store = "{stage.store}"\n{settings.read_text(encoding="utf-8")}', encoding="utf-8")
    for kind in HEAVY:
        _replace(stage.project / "graphs" / "git-to-prod.yaml", f"{kind}\n", f"{kind}\n    pool: {BUILDERS}\n")


def _play_on(stage: Stage, crew: Crew, means: Means) -> None:
    # Alone by then, it takes the run; what is for builders waits for those who come.
    crew.hire("default")
    killed = _kill_in_the_middle(stage, crew, means)
    run = killed.run.id
    waiting = _log_once(stage, run, "waiting", *ENDED)
    stage.say("Another one has ended the agent's work, and now a person is asked. Here the demo answers in your place:")
    stage.shown("answer", f"{run}:approve", "--choose", "release", "--by", "the demo", "--detach")
    log = _log_once(stage, run, *ENDED)
    stage.screen.print()
    stage.shown("show", run)
    _claim(stage, means, killed, waiting, log)
    stage.shown("replay", run)
    stage.screen.print()
    codes = crew.dismiss()
    stage.claim("the workers that were left have finished and gone", holds=codes == [0, 0])


def _kill_in_the_middle(stage: Stage, crew: Crew, means: Means) -> Log:
    """Start a run, and kill the worker that the fixer runs on once it has patched its copy; the log as it was then."""
    stage.say("\nAs soon as the agent that mends the fault has patched its copy, the worker it runs on is killed:")
    with ThreadPoolExecutor(1) as beside:
        killing = beside.submit(_kill_the_performer, stage, crew)
        words = ["run", "git-to-prod", "--workspace", "sample_repo", "-i", "pr_number=41", *means.inputs]
        stage.shown(*words, "--detach")
        for _ in range(2):
            crew.hire(BUILDERS)
        hand, killed = killing.result()
    stage.screen.print(f"\n  killed with SIGKILL (process {hand.pid}, a worker of {hand.pool})\n", style="bold red")
    stage.shown("workers")
    stage.screen.print()
    return killed


def _kill_the_performer(stage: Stage, crew: Crew) -> tuple[Hand, Log]:
    process = performer_when(stage.store, claims.FIXER, claims.has_patched)
    if process is None:
        raise NotAsClaimed("no worker was found that performs the agent in the middle of its work")
    hand = crew.of(process)
    crew.kill(hand)
    killed = latest_log(stage.store)
    if killed is None:
        raise NotAsClaimed("no run began")
    return hand, killed


def _claim(stage: Stage, means: Means, killed: Log, waiting: Log, log: Log) -> None:
    stage.screen.print("\nWhat the agents had on record before, and what was done then:\n")
    stage.screen.print(work_table(log, killed_at=killed.last))
    stage.screen.print()
    stage.claim("it waited for a person, and for nothing else", holds=waiting.run.status == "waiting")
    stage.claim(
        "it succeeded, and the changelog names 1.4.1", holds=claims.is_released(log.run, stage.files_of(log.run.id))
    )
    stage.claim(
        "tests pass, and the scanner found nothing" if means.executes else "who approved was told of no test",
        holds=claims.is_proven(log.run) if means.executes else claims.says_that_nothing_was_tested(waiting.run),
    )
    stage.claim(
        "the fix is one agent's, begun by one worker and ended by another",
        holds=claims.was_under_way(log, claims.FIXER, at=killed.last)
        and claims.is_mended_by_its_agent(log, executes=means.executes),
    )
    stage.claim(
        "no call whose result was on record was made again",
        holds=claims.is_nothing_repeated(log),
    )
    asked = len(steps_of(log.events, "model"))
    stage.claim(
        f"each of {asked} calls of a model says what the model was told and why it was chosen\n",
        holds=asked > 0 and claims.is_explained(log),
    )


# --- what comes in its own time --------------------------------------------------------------------------------------


def _log_once(stage: Stage, run: str, *statuses: str) -> Log:
    """The run, once it has one of these statuses."""
    _wait_for(lambda: read_log(stage.store, run).run.status in statuses, f"run {run} did not come to be {statuses[0]}")
    return read_log(stage.store, run)


def _wait_for(moment: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + COMES_WITHIN_SECONDS
    while not moment():
        if time.monotonic() > give_up:
            raise NotAsClaimed(what)
        time.sleep(LOOK_EVERY_SECONDS)


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise NotAsClaimed(f"{file.name} is not as the demo knows it")
    file.write_text(text.replace(old, new), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
