"""What both demos claim of a run of the example, read from its log and from its workspace."""

from __future__ import annotations

import filecmp
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from interlock import RunResult
from interlock.core.events import EffectDone, Event
from log import Log, choices_of, steps_of

FIXER = "fix_python"


def output_of(run: RunResult, node: str) -> Any:  # noqa: ANN401 - JSON data
    """What a node of a run came to."""
    return run.nodes[node].output


def status_of(run: RunResult, node: str) -> str:
    """How a node of a run stands."""
    return run.nodes[node].status


def is_released(run: RunResult, files: Path) -> bool:
    """Whether it ended well, with the version that comes next, which its changelog names once."""
    return run.status == "succeeded" and run.outputs["version"] == "1.4.1" and entries(files) == ["1.4.1", "1.4.0"]


def is_proven(run: RunResult) -> bool:
    """Whether its tests were run and passed, and the scanner found nothing."""
    test, scan = output_of(run, "test"), output_of(run, "scan")
    return test["succeeded"] is True and test["passed"] > 0 and (scan["high"], scan["medium"]) == (0, 0)


def says_that_nothing_was_tested(waiting: RunResult) -> bool:
    """Whether no program was run, and whoever is asked to approve is told so."""
    skipped = status_of(waiting, "test") == status_of(waiting, "scan") == "skipped"
    questions = [wait.question.text for wait in waiting.waits if wait.question is not None]
    return skipped and any("Nothing was tested" in text for text in questions)


def is_rolled_back(run: RunResult) -> bool:
    """Whether its gate refused it, what was done was taken back, and nobody was asked."""
    return (
        run.status == "rolled_back"
        and status_of(run, "apply!undo") == "succeeded"
        and status_of(run, "approve") == status_of(run, "release") == "skipped"
    )


def entries(files: Path) -> list[str]:
    """The versions in the changelog of a workspace, the newest first."""
    changelog = (files / "CHANGELOG.md").read_text(encoding="utf-8")
    return [line.removeprefix("## ") for line in changelog.splitlines() if line.startswith("## ")]


def are_equal(left: Path, right: Path) -> bool:
    """Whether two folders hold the same files with the same bytes."""
    files = [{path.relative_to(root) for path in root.rglob("*") if path.is_file()} for root in (left, right)]
    return files[0] == files[1] and not any(filecmp.cmpfiles(left, right, files[0], shallow=False)[1:])


# --- agents ----------------------------------------------------------------------------------------------------------


def is_mended_by_its_agent(log: Log, *, executes: bool) -> bool:
    """Whether the agent whose patch was picked wrote it with its own calls, and saw the tests fail, then pass."""
    calls = [step for step in steps_of(log.events, "tool", FIXER) if step.done is not None]
    tests = [step.done.out["succeeded"] for step in calls if step.name == "run_tests" and step.done is not None]
    names = {step.name for step in calls}
    if not executes:
        return "apply_patch" in names and not tests
    shown = [_lines(step.done.out["diff"]) for step in calls if step.name == "git_diff" and step.done is not None]
    handed_in = _lines(output_of(log.run, "pick")["patch"])
    return "apply_patch" in names and tests == [False, True] and shown == [handed_in]


def _lines(patch: str) -> list[str]:
    """The lines of a patch; models seldom write the space that stands for an empty line."""
    return [line.rstrip() for line in patch.splitlines()]


def has_patched(events: Sequence[Event]) -> bool:
    """Whether the fixer has changed its copy of the workspace."""
    return any(step.name == "apply_patch" and step.done is not None for step in steps_of(events, "tool", FIXER))


def was_under_way(log: Log, agent: str, *, at: int) -> bool:
    """Whether an agent had made some of its calls by then, and made others later."""
    done = [step.done_at for step in steps_of(log.events, agent=agent) if step.done is not None]
    return any(seq <= at for seq in done) and any(seq > at for seq in done)


def is_explained(log: Log) -> bool:
    """Whether each call of a model has a manifest of what the model was told, and a recorded choice of the model."""
    asked, chosen = steps_of(log.events, "model"), choices_of(log.events)
    return all(step.intended.manifest is not None and chosen.get((step.agent, step.ordinal)) for step in asked)


def is_marked(log: Log, *, simulated: bool) -> bool:
    """Whether every answer of a model is marked as what it is."""
    return all(step.done.simulated is simulated for step in steps_of(log.events, "model") if step.done is not None)


def is_nothing_repeated(log: Log) -> bool:
    """Whether nothing was begun again once its result was on record, and nothing came to its end twice."""
    ended = Counter(event.body.effect for event in log.events if isinstance(event.body, EffectDone))
    begun_last = {step.intended.effect: step.begun_at for step in steps_of(log.events)}
    done_at = {step.intended.effect: step.done_at for step in steps_of(log.events) if step.done is not None}
    return max(ended.values()) == 1 and all(begun_last[effect] < at for effect, at in done_at.items())
