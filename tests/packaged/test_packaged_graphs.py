"""The packaged graphs run by their names in an empty folder, without a key, a model or a service."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from interlock import RunResult
from interlock.core.outside_events import DecisionMade, EffectDone, EffectIntended
from interlock.packaged.places import SAMPLE_REPOSITORY
from tests.examples.project import need_a_sandbox, texts_in
from tests.packaged.folder import Played, files_of, interlock_in, played_in, run_in

AGENTS = {"planner", "py_fixer", "fe_fixer", "test_writer", "release/notes"}
RELEASED = {"version": "1.0.1", "fix": "The answer is 42.", "passed": 1}


@pytest.mark.parametrize("graph", ["content_review", "delivery", "git-to-prod-multi", "research_assessment"])
def test_each_graph_compiles_without_a_word(graph: str, tmp_path: Path) -> None:
    """People learn from what comes along, so nothing about it is to be excused."""
    checked = interlock_in(tmp_path).check(graph)

    assert (checked.is_valid, checked.rendered()) == (True, "")


# --- From a failing build to a release --------------------------------------------------------------------------------


@pytest.fixture(scope="module", name="folder")
def an_empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the graph is run."""
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="module", name="played")
def a_run(folder: Path) -> Played:
    """The run, made once."""
    need_a_sandbox()
    return played_in(folder, "git-to-prod-multi", {"pr_number": 42})


def test_a_failing_build_is_mended_tested_scanned_and_released(played: Played, folder: Path) -> None:
    """The fault is in a file, and it is in that file that it has to be gone."""
    result = played.result

    assert (result.status, result.outputs) == ("succeeded", RELEASED)
    files = files_of(folder, result.id)
    assert "return 42" in files["app/answer.py"]
    assert files["CHANGELOG.md"].startswith("# Changelog\n\n## 1.0.1\n\n- The answer is 42. (PR 42)\n\n## 1.0.0\n")


def test_each_agent_says_what_its_model_was_told_and_why_it_was_chosen(played: Played) -> None:
    """Without that on record nobody could tell why a patch is what it is."""
    steps = [(event.path, event.body) for event in played.events]

    told = {path for path, body in steps if isinstance(body, EffectIntended) and body.manifest is not None}
    chosen = {path for path, body in steps if isinstance(body, DecisionMade) and body.decision.point == "model"}
    assert (told, chosen) == (AGENTS, AGENTS)
    assert len(played.events) > 100


def test_every_answer_of_a_model_is_marked_and_nothing_else_is(played: Played) -> None:
    """Files are changed and tests are run: to call that simulated would be as wrong as the other way round."""
    kinds = {event.body.effect: event.body.kind for event in played.events if isinstance(event.body, EffectIntended)}
    done = [event.body for event in played.events if isinstance(event.body, EffectDone)]

    assert {(kinds[each.effect], each.simulated) for each in done} == {("model", True), ("tool", False)}


def test_another_course_from_the_tests_on_takes_over_what_was_before(played: Played, folder: Path) -> None:
    """From a step on means that nothing before it is done again: no agent is asked to mend what is mended."""

    async def story() -> RunResult:
        async with interlock_in(folder) as interlock:
            parent = await interlock.open(played.result.id)
            course = await parent.fork(await parent.prepare_fork("tester"))
            return await course.wait()

    forked = asyncio.run(story())

    ran = {path for path, node in forked.nodes.items() if not node.adopted and node.started_at is not None}
    assert (forked.status, forked.outputs["passed"]) == ("succeeded", 1)
    assert ran.isdisjoint({"planner", "py_fixer", "fe_fixer", "test_writer", "patch"})
    assert {"tester", "security", "release/notes"} <= ran


def test_files_that_a_run_is_given_are_what_it_works_on(tmp_path: Path) -> None:
    """A script that knows the sample alone says so, and the gate lets nothing of it pass."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "app.py").write_text("x = 1\n")

    async def story() -> RunResult:
        async with interlock_in(tmp_path) as interlock:
            handle = await interlock.start("git-to-prod-multi", {"pr_number": 7}, workspace=own)
            return await handle.wait()

    result = asyncio.run(story())

    assert (result.status, result.nodes["planner"].output["confidence"]) == ("rolled_back", 0)
    assert files_of(tmp_path, result.id) == {"app.py": "x = 1\n"}


def test_without_a_sandbox_nothing_is_released(tmp_path: Path) -> None:
    """What was not tested does not pass, and why it was not stands in the error."""
    (tmp_path / "interlock.toml").write_text("[sandbox]\ntiers = []\n")

    result = run_in(tmp_path, "git-to-prod-multi", {"pr_number": 42})

    assert (result.status, result.nodes["tester"].error is not None) == ("rolled_back", True)
    assert "sandbox" in str(result.nodes["tester"].error)
    assert files_of(tmp_path, result.id) == texts_in(SAMPLE_REPOSITORY)


# --- Rounds -----------------------------------------------------------------------------------------------------------


def test_research_goes_on_until_two_sources_carry_it(tmp_path: Path) -> None:
    """What a reviewer says reaches whoever works on it, or rounds would be for nothing."""
    outputs = run_in(tmp_path, "research_assessment", {"topic": "renewable energy"}).outputs

    assert (outputs["rounds"], outputs["approved"], outputs["completion_reason"]) == (2, True, "converged")
    assert [each["source"] for each in outputs["findings"]] == [
        "corpus:energy/renewable-energy",
        "corpus:energy/limits-of-renewable-energy",
    ]


def test_research_that_never_finds_a_second_source_ends_after_three_rounds(tmp_path: Path) -> None:
    """And says that it was not approved: reaching a limit is no success."""
    outputs = run_in(tmp_path, "research_assessment", {"topic": "solar panels"}).outputs

    assert (outputs["rounds"], outputs["approved"], outputs["completion_reason"]) == (3, False, "max_iterations")


def test_research_of_what_nobody_wrote_about_says_so(tmp_path: Path) -> None:
    """An honest none is an answer, and no reason for another round."""
    outputs = run_in(tmp_path, "research_assessment", {"topic": "xylophones"}).outputs

    assert (outputs["findings"], outputs["approved"], outputs["rounds"]) == ([], True, 1)


def test_a_draft_is_reviewed_until_it_is_good_enough(tmp_path: Path) -> None:
    """Its original named no condition on which it ends, and could not be loaded."""
    outputs = run_in(tmp_path, "content_review", {"topic": "API design best practices"}).outputs

    assert (outputs["score"], outputs["completion_reason"]) == (0.85, "converged")
    assert outputs["content"].startswith("API design best practices: A good interface names things")
