"""`make demo-cluster`: the same graph on PostgreSQL, by several workers, of which one is killed in the middle.

As the other demo it ends well only if all that it claims is so; and it leaves nothing running behind.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from claims import Run, entries, is_released, tests_pass
from crew import Crew, crew_of
from dev.postgres import ServerUnavailable, running_postgres
from diary import Call, read_calls, table_of
from stage import CHECKOUT, NotAsClaimed, Stage

BUILDERS = "builders"
HEAVY = {"quick_fixer": "fix_quickly", "sound_fixer": "fix_soundly", "thorough_fixer": "fix_thoroughly"} | {
    "run_tests": "test",
    "security_scan": "scan",
}
"""The tools that run programs, and the nodes that call them."""
COMES_WITHIN_SECONDS = 120
LOOK_EVERY_SECONDS = 0.05


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
        "The same graph as in `make demo`, and the same stand-ins for agents. But the runs are kept in PostgreSQL, and "
        "who starts one need not stay: workers do. The tools that run tests and scans belong to a pool of their own."
    )
    stage.build()
    with running_postgres() as server:
        _set_up(stage, server.address)
        stage.say(f"PostgreSQL listens on 127.0.0.1:{server.port} (process {server.pid}).")
        with crew_of(stage) as crew:
            _play_on(stage, crew)
    stage.say("\nThe server is stopped and its data are gone, as is this project.")


def _set_up(stage: Stage, store: str) -> None:
    """Where runs are kept, and which calls are for builders: in this copy of the project alone."""
    _replace(stage.project / "interlock.toml", '".interlock/interlock.db"', f'"{store}"')
    for tool in HEAVY:
        _replace(
            stage.project / "graphs" / "git-to-prod.yaml", f"tool: {tool}\n", f"tool: {tool}\n    pool: {BUILDERS}\n"
        )


def _play_on(stage: Stage, crew: Crew) -> None:
    repository = stage.checkout("thursday")
    for pool in ("default", BUILDERS, BUILDERS):
        crew.hire(pool)
    stage.screen.print()
    stage.shown("workers")
    stage.screen.print()
    stage.shown("run", "git-to-prod", "-i", "pr_number=7", "-i", "repository=thursday", "--detach")
    run = str(stage.read("runs", "--limit", "1")["runs"][0]["run"])
    _kill_the_tester(stage, crew, run)
    waiting = _status_that_comes(stage, run, "waiting")
    stage.say("Another one has made the tests again, and now a person is asked. Here the demo answers in your place:")
    stage.shown("answer", f"{run}:approve", "--choose", "release", "--by", "the demo", "--detach")
    ended = _status_that_comes(stage, run, "succeeded", "failed", "rolled_back")
    stage.screen.print()
    stage.shown("show", run)
    _claim(stage, crew, waiting, ended, repository)
    stage.shown("replay", run)
    stage.screen.print()
    codes = crew.dismiss()
    stage.claim("the workers that were left have finished and gone", holds=codes == [0, 0])


def _kill_the_tester(stage: Stage, crew: Crew, run: str) -> None:
    stage.say("\nAs soon as a worker is in the middle of the tests, it is killed:")

    def testing() -> list[Call]:
        return [call for call in read_calls(stage.project) if call.run == run and call.path == "test"]

    _wait_for(lambda: bool(testing()), "no worker came to the tests")
    killed = crew.of(testing()[0].process)
    crew.kill(killed)
    stage.screen.print(f"  killed with SIGKILL (process {killed.pid}, a worker of {killed.pool})\n", style="bold red")


def _claim(stage: Stage, crew: Crew, waiting: Run, ended: Run, repository: Path) -> None:
    calls = [call for call in read_calls(stage.project) if call.run == ended["run"]]
    stage.screen.print("\nWhat each process did, as the tools noted it themselves:\n")
    stage.screen.print(table_of(calls, list(dict.fromkeys(call.process for call in calls))))
    stage.screen.print()
    tested = [call for call in calls if call.path == "test"]
    stage.claim("it waited for a person, and for nothing else", holds=waiting["status"] == "waiting")
    stage.claim("it succeeded and released 1.4.1", holds=is_released(ended) and tests_pass(ended))
    stage.claim("the tests were begun by one worker and ended by another", holds=_went_over(tested))
    stage.claim("each call was made by a worker of its pool", holds=all(_is_of_pool(crew, call) for call in calls))
    stage.claim("nothing was changed twice", holds=_changed_once(calls))
    stage.claim("it was released once\n", holds=entries(repository) == ["1.4.1", "1.4.0"])


def _went_over(tested: list[Call]) -> bool:
    return len({call.process for call in tested}) == len(tested) > 1 and [call.ended for call in tested][-1]


def _is_of_pool(crew: Crew, call: Call) -> bool:
    return crew.of(call.process).pool == (BUILDERS if call.path in HEAVY.values() else "default")


def _changed_once(calls: list[Call]) -> bool:
    return sorted(call.path for call in calls if call.path in {"apply", "release"}) == ["apply", "release"]


# --- what comes in its own time --------------------------------------------------------------------------------------


def _status_that_comes(stage: Stage, run: str, *statuses: str) -> Run:
    """The run, once it has one of these statuses."""
    _wait_for(lambda: stage.read("show", run)["status"] in statuses, f"run {run} did not come to be {statuses[0]}")
    shown: Run = stage.read("show", run)
    return shown


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
