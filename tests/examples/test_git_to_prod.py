"""The example from a failing build to a release: its graph, and the whole of it with everything real but the models.

What its acts show on the screen is claimed, and checked, by the demo itself: `make demo`.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from interlock import RunResult
from interlock.authoring.drawing.picture import picture_of
from interlock.authoring.drawing.svg import as_svg
from interlock.core.events import DecisionMade, EffectDone, EffectIntended, Event, NodeResult
from tests.examples.project import ROOT, ExampleProject, Played, example_copy, need_a_sandbox
from tests.models.fake_server import FakeServer
from tests.models.served_scripts import scripted_replies

PICTURE = ROOT / "docs" / "images" / "git-to-prod.svg"
FIXED = "    return int(Decimal(price) * 100)\n"
ENTRY = "## 1.4.1\n\n- Prices keep every cent. (PR 41)\n\n## 1.4.0\n"


@pytest.fixture(name="project")
def an_example_project(tmp_path: Path) -> ExampleProject:
    """A copy of the example."""
    return example_copy(tmp_path)


class Recorded:
    """A run that is on a cassette."""

    def __init__(self, folder: Path) -> None:
        need_a_sandbox()
        self.tape = folder / "tape.json"
        self.project = example_copy(folder)
        self.run = asyncio.run(self.project.played(record=self.tape))


@pytest.fixture(name="recorded", scope="module")
def a_recorded_run(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """One run, made once for all tests that look at it: it takes seconds."""
    return Recorded(tmp_path_factory.mktemp("recorded"))


# --- the project -----------------------------------------------------------------------------------------------------


def test_the_graph_is_valid_and_warns_of_nothing(project: ExampleProject) -> None:
    """The first graph that people read must not teach them to ignore warnings."""
    checked = project.interlock().check("git-to-prod")

    assert checked.rendered() == ""
    assert checked.is_valid


def test_the_picture_in_the_documentation_is_this_graph(project: ExampleProject) -> None:
    """Drawn anew by, in the example's folder: interlock graph show git-to-prod --format svg > …/git-to-prod.svg."""
    plan, _ = project.interlock().check("git-to-prod").accepted()

    assert PICTURE.read_text(encoding="utf-8") == as_svg(picture_of(plan))


def test_the_pull_request_is_right_about_its_test(project: ExampleProject) -> None:
    """41 cents where there are 42: the fault is in the code, and not in what it is asked."""
    program = "from receipts.totals import total; print(total(['0.29', '0.13']))"

    said = asyncio.run(_python(project.folder / "sample_repo", program))

    assert said == "41\n"


async def _python(folder: Path, program: str) -> str:
    process = await asyncio.create_subprocess_exec(
        "python3", "-B", "-c", program, cwd=folder, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return said.decode()


# --- all is well -----------------------------------------------------------------------------------------------------


def test_the_fix_is_released_and_nothing_else_has_changed(recorded: Recorded) -> None:
    """Three agents have changed files; the workspace of the run has the patch of one, and the entry of the release."""
    run, before = recorded.run, recorded.project.sample

    assert run.ended.status == "succeeded"
    assert run.ended.outputs == {"version": "1.4.1", "fix": "Prices keep every cent."}
    assert FIXED in run.files["receipts/prices.py"]
    assert ENTRY in run.files["CHANGELOG.md"]
    assert changed(before, run.files) == ["CHANGELOG.md", "receipts/prices.py"]


def test_what_is_released_was_tested_and_scanned_in_a_sandbox(recorded: Recorded) -> None:
    """No agent's word is taken for it."""
    test, scan = (output(recorded.run.ended, node) for node in ("test", "scan"))

    assert (test["succeeded"], test["passed"], test["failed"]) == (True, 3, 0)
    assert (scan["high"], scan["medium"], scan["findings"]) == (0, 0, [])
    assert {test["tier"], scan["tier"]} <= {"gvisor", "bubblewrap", "landlock"}


def test_the_fixer_saw_the_test_fail_and_then_pass(recorded: Recorded) -> None:
    """By its own calls, in a copy of its own; what it handed in is what git showed it there."""
    done = [(step.name, out) for step, out in steps(recorded.run.events, "fix_python", kind="tool")]

    assert [name for name, _ in done] == [
        "work_apart",
        "run_tests",
        "read_file",
        "apply_patch",
        "run_tests",
        "git_diff",
    ]
    assert [out["succeeded"] for name, out in done if name == "run_tests"] == [False, True]
    assert [lines(out["diff"]) for name, out in done if name == "git_diff"] == [
        lines(output(recorded.run.ended, "pick")["patch"])
    ]


def test_each_call_of_a_model_says_what_it_was_told_and_why_it_was_chosen(recorded: Recorded) -> None:
    """Each is a manifest and a decision on record, and each answer is marked as simulated."""
    events = recorded.run.events
    asked = {(event.path, body.ordinal): body for event in events if isinstance(body := event.body, EffectIntended)}
    models = {place for place, body in asked.items() if body.kind == "model"}

    assert len(models) == 19
    assert all(asked[place].manifest for place in models)
    assert models == {
        (event.path, event.body.ordinal)
        for event in events
        if isinstance(event.body, DecisionMade) and event.body.decision.point == "model" and event.body.decision.chosen
    }
    assert all(done.simulated for done in model_answers(events))


def test_what_models_do_wrong_is_on_record_and_changes_nothing(recorded: Recorded) -> None:
    """A call that ends in its middle, and a tool that nobody has: each is answered with what is wrong with it."""
    calls = [call for done in model_answers(recorded.run.events) for call in done.out.get("calls", ())]

    assert [(call["tool"], call["problem"]) for call in calls if "problem" in call] == [
        ("apply_patch", "the arguments are no JSON: Input data was truncated")
    ]
    assert [call["tool"] for call in calls].count("open_browser") == 1


# --- and otherwise ---------------------------------------------------------------------------------------------------


def test_a_fix_that_the_scanner_finds_fault_with_is_taken_back(project: ExampleProject) -> None:
    """Its tests pass, so nothing but the gate stands between it and the release."""
    need_a_sandbox()

    run = asyncio.run(project.played(inputs={"hurry": True}))

    assert run.ended.status == "rolled_back"
    assert output(run.ended, "test")["succeeded"] is True
    assert [found["check"] for found in output(run.ended, "scan")["findings"]] == ["B307"]
    assert run.ended.nodes["approve"].status == "skipped"
    assert run.files == project.sample


def test_where_no_program_may_run_everything_else_does_and_the_person_is_told(tmp_path: Path) -> None:
    """A machine without a sandbox runs nothing that agents wrote, and nobody takes that for tested."""
    project = example_copy(tmp_path, settings="[sandbox]\ntiers = []\n")

    run = asyncio.run(project.played(inputs={"execute": False}))

    assert run.ended.status == "succeeded"
    assert {node: run.ended.nodes[node].status for node in ("test", "scan", "release")} == {
        "test": "skipped",
        "scan": "skipped",
        "release": "succeeded",
    }
    assert question(run) == "Release the fix of PR 41? Prices keep every cent. (Nothing was tested.)"
    assert [out for step, out in steps(run.events, "fix_python", kind="tool") if step.name == "run_tests"] == []
    assert output(run.ended, "pick")["fixed"] is False


def test_a_server_is_asked_in_the_place_of_the_scripts_by_one_variable(recorded: Recorded, tmp_path: Path) -> None:
    """The same graph, the same agents and the same end; what a server answers is not ours to call simulated."""

    async def story() -> tuple[Played, list[bool]]:
        async with FakeServer(answers=scripted_replies(recorded.project.folder / "models")) as server:
            project = example_copy(tmp_path, {"INTERLOCK_MODEL_URL": server.url})
            run = await project.played()
            return run, [request.is_streamed for request in server.requests]

    run, streamed = asyncio.run(story())

    assert run.ended.outputs == recorded.run.ended.outputs
    assert run.files == recorded.run.files
    assert changed(recorded.project.sample, run.files) == ["CHANGELOG.md", "receipts/prices.py"]
    assert [done.simulated for done in model_answers(run.events)] == [False] * 19
    assert (len(streamed), all(streamed)) == (20, True)  # one of them was refused with 429, and asked again
    assert "A price is a decimal number, and no float is one." in run.words


def test_the_cassette_is_played_without_any_contact(recorded: Recorded, tmp_path: Path) -> None:
    """Without scripts, sandbox and server: two plays are alike byte for byte but for instants, and as the run was."""
    plays = [asyncio.run(bare_copy(tmp_path / name).played(world=f"cassette:{recorded.tape}")) for name in "ab"]

    assert told(plays[0].events) == told(plays[1].events)
    assert came_of(plays[0].events) == came_of(recorded.run.events)
    assert [play.ended.outputs for play in plays] == [recorded.run.ended.outputs] * 2
    assert [play.files for play in plays] == [recorded.project.sample] * 2


def bare_copy(folder: Path) -> ExampleProject:
    """A copy with nothing that could answer: no script, and no sandbox."""
    project = example_copy(folder, settings="[sandbox]\ntiers = []\n")
    shutil.rmtree(project.folder / "models")
    return replace(project, is_kept=False)


# --- what is looked at -----------------------------------------------------------------------------------------------


def output(run: RunResult, node: str) -> Any:  # noqa: ANN401 - JSON data
    """What a node came to."""
    return run.nodes[node].output


def question(run: Played) -> str:
    """What a person was asked."""
    assert run.waiting is not None
    (wait,) = run.waiting.waits
    assert wait.question is not None
    return wait.question.text


def changed(before: dict[str, str], after: Any) -> list[str]:  # noqa: ANN401 - files by path
    """The files that are not as they were."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def lines(patch: str) -> list[str]:
    """The lines of a patch; models seldom write the space that stands for an empty line."""
    return [line.rstrip() for line in patch.splitlines()]


def steps(events: Sequence[Event], agent: str, *, kind: str) -> list[tuple[EffectIntended, Any]]:
    """The steps of an agent that ended well, in the order in which they were begun, with what came of them."""
    done = {event.body.effect: event.body.out for event in events if isinstance(event.body, EffectDone)}
    begun = [event.body for event in events if event.path == agent and isinstance(event.body, EffectIntended)]
    return [(body, done[body.effect]) for body in begun if body.kind == kind and body.effect in done]


def model_answers(events: Sequence[Event]) -> list[EffectDone]:
    """What models have answered."""
    asked = {
        event.body.effect for event in events if isinstance(event.body, EffectIntended) and event.body.kind == "model"
    }
    return [event.body for event in events if isinstance(event.body, EffectDone) and event.body.effect in asked]


def told(events: Sequence[Event]) -> list[tuple[int, str, bytes]]:
    """What the events say, in bytes."""
    return [(event.seq, event.path, msgspec.json.encode(event.body)) for event in events]


def came_of(events: Sequence[Event]) -> dict[str, Any]:
    """What came of each step of an agent, and of each node that calls a tool."""
    settled = [event.body for event in events if isinstance(event.body, (EffectDone, NodeResult))]
    return {body.effect: body.out for body in settled}
