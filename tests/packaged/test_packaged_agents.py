"""The agents that come along can be asked in an empty folder: scripts answer, and say that they are scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from interlock.agents.built_in_agents import built_in_names
from interlock.core.outside_events import NodeResult
from interlock.embedded.errors import UnknownGraphError
from tests.examples.project import need_a_sandbox
from tests.packaged.folder import files_of, played_in, run_in

ASKED: dict[str, dict[str, Any]] = {
    "assessment": {"task": "Say something.", "draft": "Something."},
    "backend_developer": {"task": "Build a REST API for user authentication with JWT tokens"},
    "cost": {"plan": "Build it."},
    "devops_engineer": {"task": "Put it into an image"},
    "evaluation": {"goal": "It works.", "result": "It does."},
    "fe_fixer": {"task": "Mend the page."},
    "frontend_developer": {"task": "Build a page to sign in"},
    "planner": {"goal": "The tests pass."},
    "product": {"request": "Something quicker."},
    "py_fixer": {"task": "Mend the tests."},
    "release": {"change": "Something is mended."},
    "research": {"question": "solar panels"},
    "summarizer": {"text": "It rained. Then it stopped."},
    "test_writer": {"task": "Test it."},
}
DEVELOPERS = {
    "backend_developer": "service.py",
    "devops_engineer": "Dockerfile",
    "frontend_developer": "index.html",
}


def test_every_agent_that_comes_along_is_asked_here() -> None:
    """One that was forgotten would fail in the hands of whoever asks it first."""
    assert sorted(ASKED) == list(built_in_names())


@pytest.mark.parametrize("agent", sorted(set(ASKED) - set(DEVELOPERS)))
def test_each_agent_answers_by_its_name_and_is_marked_as_simulated(agent: str, tmp_path: Path) -> None:
    """What looks like a model's answer, and is none, would be believed."""
    result, events = played_in(tmp_path, f"agent:{agent}", ASKED[agent])

    assert (result.status, result.graph) == ("succeeded", f"agent-{agent}")
    assert result.outputs["result"]["concerns"][0].startswith(("Simulated: a script", "Simulated: this script"))
    assert [event.body.simulated for event in events if isinstance(event.body, NodeResult)] == [True]


@pytest.mark.parametrize("agent", sorted(DEVELOPERS))
def test_a_developer_writes_files_and_runs_them(agent: str, tmp_path: Path) -> None:
    """The tools are the real ones: what they claim to have made is there, and was run."""
    need_a_sandbox()

    result = run_in(tmp_path, f"agent:{agent}", ASKED[agent])

    told = result.outputs["result"]
    assert (result.status, told["done"]) == ("succeeded", True)
    assert all(each["passed"] for each in told["checks"])
    assert set(told["artifacts"]) <= set(files_of(tmp_path, result.id))


@pytest.mark.parametrize("agent", sorted(DEVELOPERS))
def test_what_a_person_says_reaches_the_model_and_changes_what_it_does(agent: str, tmp_path: Path) -> None:
    """A person who is asked, and whose answer goes nowhere, is not asked a second time."""
    need_a_sandbox()
    asked = {"task": "Build it, and ask me first."}

    result, _ = played_in(tmp_path, f"agent:{agent}", asked, says="Keep it blue")

    assert result.outputs["result"]["summary"].endswith("It was settled: Keep it blue")
    assert "Settled: Keep it blue" in files_of(tmp_path, result.id)[DEVELOPERS[agent]]


@pytest.mark.parametrize("agent", sorted(DEVELOPERS))
def test_a_developer_that_could_run_nothing_says_so(agent: str, tmp_path: Path) -> None:
    """What was written and never run is not done."""
    (tmp_path / "interlock.toml").write_text("[sandbox]\ntiers = []\n")

    result = run_in(tmp_path, f"agent:{agent}", ASKED[agent])

    told = result.outputs["result"]
    assert (told["done"], [each["passed"] for each in told["checks"]]) == (False, [False])
    assert set(told["artifacts"]) <= set(files_of(tmp_path, result.id))


def test_an_agent_that_is_given_something_else_is_told_what_it_takes(tmp_path: Path) -> None:
    """Its contract is what the graph of one step takes, too."""
    with pytest.raises(Exception, match="question"):
        run_in(tmp_path, "agent:research", {"topic": "solar panels"})


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("agent:reserch", "there is no agent named reserch; did you mean research?"),
        ("tool:web_serch", "there is no tool named web_serch; did you mean web_search?"),
    ],
)
def test_who_is_not_there_is_told_with_who_was_meant(name: str, told: str, tmp_path: Path) -> None:
    """As for a graph: whoever catches the one catches the other."""
    with pytest.raises(UnknownGraphError) as missing:
        run_in(tmp_path, name, {})

    assert str(missing.value) == told
