"""AgentOS: what its document promises, by the lines that it prints."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.compat.up import Up
from tests.api.running_server import RunningServer, running_server


@pytest.fixture(scope="module")
def run(up: Up) -> str:
    """The demo of AgentOS, as it was started there; it has ended."""
    started = up.typed("""\
curl -X POST http://localhost:8000/runs \\
  -H "content-type: application/json" \\
  -d '{"graph":"git-to-prod-multi","inputs":{"pr_number":42}}'""")
    assert started == {"ok": True, "run_id": started["run_id"], "status": "pending"}
    up.rested(started["run_id"])
    return started["run_id"]


@pytest.fixture(scope="module")
def events(up: Up, run: str) -> list[dict[str, Any]]:
    """Its events, as they were asked for there."""
    return up.typed(f"curl http://localhost:8000/runs/{run}/events")["events"]


def test_the_demo_finds_the_fault_mends_it_and_releases(up: Up, run: str) -> None:
    """41 becomes 42, one test passes, and nothing hides that scripts answered."""
    told = up.typed(f"curl http://localhost:8000/runs/{run}")

    assert told == {
        "id": run,
        "run_id": run,
        "graph": "git-to-prod-multi",
        "inputs": {"pr_number": 42},
        "status": "succeeded",
        "created_at": told["created_at"],
        "parent_run": None,
        "outputs": {"fix": "The answer is 42.", "passed": 1, "version": "1.0.1"},
        "error": None,
        "waiting_for": [],
        "simulated": True,
    }


def test_the_demo_goes_through_its_steps(events: list[dict[str, Any]]) -> None:
    """Fan-out, join, tests, scan, release: each step says what it has come to."""
    types = {(event["step"], event["type"]) for event in events}

    assert len(events) >= 8
    assert [events[0]["type"], events[-1]["type"]] == ["run_started", "run_completed"]
    assert types >= {
        ("planner", "plan_ready"), ("py_fixer", "patch_created"), ("fe_fixer", "patch_created"),
        ("test_writer", "test_updated"), ("aggregator", "patch_selected"), ("tester", "tests_passed"),
        ("security", "security_ok"), ("release", "release_complete"), ("release", "node_done"),
    }  # fmt: skip
    patch = next(event for event in events if (event["step"], event["type"]) == ("aggregator", "patch_selected"))
    assert "-    return 41\n+    return 42\n" in patch["data"]["output"]["patch"]


def test_each_agent_says_what_it_was_told_and_which_model_answered(events: list[dict[str, Any]]) -> None:
    """A manifest and a choice for every call of a model."""
    compiled = {event["step"]: event["data"] for event in events if event["type"] == "context_compiled"}

    assert set(compiled) == {"planner", "py_fixer", "fe_fixer", "test_writer", "release"}
    assert {each["model"] for each in compiled.values()} == {"packaged/scripted"}
    manifest = compiled["planner"]["manifest"]
    assert {"sections", "total", "budget", "drops"} == set(manifest)
    assert 0 < sum(section["tokens"] for section in manifest["sections"]) <= manifest["total"] <= manifest["budget"]


def test_a_run_is_pending_until_something_of_it_has_begun() -> None:
    """Scripts wait for the words `pending`, `running`, `succeeded`, in this order."""
    graphs = {"ask": {"nodes": {"ask": {"human": "Release?", "choices": ["release"]}}}}
    with running_server(graphs, works=False) as nobody_works:
        started = nobody_works.http.post("/runs", json={"graph": "ask"}).json()
        seen = nobody_works.http.get(f"/runs/{started['run_id']}").json()

    assert (started["status"], seen["status"]) == ("pending", "pending")


def test_a_run_that_waits_for_a_person_is_running(server: RunningServer) -> None:
    """There was no word for it, so it says besides who is waited for."""
    run = server.http.post("/runs", json={"graph": "ask"}).json()["run_id"]
    server.get(f"/runs/{run}", params={"wait": 20})

    told = server.http.get(f"/runs/{run}").json()

    assert (told["status"], told["waiting_for"]) == ("running", ["ask"])


def test_events_are_a_file_of_lines_too(up: Up, run: str, events: list[dict[str, Any]]) -> None:
    """There they lay on the disk as `events.jsonl`."""
    asked = up.http.get(f"/runs/{run}/events", headers={"accept": "application/x-ndjson"})
    file = up.http.get(f"/runs/{run}/events.jsonl")

    assert file.headers["content-type"].startswith("application/x-ndjson")
    assert asked.text == file.text
    assert file.text.count("\n") == len(events)


def test_a_replay_does_again_only_what_comes_from_there(up: Up, run: str) -> None:
    """There the step was ignored and everything was done again, edits of files included."""
    replayed = up.typed(f"""\
curl -X POST http://localhost:8000/runs/{run}/replay \\
  -H "content-type: application/json" \\
  -d '{{"from_step":"tester"}}'""")

    new = replayed["new_run_id"]
    assert replayed == {"ok": True, "new_run_id": new, "parent_run": run}
    assert up.rested(new)["status"] == "succeeded"
    assert up.http.get(f"/runs/{new}").json()["parent_run"] == run
    done = [event for event in up.http.get(f"/runs/{new}/events").json()["events"] if event["type"] == "node_done"]
    adopted = {event["step"] for event in done if "adopted_from" in event["data"]}
    assert adopted == {"checkout", "planner", "py_fixer", "fe_fixer", "test_writer", "patch"}
    effects = up.http.get(f"/v1/runs/{new}/effects").json()["effects"]
    assert {effect["path"].split("/")[0].split(".")[0] for effect in effects} == {"tester", "security", "release"}


def test_a_replay_from_a_step_that_never_was_says_which_there_are(up: Up, run: str) -> None:
    """A misspelt step is told, and nothing is begun."""
    refused = up.http.post(f"/runs/{run}/replay", json={"from_step": "testr"})

    assert (refused.status_code, refused.json()["code"]) == (409, "refused")
    assert "did you mean tester?" in refused.json()["detail"]


def test_a_run_or_graph_that_is_not_there_is_a_problem(up: Up) -> None:
    """It is told as anywhere else."""
    run = up.http.get("/runs/run-1-20251111120000")
    graph = up.http.post("/runs", json={"graph": "git-to-prod-mutli", "inputs": {}})

    assert (run.status_code, run.json()["code"]) == (404, "run_not_found")
    assert (graph.status_code, graph.json()["code"]) == (404, "graph_not_found")
