"""`make demo`: one graph, from a failing build to a release, three times: well, refused, and killed on the way.

The acts are played with the `interlock` command on a fresh copy of this project. The demo ends well only if all that it
claims on the screen is so; what it claims it reads from `--json`, from the files, and from the tools' own diary.
"""

from __future__ import annotations

import filecmp
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from claims import Run, entries, is_released, tests_pass
from diary import Call, read_calls, table_of
from stage import CHECKOUT, NotAsClaimed, Stage

PROJECT = CHECKOUT / "demo-project"
WAITS_FOR_PEOPLE = 3
NOT_SUCCEEDED = 1


def main() -> int:
    """Play all acts."""
    stage = Stage(PROJECT)
    try:
        stage.build()
        _prologue(stage)
        released = _first_act(stage)
        refused = _second_act(stage)
        killed = _third_act(stage)
        _epilogue(stage, released, refused, killed)
    except NotAsClaimed as problem:
        stage.screen.print(f"\n[bold red]not as claimed:[/] {problem}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _prologue(stage: Stage) -> None:
    stage.heading("From a failing build to a release, three times")
    stage.say(
        "One graph: plan, three fixers side by side, pick one, apply it, test, scan, a gate, a person, a release. "
        "[yellow]No model is asked anything: small deterministic tool functions stand in the agents' places[/] (the "
        "plan and the three fixers). The rest is real: pytest and bandit run, files change, processes are killed, and "
        "all of it is done by the interlock command."
    )


# --- the acts --------------------------------------------------------------------------------------------------------


def _first_act(stage: Stage) -> str:
    stage.heading("1  All is well")
    repository = stage.checkout("monday")
    code = stage.shown("run", "git-to-prod", "-i", "pr_number=7", "-i", "repository=monday")
    run = _latest_run(stage)
    stage.say("\nA person is asked. Here the demo answers in your place:")
    ended = _approve(stage, run)
    stage.screen.print()
    stage.claim("the run waited for a person, and for nothing else", holds=code == WAITS_FOR_PEOPLE)
    stage.claim("it succeeded and released 1.4.1", holds=is_released(ended))
    stage.claim(f"all {ended['nodes']['test']['output']['passed']} tests pass", holds=tests_pass(ended))
    stage.claim("the changelog has one entry more", holds=entries(repository) == ["1.4.1", "1.4.0"])
    stage.screen.print("\n[bold]Why was it let through?[/]")
    _print_decisions(stage, f"{run}:release")
    return run


def _second_act(stage: Stage) -> str:
    stage.heading("2  A gate says no")
    stage.say("The same in a hurry: now the smallest fix is picked, not the best tested. It makes the tests pass, too.")
    repository = stage.checkout("tuesday")
    code = stage.shown("run", "git-to-prod", "-i", "pr_number=7", "-i", "repository=tuesday", "-i", "hurry=true")
    run = _latest_run(stage)
    ended = stage.read("show", run)
    scan = ended["nodes"]["scan"]["output"]
    stage.screen.print()
    stage.claim(f"bandit found it: {scan['where'][0]}", holds=scan["high"] == 1 and tests_pass(ended))
    stage.claim("the gate said rollback, and nobody was asked", holds=_is_rolled_back(ended) and code == NOT_SUCCEEDED)
    stage.claim(
        "the patch is taken out again: not a byte differs", holds=_are_equal(repository, stage.project / "sample_repo")
    )
    stage.screen.print("\n[bold]Why was it not?[/]")
    _print_decisions(stage, f"{run}:quality")
    return run


def _third_act(stage: Stage) -> str:
    stage.heading("3  Killed, twice")
    stage.say("As on Monday, but the process is killed while it tests, and the one that goes on while it releases.")
    repository = stage.checkout("wednesday")
    _killed_in(stage, "test", "run", "git-to-prod", "-i", "pr_number=7", "-i", "repository=wednesday")
    run = _latest_run(stage)
    code = stage.shown("resume", run)
    stage.screen.print()
    _killed_in(stage, "release", "answer", f"{run}:approve", "--choose", "release", "--by", "the demo")
    stage.shown("resume", run)
    ended = stage.read("show", run)
    calls = [call for call in read_calls(stage.project) if call.run == run]
    processes = list(dict.fromkeys(call.process for call in calls))
    stage.screen.print("\nWhat each process did, as the tools noted it themselves:\n")
    stage.screen.print(table_of(calls, processes))
    stage.screen.print()
    stage.claim(
        "it went on where it was, both times, and succeeded", holds=code == WAITS_FOR_PEOPLE and is_released(ended)
    )
    stage.claim("only what was in flight began anew, and nothing was changed twice", holds=_nothing_done_twice(calls))
    stage.claim("whether it had been released was asked, not guessed", holds=_was_reconciled(stage, run))
    stage.claim("it was released once", holds=entries(repository) == ["1.4.1", "1.4.0"])
    return run


def _killed_in(stage: Stage, path: str, *words: str) -> None:
    """Type a command, and kill its process while it is in the tool of a node."""

    def is_in_the_tool(process: int) -> bool:
        return any(call.process == process and call.path == path for call in read_calls(stage.project))

    stage.shown_until(is_in_the_tool, *words)


def _epilogue(stage: Stage, released: str, refused: str, killed: str) -> None:
    stage.heading("Look for yourself")
    stage.say(f"Everything is in {PROJECT.name}/, until the next `make demo`. Go there, and try:")
    commands = {
        "source ../.venv/bin/activate": "so that the shell knows `interlock`",
        "interlock runs": "the three runs",
        f"interlock inspect {released}:release": "all that led to the release, step by step",
        f"interlock show {refused}": "what was refused and taken back",
        f"interlock effects {killed}": "every contact with the world, and what came of it",
        f"interlock rollback {released}": "take Monday's release back, and the patch",
        "interlock graph show git-to-prod": "the graph",
    }
    for command, what in commands.items():
        stage.screen.print(f"  {command:<40}  [dim]{what}[/]", soft_wrap=True)


# --- what happens in more than one act -------------------------------------------------------------------------------


def _latest_run(stage: Stage) -> str:
    runs = stage.read("runs", "--limit", "1")["runs"]
    if not runs:
        raise NotAsClaimed("no run began")
    return str(runs[0]["run"])


def _approve(stage: Stage, run: str) -> Run:
    return stage.typed("answer", f"{run}:approve", "--choose", "release", "--by", "the demo")


def _print_decisions(stage: Stage, address: str) -> None:
    """Each decision on the way to a node: what was chosen, and among what."""
    decisions = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
    for step in stage.read("inspect", address)["steps"]:
        if decision := step["decision"]:
            options = " · ".join(map(_weighed, decision["options"]))
            decisions.add_row(step["path"], Text(decision["chosen"], style="bold"), Text(options))
    stage.screen.print(decisions)


def _weighed(option: dict[str, Any]) -> str:
    """An option with what was known of it: a check's answer, a candidate's score, or who said so."""
    match option["score"]:
        case bool(passed):
            return f"{option['name']} {'✓' if passed else '✗'}"
        case str():
            return f"says {option['name']}"
        case score:
            return f"{option['name']} {score}"


# --- what is claimed -------------------------------------------------------------------------------------------------


def _is_rolled_back(run: Run) -> bool:
    nodes = run["nodes"]
    return (
        run["status"] == "rolled_back"
        and nodes["apply!undo"]["status"] == "succeeded"
        and nodes["approve"]["status"] == nodes["release"]["status"] == "skipped"
    )


def _are_equal(left: Path, right: Path) -> bool:
    """Whether two folders hold the same files with the same bytes."""
    files = [{path.relative_to(root) for path in root.rglob("*") if path.is_file()} for root in (left, right)]
    return files[0] == files[1] and not any(filecmp.cmpfiles(left, right, files[0], shallow=False)[1:])


def _was_reconciled(stage: Stage, run: str) -> bool:
    return any(step["type"] == "effect.settled" for step in stage.read("inspect", f"{run}:release")["steps"])


def _nothing_done_twice(calls: list[Call]) -> bool:
    """Whether only the tools in which a process was killed were called by another, and the world was changed once."""
    called = Counter(call.path for call in calls)
    again = {path for path, times in called.items() if times > 1}
    ended = Counter(call.path for call in calls if call.ended)
    return again <= {"test", "scan", "release"} and ended["apply"] == ended["release"] == 1


if __name__ == "__main__":
    sys.exit(main())
