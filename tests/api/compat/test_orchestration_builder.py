"""The Orchestration Builder: compile, start, answer, resume, events, snapshots, replay, audit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.compat.up import Up

PUBLISH = """\
id: publish
nodes:
  - {id: length, kind: task, expr: "len(text)"}
  - {id: approve, name: "Publish it?", kind: human, approval_key: publish_ok}
  - {id: summary, kind: task, expr: "{'text': text.upper(), 'length': length}"}
edges:
  - {from: length, to: approve, retry: {max_attempts: 3, backoff_ms: 200, jitter: true}}
  - {from: approve, to: summary}
"""


@pytest.fixture(scope="module", autouse=True)
def compiled(up: Up) -> Any:  # noqa: ANN401 - JSON
    """The workflow, known by its id."""
    return up.http.post("/workflows/compile", json={"yaml": PUBLISH}).json()


def _asked(up: Up, text: str) -> str:
    """A run of it that has asked its question."""
    run = up.http.post("/workflows/start", json={"workflow_id": "publish", "text": text}).json()["run_id"]
    up.rested(run)
    return run


def _types(up: Up, run: str) -> list[str]:
    return [event["type"] for event in up.http.get(f"/workflows/runs/{run}/events").json()["events"]]


def test_a_workflow_is_compiled_under_its_id(up: Up, compiled: dict[str, Any]) -> None:
    """There everybody's compile replaced the one there was."""
    again = up.http.post("/workflows/compile", json={"yaml": PUBLISH}).json()

    assert compiled["workflow_id"] == "publish"
    assert {"length", "approve", "summary"} <= set(compiled["nodes"])
    assert (again["version"], again["hash"]) == (compiled["version"], compiled["hash"])


def test_a_workflow_that_cannot_be_compiled_says_where_it_is_wrong(up: Up) -> None:
    """There expressions were handed to Python once a run came by."""
    refused = up.http.post("/workflows/compile", json={"yaml": PUBLISH.replace("len(text)", "open(text)")})

    assert (refused.status_code, refused.json()["code"]) == (422, "graph_invalid")
    first = refused.json()["problems"][0]
    assert (first["line"], first["message"]) == (3, "`open` cannot be called here")


def test_a_run_waits_for_a_person_and_goes_on_with_all_it_had(up: Up) -> None:
    """There resuming lost what the nodes before had given."""
    run = _asked(up, "All about railways.")
    waiting = up.http.get(f"/workflows/runs/{run}").json()

    approved = up.http.post(f"/workflows/runs/{run}/approve", json={"approval_key": "publish_ok", "reason": "good"})

    assert approved.is_success
    assert (waiting["status"], waiting["waiting_for"]) == (
        "waiting", [{"node_id": "approve", "approval_key": "publish_ok", "question": "Publish it?"}],
    )  # fmt: skip
    up.rested(run)
    done = up.http.get(f"/workflows/runs/{run}").json()
    assert (done["status"], done["correlation_id"]) == ("completed", run)
    assert done["outputs"] == {"summary": {"length": 19, "text": "ALL ABOUT RAILWAYS."}}
    assert _types(up, run) == [
        "workflow.started", "task.completed", "human.wait", "human.approved", "task.completed", "workflow.completed",
    ]  # fmt: skip


def test_what_is_rejected_fails(up: Up) -> None:
    """Nobody publishes what somebody has turned down."""
    run = _asked(up, "Hm.")

    up.http.post(f"/workflows/runs/{run}/reject", json={"reason": "too short"})

    up.rested(run)
    assert up.http.get(f"/workflows/runs/{run}").json()["status"] == "failed"
    assert "human.rejected" in _types(up, run)


def test_resume_brings_a_persons_word_or_ends_a_pause(up: Up) -> None:
    """Both are what scripts call resuming."""
    run = _asked(up, "All of it.")
    unclear = up.http.post(f"/workflows/runs/{run}/resume", json={})
    up.http.post(f"/v1/runs/{run}/pause", json={})
    up.http.post(f"/workflows/runs/{run}/resume", json={"reason": "go on"})

    resumed = up.http.post(f"/workflows/runs/{run}/resume", json={"approval": True})

    assert (unclear.status_code, unclear.json()["code"]) == (409, "refused")
    assert resumed.is_success
    assert up.rested(run)["status"] == "succeeded"


def test_each_run_has_a_correlation_id_of_its_own(up: Up) -> None:
    """There it was the workflow's, and the events of all its runs were one list."""
    first, second = _asked(up, "first"), _asked(up, "second")

    events = up.http.get(f"/workflows/runs/{first}/events").json()["events"]

    assert first != second
    assert {event["correlation_id"] for event in events} == {first}
    assert len({event["id"] for event in events}) == len(events)
    assert events[0]["payload"]["inputs"] == {"text": "first"}


def test_a_run_is_looked_back_at_by_its_snapshots(up: Up) -> None:
    """Each moment has what was known by then, and nothing of what came later."""
    run = _asked(up, "All about railways.")
    up.http.post(f"/workflows/runs/{run}/approve", json={})
    up.rested(run)
    snapshots = up.http.get(f"/workflows/runs/{run}/snapshots").json()["snapshots"]
    waiting = next(each for each in snapshots if each["after"] == "human.wait")

    state = up.http.get(f"/workflows/runs/{run}/snapshots/{waiting['snapshot_id']}").json()
    replayed = up.http.get(f"/workflows/runs/{run}/replay", params={"snapshot_id": waiting["snapshot_id"]}).json()

    assert state == {
        "snapshot_id": f"{run}@{waiting['seq']}",
        "run_id": run,
        "workflow_id": "publish",
        "seq": waiting["seq"],
        "status": "waiting",
        "context": {"inputs": {"text": "All about railways."}, "length": 19},
        "record_holds": None,
    }
    assert replayed == {**state, "record_holds": True}


def test_a_moment_that_never_was_is_told(up: Up) -> None:
    """Of the run that was asked about, and of no other."""
    run = _asked(up, "x")

    refused = [
        up.http.get(f"/workflows/runs/{run}/snapshots/{run}@9999"),
        up.http.get(f"/workflows/runs/{run}/snapshots/other@2"),
        up.http.get(f"/workflows/runs/{run}/replay", params={"snapshot_id": "²"}),
    ]

    assert [(each.status_code, each.json()["code"]) for each in refused] == [(404, "snapshot_not_found")] * 3


def test_the_audit_has_a_record_of_every_node_and_of_who_decided(up: Up) -> None:
    """There every record said `allowed`, without a rule, a model or a cost."""
    run = _asked(up, "All about railways.")
    up.http.post(f"/workflows/runs/{run}/approve", json={})
    up.rested(run)

    records = [json.loads(line) for line in up.http.get(f"/workflows/runs/{run}/audit").text.splitlines()]

    of_node = {record["node_id"]: record for record in records}
    assert {record["correlation_id"] for record in records} == {run}
    assert (of_node["approve"]["node_kind"], of_node["approve"]["by"]) == ("human", "local")
    assert of_node["summary"]["output_snapshot"] == {"length": 19, "text": "ALL ABOUT RAILWAYS."}
    assert of_node["summary"]["policies_applied"] == ["default#edges"]


def test_the_audit_keeps_what_was_denied(up: Up) -> None:
    """There a denial left no record at all."""
    up.http.post("/policies", json={"name": "no_search", "block_patterns": ["secret plans"]})
    up.http.post("/workflows/compile", json={"id": "find", "nodes": [{"id": "web_search", "kind": "task"}]})
    run = up.http.post("/workflows/start", json={"workflow_id": "find", "inputs": {"query": "secret plans"}}).json()
    up.rested(run["run_id"])

    [record] = [json.loads(line) for line in up.http.get(f"/workflows/runs/{run['run_id']}/audit").text.splitlines()]

    assert (record["node_id"], record["allowed"]) == ("web_search", False)
    assert "no_search#block_1" in record["reason"]
    assert "policy.denied" in _types(up, run["run_id"])


def test_events_answer_to_curl_as_anything_does(up: Up) -> None:
    """Their scripts were lines of curl."""
    run = up.typed("""\
curl -X POST http://localhost:8000/workflows/start -H "Content-Type: application/json" \\
  -d '{"workflow_id": "publish", "text": "All about railways.", "approval": true}'""")

    up.rested(run["run_id"])

    told = up.typed(f"curl http://localhost:8000/workflows/runs/{run['run_id']}")
    assert told["status"] == "waiting"
