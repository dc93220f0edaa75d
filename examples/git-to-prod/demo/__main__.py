"""`make demo`: one graph, from a failing build to a release, three times: well, refused, and killed on the way.

The acts are played with the `interlock` command on a fresh copy of this project. The demo ends well only if all that it
claims on the screen is so; what it claims it reads from the log of each run, and from the files in its workspace.
"""

from __future__ import annotations

import sys

from rich.table import Table
from rich.text import Text

import claims
import doors
from interlock import RunResult
from interlock.core.event_parts import Option
from log import Log, latest_log, latest_run, read_log, steps_of
from means import Means, means_here
from stage import CHECKOUT, NotAsClaimed, Stage
from watch import Watch
from work import work_table

PROJECT = CHECKOUT / "demo-project"
WAITS_FOR_PEOPLE = 3
NOT_SUCCEEDED = 1
RUN = ("run", "git-to-prod", "--workspace", "sample_repo", "-i", "pr_number=41")


def main() -> int:
    """Play all acts."""
    stage = Stage(PROJECT)
    try:
        stage.build()
        means = means_here(stage.project)
        _prologue(stage, means)
        released = _first_act(stage, means)
        refused = _second_act(stage) if means.executes else None
        killed = _third_act(stage, means)
        _epilogue(stage, released, refused, killed)
        _through_other_doors(stage, means)
    except NotAsClaimed as problem:
        stage.screen.print(f"\n[bold red]not as claimed:[/] {problem}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _prologue(stage: Stage, means: Means) -> None:
    stage.heading("From a failing build to a release, three times")
    stage.say(
        "A receipt says 41 cents where it should say 42. One graph, four agents: a plan, three of them side by side, "
        "each in a copy of the workspace; pick one's patch, apply it, test, scan, a gate, a person, a release."
    )
    if means.is_simulated:
        stage.say(
            "[yellow]No model is asked: scripts answer in its place[/] (models/*.yaml), now and then wrong, as models "
            "are, and every answer is marked as simulated. The rest is real: files change, pytest and bandit run, a "
            "process is killed, and all of it is done by the interlock command. To ask a model: "
            "INTERLOCK_MODEL_URL=http://localhost:11434/v1 make demo"
        )
    else:
        stage.say(f"The agents ask the model behind {means.model_url}. What it answers is its own: claims may fail.")
    if means.executes:
        stage.say(f"What agents write runs in a sandbox: {means.sandbox}.")
    else:
        stage.say(f"[yellow]Nothing that agents write is run, and so nothing is tested:[/] {means.sandbox}.")


# --- the acts --------------------------------------------------------------------------------------------------------


def _first_act(stage: Stage, means: Means) -> str:
    stage.heading("1  All is well")
    code = stage.shown(*RUN, *means.inputs)
    waiting = _log_of_latest(stage)
    run = waiting.run.id
    stage.say("\nA person is asked. Here the demo answers in your place:")
    stage.shown("answer", f"{run}:approve", "--choose", "release", "--by", "the demo")
    log = read_log(stage.store, run)
    stage.screen.print()
    stage.claim("the run waited for a person, and for nothing else", holds=code == WAITS_FOR_PEOPLE)
    stage.claim("it succeeded, and the changelog names 1.4.1", holds=claims.is_released(log.run, stage.files_of(run)))
    if means.executes:
        passed = claims.output_of(log.run, "test")["passed"]
        stage.claim(f"all {passed} tests pass, and the scanner found nothing", holds=claims.is_proven(log.run))
    else:
        stage.claim(
            "nothing was tested, and who approved was told", holds=claims.says_that_nothing_was_tested(waiting.run)
        )
    _claim_of_agents(stage, log, means)
    stage.screen.print("\n[bold]Why was it let through?[/]")
    _print_decisions(stage, log.run, "pick", "quality", "approve")
    return run


def _claim_of_agents(stage: Stage, log: Log, means: Means) -> None:
    asked = len(steps_of(log.events, "model"))
    stage.claim(
        "the fix is what one agent's own calls came to, and nothing else",
        holds=claims.is_mended_by_its_agent(log, executes=means.executes),
    )
    stage.claim(
        f"each of {asked} calls of a model says what the model was told and why it was chosen",
        holds=asked > 0 and claims.is_explained(log),
    )
    marked = "each answer is marked as simulated" if means.is_simulated else "no answer is marked as simulated"
    stage.claim(marked, holds=claims.is_marked(log, simulated=means.is_simulated))


def _second_act(stage: Stage) -> str:
    stage.heading("2  A gate says no")
    stage.say("The same in a hurry: now the fixer takes what works first. It makes the tests pass, too.")
    code = stage.shown(*RUN, "-i", "hurry=true")
    log = _log_of_latest(stage)
    run = log.run.id
    scan = claims.output_of(log.run, "scan")
    found = [f"{each['path']}:{each['line']}: {each['text']}" for each in scan["findings"]]
    stage.screen.print()
    stage.claim(
        f"the tests pass, and the scanner found it: {found[0] if found else 'nothing'}",
        holds=claims.output_of(log.run, "test")["succeeded"] and scan["medium"] == 1,
    )
    stage.claim(
        "the gate said rollback, and nobody was asked",
        holds=claims.is_rolled_back(log.run) and code == NOT_SUCCEEDED,
    )
    stage.claim(
        "the patch is taken out again: not a byte differs",
        holds=claims.are_equal(stage.files_of(run), stage.project / "sample_repo"),
    )
    stage.screen.print("\n[bold]Why was it not?[/]")
    _print_decisions(stage, log.run, "pick", "quality")
    return run


def _third_act(stage: Stage, means: Means) -> str:
    stage.heading("3  Killed in the middle of an agent's work")
    stage.say("As the first time, but the process is killed once the agent has patched its copy and goes on with it.")
    with Watch(stage.store, after=latest_run(stage.store)) as watch:
        stage.shown_until(lambda: claims.has_patched(watch.events()), *RUN, *means.inputs)
    killed = _log_of_latest(stage)
    run = killed.run.id
    code = stage.shown("resume", run)
    stage.screen.print()
    stage.shown("answer", f"{run}:approve", "--choose", "release", "--by", "the demo")
    log = read_log(stage.store, run)
    stage.screen.print("\nWhat the agents had on record before, and what the next process did:\n")
    stage.screen.print(work_table(log, killed_at=killed.last))
    stage.screen.print()
    stage.claim(
        "it went on where it was, and succeeded",
        holds=code == WAITS_FOR_PEOPLE and claims.is_released(log.run, stage.files_of(run)),
    )
    stage.claim(
        "no answer of a model that was on record was asked for again, and no call of a tool",
        holds=claims.is_nothing_repeated(log),
    )
    stage.claim(
        "the fix is the same agent's, begun by one process and ended by another",
        holds=claims.is_mended_by_its_agent(log, executes=means.executes),
    )
    return run


def _epilogue(stage: Stage, released: str, refused: str | None, killed: str) -> None:
    stage.heading("Look for yourself")
    stage.say(f"Everything is in {PROJECT.name}/, until the next `make demo`. Go there, and try:")
    commands = {
        "source ../.venv/bin/activate": "so that the shell knows `interlock`",
        "interlock runs": "the runs",
        f"interlock inspect {released}:release": "all that led to the release, step by step",
        f"interlock inspect {released} fix_python": "what an agent was told and what it did, turn by turn",
        f"interlock show {refused or released}": "what was refused and taken back" if refused else "how it ended",
        f"interlock effects {killed}": "every contact with the world, and what came of it",
        f"interlock costs {released} --by agent": "who used how many tokens",
        f"diff -r sample_repo .interlock/workspaces/{released}/files": "what is released",
        f"interlock rollback {released}": "take the release back, and the patch",
    }
    for command, what in commands.items():
        stage.screen.print(f"  {command:<66}  [dim]{what}[/]", soft_wrap=True)


def _through_other_doors(stage: Stage, means: Means) -> None:
    stage.heading("The same from any program")
    stage.say("A server in that folder takes requests of this machine, and goes on with whatever it is killed in:")
    stage.screen.print("  interlock up\n", style="bold")
    _print_line(stage, "python", doors.PYTHON_BEGINS)
    _print_line(stage, "ts", doors.TYPESCRIPT_BEGINS)
    for deed in doors.deeds(doors.archive_of(stage.project / "sample_repo"), means):
        stage.screen.print(f"\n  {deed.what}", style="dim")
        _print_line(stage, "curl", deed.curl)
        _print_line(stage, "python", deed.python)
        _print_line(stage, "ts", deed.typescript)


def _print_line(stage: Stage, language: str, line: str) -> None:
    told = Text.assemble((f"  {language:<8}", "dim"), line)
    stage.screen.print(told, soft_wrap=True)


# --- what happens in more than one act -------------------------------------------------------------------------------


def _log_of_latest(stage: Stage) -> Log:
    log = latest_log(stage.store)
    if log is None:
        raise NotAsClaimed("no run began")
    return log


def _print_decisions(stage: Stage, run: RunResult, *nodes: str) -> None:
    """What was chosen at each node, and among what."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
    for node in nodes:
        decision = run.nodes[node].decision
        if decision is not None:
            table.add_row(node, Text(decision.chosen, style="bold"), Text(" · ".join(map(_weighed, decision.options))))
    stage.screen.print(table)


def _weighed(option: Option) -> str:
    """An option with what was known of it: a check's answer, a candidate's score, or who said so."""
    match option.score:
        case bool(passed):
            return f"{option.name} {'✓' if passed else '✗'}"
        case str():
            return f"says {option.name}"
        case score:
            return f"{option.name} {score}"


if __name__ == "__main__":
    sys.exit(main())
