"""The Agentic Delivery OS: queries with their quality and cost, tasks that pause for people, replays."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.compat.up import Up


@pytest.fixture(scope="module")
def answered(up: Up) -> Any:  # noqa: ANN401 - JSON
    """A query that was answered, of a session and for somebody."""
    return up.typed("""\
curl -X POST http://localhost:8000/run -H "Content-Type: application/json" \\
  -d '{"query": "What is machine learning?", "session_id": "demo_session", "user_id": "ada@example.com"}'""")


def _submitted(up: Up, query: str) -> str:
    """A task that is paused, since it is not clear what is wanted."""
    task = up.http.post("/delivery/submit", json={"query": query}).json()["task_id"]
    up.rested(task)
    return task


def _state(up: Up, task: str) -> tuple[str, str]:
    up.rested(task)
    told = up.http.get(f"/api/task/{task}/status").json()
    return told["state"], told["mode"]


def test_a_query_is_answered_and_its_answer_is_judged_by_an_evaluation(up: Up, answered: dict[str, Any]) -> None:
    """There quality was 0.92 whatever was asked. A script that judges nothing gives none, and says so."""
    run = answered["run_id"]

    assert "finding a function from examples" in answered["answer"]
    assert (answered["state"], answered["success"], answered["mode"]) == ("COMPLETED", True, "NORMAL")
    assert (answered["quality_score"], answered["passed"], answered["simulated"]) == (None, False, True)
    assert (answered["cost"], answered["session_id"]) == (0.0, "demo_session")
    evaluation = up.http.get(f"/v1/runs/{run}").json()["nodes"]["evaluation"]
    assert evaluation["output"]["criteria"][0]["verdict"] == "cannot_tell"


def test_a_run_shows_the_chain_from_goal_to_evidence(up: Up, answered: dict[str, Any]) -> None:
    """Goal, plan, graph, agent, tool, evidence: each is there for whoever asks why."""
    told = up.typed(f"curl http://localhost:8000/run/{answered['run_id']}")

    steps = {step["node"]: step for step in told["steps"]}
    assert told["goal"] == "What is machine learning?"
    assert told["plan"][0] == "product"
    research = steps["thorough/refine:0/research"]
    assert (research["agent"], research["tools"], research["models"], research["status"]) == (
        "research", ["web_search"], ["packaged/scripted"], "success",
    )  # fmt: skip
    assert research["evidence"]["findings"][0]["source"] == "corpus:computing/machine-learning"
    assert steps["plain"]["status"] == "skipped"


def test_whoever_asked_is_kept_as_a_keyed_hash_alone(up: Up, answered: dict[str, Any]) -> None:
    """Mail addresses are nobody's labels."""
    run = up.http.get(f"/v1/runs/{answered['run_id']}").text

    assert "ada@example.com" not in run
    assert "user_hash" in run


def test_a_session_lists_its_runs_and_no_others(up: Up, answered: dict[str, Any]) -> None:
    """What belongs together is found together."""
    session = up.http.get("/session/demo_session").json()
    newest = up.http.get("/runs", params={"limit": 1}).json()["runs"]

    assert [run["run_id"] for run in session["runs"]] == [answered["run_id"]]
    assert len(newest) == 1


def test_a_replay_decides_the_run_anew(up: Up, answered: dict[str, Any]) -> None:
    """There stored files were printed."""
    told = up.http.post(f"/replay/{answered['run_id']}").json()

    assert (told["verdict"], told["run_id"]) == ("same", answered["run_id"])


def test_files_of_a_run_and_tools_are_listed(up: Up, answered: dict[str, Any]) -> None:
    """With where a file is fetched, and what a tool may do."""
    files = up.http.get(f"/artifacts/{answered['run_id']}").json()
    tools = {tool["id"]: tool for tool in up.http.get("/tools").json()["tools"]}

    assert files == {"run_id": answered["run_id"], "artifacts": [], "complete": True}
    assert tools["read_file"]["has_side_effects"] is False
    assert tools["write_file"]["has_side_effects"] is True


def test_an_unclear_task_pauses_and_goes_on_with_what_was_missing(up: Up) -> None:
    """Nothing is built that nobody asked for."""
    task = _submitted(up, "What is machine learning?")
    paused = up.http.get(f"/api/task/{task}/status").json()

    told = up.http.post(f"/api/task/{task}/input", json={"input": "For people who never programmed."})

    assert (paused["state"], paused["asks"]) == (
        "PAUSED", ["What is missing before this can be done: How will somebody see that it is done?"],
    )  # fmt: skip
    assert told.is_success
    assert _state(up, task) == ("COMPLETED", "NORMAL")
    request = up.http.get(f"/v1/runs/{task}").json()["nodes"]["request"]["output"]
    assert request == "What is machine learning?\n\nFor people who never programmed."


@pytest.mark.parametrize(
    ("decision", "mode", "worked"),
    [("continue_degraded", "DEGRADED", "plain"), ("continue_minimal", "MINIMAL", "found")],
)
def test_a_person_decides_that_less_is_done(up: Up, decision: str, mode: str, worked: str) -> None:
    """There each mode had a path of its own in the plan, and here it is taken."""
    task = _submitted(up, "What is machine learning?")

    up.http.post(f"/api/task/{task}/manual_decision", json={"decision": decision, "reason": "it is urgent"})

    assert _state(up, task) == ("COMPLETED", mode)
    nodes = up.http.get(f"/v1/runs/{task}").json()["nodes"]
    assert {name for name in ("thorough", "plain", "found") if nodes[name]["status"] == "succeeded"} == {worked}


def test_a_person_decides_that_it_stops(up: Up) -> None:
    """Nothing more is spent on it."""
    task = _submitted(up, "What is machine learning?")

    up.http.post(f"/api/task/{task}/manual_decision", json={"decision": "stop", "reason": "not now"})

    assert _state(up, task) == ("FAILED", "NORMAL")


def test_a_task_that_is_paused_by_hand_is_resumed(up: Up) -> None:
    """What was asked is still asked then."""
    task = _submitted(up, "What is machine learning?")
    up.http.post(f"/v1/runs/{task}/pause", json={})

    resumed = up.http.post(f"/api/task/{task}/resume")

    assert resumed.is_success
    assert _state(up, task) == ("PAUSED", "NORMAL")


def test_only_a_paused_task_takes_input_and_decisions(up: Up, answered: dict[str, Any]) -> None:
    """What is over is over."""
    task = answered["run_id"]

    refused = [
        up.http.post(f"/api/task/{task}/input", json={"input": "more"}),
        up.http.post(f"/api/task/{task}/manual_decision", json={"decision": "stop"}),
        up.http.post(f"/api/task/{task}/resume"),
    ]

    assert [(each.status_code, each.json()["code"]) for each in refused] == [(409, "refused")] * 3


def test_a_task_is_traced(up: Up, answered: dict[str, Any]) -> None:
    """In full, and in numbers."""
    task = answered["run_id"]

    summary = up.http.get(f"/api/task/{task}/trace/summary").json()
    events = up.http.get(f"/api/task/{task}/events").json()

    assert (summary["agents"], summary["tools"]) == (
        ["product", "research", "assessment", "evaluation"],
        ["web_search"],
    )
    assert events["events"][0]["type"] == "run.started"
    assert up.http.get(f"/api/task/{task}/trace").json() == up.http.get(f"/run/{task}").json()


def test_costs_are_forecast_exported_and_compared(up: Up, answered: dict[str, Any]) -> None:
    """By what was spent, and not by a constant."""
    task = answered["run_id"]
    other = up.http.post("/run", json={"query": "storing electricity"}).json()["run_id"]

    forecast = up.http.get("/api/cost/predict").json()
    charges = [json.loads(line) for line in up.http.get(f"/api/cost/export/{task}").text.splitlines()]
    compared = up.http.get(f"/api/cost/compare/{task}/{other}").json()

    assert forecast["based_on"] >= 2
    assert forecast["likely"] == 0.0
    assert {charge["name"] for charge in charges} == {"packaged/scripted", "web_search"}
    assert sum(charge["tokens"] for charge in charges) == compared["first_tokens"] > 0
