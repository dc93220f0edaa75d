"""The Multi-Agent Task Orchestration Platform: its lines as its documents print them, and what they promise."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

import pytest
from websockets.sync.client import connect

from interlock.api.compat.platform.errors import ERROR_CODES
from interlock.api.problems import MEANINGS
from interlock.settings import ServerSettings
from tests.api.compat.up import Up
from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer, running_server

MAIL = "ada@example.com"


@pytest.fixture(scope="module")
def guarded() -> Generator[RunningServer]:
    """A server that asks for keys."""
    with running_server({}, settings=ServerSettings(require_key=True), packaged=True) as running:
        yield running


def done(up: Up, **task: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A task, once it has ended."""
    created = up.http.post("/tasks", json=task)
    assert created.status_code == 201, created.text
    up.ended(created.json()["id"])
    told: dict[str, Any] = up.http.get(f"/tasks/{created.json()['id']}").json()
    return told


def refused(up: Up, **task: Any) -> tuple[int, str]:  # noqa: ANN401 - JSON
    """With which status and code of theirs a task is refused."""
    answer = up.http.post("/tasks", json=task)
    return answer.status_code, answer.json()["error_code"]


def test_a_workflow_is_run_to_its_end(up: Up) -> None:
    """All that a task tells: what came of it, what it cost, and that scripts have answered."""
    task = done(up, type="workflow:content_review", input={"topic": "renewable energy"})

    assert {name: task[name] for name in ("type", "status", "error", "tenant_id", "user_id_hash", "simulated")} == {
        "type": "workflow:content_review", "status": "done", "error": None,
        "tenant_id": "local", "user_id_hash": None, "simulated": True,
    }  # fmt: skip
    assert task["output"]["completion_reason"] == "converged"
    assert [(each["agent_type"], each["iteration"], each["status"]) for each in task["subtasks"]][:3] == [
        ("research", 1, "done"), ("assessment", 1, "done"), ("research", 2, "done"),
    ]  # fmt: skip
    assert (task["model_used"], task["input_tokens"] > 0, task["output_tokens"] > 0, task["total_cost"]) == (
        "packaged/scripted", True, True, 0.0,
    )  # fmt: skip


def test_an_agent_is_asked_by_itself(up: Up) -> None:
    """What one system calls a topic is another's question: it is the one text that is asked for."""
    created = up.typed("""\
curl -X POST http://localhost:8000/tasks \\
  -H "Content-Type: application/json" \\
  -d '{"type": "agent:research", "input": {"topic": "solar energy"}}'""")

    up.ended(created["id"])
    task = up.typed(f"curl http://localhost:8000/tasks/{created['id']}")
    assert (task["type"], task["status"], task["input"]["question"]) == ("agent:research", "done", "solar energy")
    assert task["output"]["findings"][0]["source"] == "corpus:energy/solar-panels"


def test_a_tool_is_called_by_itself(up: Up) -> None:
    """A tool tells whether it succeeded, as every tool did there."""
    task = done(up, type="tool:web_search", input={"query": "API design best practices"})

    assert (task["output"]["success"], task["output"]["error"]) == (True, None)
    assert task["output"]["result"]["results"][0]["title"] == "API design best practices"
    assert (task["model_used"], task["total_cost"]) == (None, None)


def test_an_analysis_is_a_graph_of_that_name(up: Up) -> None:
    """It is a workflow under another word."""
    assert done(up, type="analysis:content_review", input={"topic": "rails"})["type"] == "analysis:content_review"


def test_one_agent_and_one_tool_have_addresses_of_their_own(up: Up) -> None:
    """The same tasks, for who never writes a type."""
    agent = up.http.post("/tasks/agent", json={"agent_type": "summarizer", "input": {"text": "It rained. It stopped."}})
    tool = up.http.post("/tasks/tool", json={"tool_name": "web_search", "input": {"query": "rails"}})

    assert [(each.status_code, each.json()["type"]) for each in (agent, tool)] == [
        (201, "agent:summarizer"), (201, "tool:web_search"),
    ]  # fmt: skip


def test_what_cannot_be_is_told_by_their_codes_too(up: Up) -> None:
    """Clients look at `error_code`; a problem says the rest."""
    told = {
        "type": refused(up, type="flow:research_assessment", input={}),
        "workflow": refused(up, type="workflow:nothing", input={}),
        "step as a workflow": refused(up, type="workflow:tool:web_search", input={}),
        "agent": refused(up, type="agent:nobody", input={}),
        "tool": refused(up, type="tool:nothing", input={}),
        "no input": refused(up, type="agent:research"),
        "input": refused(up, type="agent:research", input={"question": 7}),
        "person": refused(up, type="agent:research", input={"topic": "rails", "user_email": 7}),
    }
    task = up.http.get("/tasks/nothing").json()

    assert told == {
        "type": (400, "INVALID_TASK_TYPE"),
        "workflow": (404, "WORKFLOW_NOT_FOUND"),
        "step as a workflow": (404, "WORKFLOW_NOT_FOUND"),
        "agent": (404, "AGENT_NOT_FOUND"),
        "tool": (404, "TOOL_NOT_FOUND"),
        "no input": (422, "VALIDATION_ERROR"),
        "input": (422, "VALIDATION_ERROR"),
        "person": (422, "VALIDATION_ERROR"),
    }
    assert (task["code"], task["error_code"], task["status_code"]) == ("run_not_found", "TASK_NOT_FOUND", 404)


def test_every_code_of_theirs_stands_for_one_of_ours() -> None:
    """A code that is misspelt here would never be told."""
    assert set(ERROR_CODES) <= set(MEANINGS)


def test_tasks_are_listed_by_status_and_person(up: Up) -> None:
    """Each by the address that was given, or by what stands for it."""
    one = done(up, type="tool:web_search", input={"query": "rails"}, user_id="grace@example.com")
    done(up, type="tool:web_search", input={"query": "rails"}, user_id="joan@example.com")

    by_address = up.http.get("/tasks", params={"user_id": "Grace@Example.com"}).json()
    by_hash = up.http.get("/tasks", params={"user_id_hash": one["user_id_hash"], "status": "done"}).json()
    failed = up.http.get("/tasks", params={"user_id": "grace@example.com", "status_filter": "error"}).json()

    assert ([task["id"] for task in by_address], by_hash, failed) == ([one["id"]], by_address, [])
    assert len(up.typed('curl "http://localhost:8000/tasks?status_filter=done&limit=1"')) == 1
    assert up.http.get("/tasks", params={"limit": 101}).json()["error_code"] == "VALIDATION_ERROR"
    assert up.http.get("/tasks", params={"status": "completed"}).json()["error_code"] == "VALIDATION_ERROR"


def test_a_mail_address_is_kept_nowhere(up: Up) -> None:
    """There, a hash without a key stood for it, which whoever guesses the address makes again."""
    task = done(up, type="agent:research", input={"topic": "rails", "user_email": MAIL, "_trace_context": {"id": "1"}})

    kept = b"".join(file.read_bytes() for file in (up.folder / ".interlock").glob("interlock.db*"))
    assert len(task["user_id_hash"]) == 64
    assert task["user_id_hash"].encode() in kept
    assert MAIL.encode() not in kept


def test_a_tenant_in_a_request_is_never_believed(guarded: RunningServer, up: Up) -> None:
    """There, whoever named a tenant was of it."""
    task: dict[str, Any] = {"type": "tool:web_search", "input": {"query": "rails"}}

    with guarded.as_key(key_of(guarded, tenant="acme")) as acme:
        own = acme.post("/tasks", json={**task, "tenant_id": "acme"})
        default = acme.post("/tasks", json={**task, "tenant_id": "default"})
        inside = acme.post("/tasks", json={**task, "input": {"query": "rails", "tenant_id": "other"}})
        listed = acme.get("/tasks", params={"tenant_id": "other"})
    local = up.http.post("/tasks", json={**task, "tenant_id": "default"})

    assert (own.status_code, own.json()["tenant_id"]) == (201, "acme")
    assert [each.json()["code"] for each in (default, inside, listed)] == ["foreign_tenant"] * 3
    assert (local.status_code, local.json()["tenant_id"]) == (201, "local")


def test_another_tenant_sees_no_task_and_stands_for_people_otherwise(guarded: RunningServer) -> None:
    """One address is two hashes in two tenants: nobody learns that they share a customer."""
    task = {"type": "tool:web_search", "input": {"query": "rails"}, "user_id": MAIL}

    with (
        guarded.as_key(key_of(guarded, tenant="one")) as one,
        guarded.as_key(key_of(guarded, tenant="two")) as two,
        guarded.as_key(key_of(guarded, tenant="one", role="viewer")) as viewer,
    ):
        ours, theirs = one.post("/tasks", json=task).json(), two.post("/tasks", json=task).json()
        strange = two.get(f"/tasks/{ours['id']}")
        listed = [each["id"] for each in two.get("/tasks").json()]
        started = viewer.post("/tasks", json=task)

    assert (strange.json()["error_code"], listed) == ("TASK_NOT_FOUND", [theirs["id"]])
    assert ours["user_id_hash"] != theirs["user_id_hash"]
    assert (started.status_code, started.json()["code"]) == (403, "not_allowed")


def test_whoever_listens_hears_of_their_own_tenants_tasks_alone(guarded: RunningServer) -> None:
    """There, everybody was sent what everybody's tasks came to."""
    task = {"type": "tool:web_search", "input": {"query": "rails"}}
    address = guarded.url.replace("http", "ws") + "/ws/tasks"
    theirs = key_of(guarded, tenant="theirs")

    with (
        guarded.as_key(key_of(guarded, tenant="ours")) as us,
        guarded.as_key(theirs) as them,
        connect(address, additional_headers={"authorization": f"Bearer {theirs}"}) as socket,
    ):
        socket.send("ping")
        socket.recv(timeout=20)
        us.get(f"/v1/runs/{us.post('/tasks', json=task).json()['id']}/stream")
        own = them.post("/tasks", json=task).json()["id"]
        heard = json.loads(socket.recv(timeout=20))

    assert (heard["event"], heard["task_id"]) == ("task_created", own)


def test_costs_are_told_by_person_and_in_all(guarded: RunningServer) -> None:
    """Of one's own tenant alone."""
    with guarded.as_key(key_of(guarded, tenant="costly")) as client:
        for mail in (MAIL, MAIL, "grace@example.com", None):
            body = {"type": "agent:research", "input": {"topic": "rails"}, "user_id": mail}
            client.get(f"/v1/runs/{client.post('/tasks', json=body).json()['id']}/stream")
        person = client.get(f"/tasks/costs/by-user/{MAIL}").json()
        summary = client.get("/tasks/costs/summary").json()
        usage = client.get(f"/admin/usage/{person['user_id_hash']}").json()

    tokens = person["total_input_tokens"] + person["total_output_tokens"]
    assert (person["total_tasks"], tokens > 0, person["total_cost"], person["partial"]) == (2, True, 0.0, False)
    assert summary == {
        "unique_users": 2, "total_tasks": 4, "total_cost": 0.0, "avg_cost_per_task": 0.0, "partial": False,
    }  # fmt: skip
    assert {name: usage[name] for name in person} == person
    assert [task["type"] for task in usage["recent_tasks"]] == ["agent:research"] * 2


def test_what_tasks_can_name_is_listed(up: Up) -> None:
    """Every name that its documents use is there."""
    agents = {each["name"]: each for each in up.http.get("/admin/agents").json()["agents"]}
    tools = {each["name"]: each for each in up.http.get("/admin/tools").json()["tools"]}
    workflows = up.typed("curl http://localhost:8000/admin/workflows")["workflows"]

    assert {"research", "assessment", "summarizer"} <= set(agents)
    assert "web_search" in agents["research"]["tools"]
    assert "query" in tools["web_search"]["schema"]["properties"]
    assert {"research_assessment", "content_review"} <= {each["name"] for each in workflows}


def test_whoever_listens_hears_of_tasks(up: Up) -> None:
    """Each change once, with how the task stands."""
    with connect(up.url.replace("http", "ws") + "/ws/tasks") as socket:
        socket.send("ping")
        pong = socket.recv(timeout=20)
        task = done(up, type="tool:web_search", input={"query": "rails"})
        heard = (json.loads(message) for message in iter(lambda: socket.recv(timeout=20), None))
        of_task = (change for change in heard if change["task_id"] == task["id"])
        created, completed = next(of_task), next(of_task)

    assert (pong, created["event"], created["type"]) == ("pong", "task_created", "tool:web_search")
    assert (completed["event"], completed["status"], completed["output"]) == ("task_completed", "done", task["output"])


def test_a_task_that_fails_says_why(up: Up) -> None:
    """It is an error of the task, and none of the request that looks at it."""
    created = up.http.post("/tasks", json={"type": "agent:backend_developer", "input": {"task": "Ask me first"}}).json()
    up.rested(created["id"])
    up.http.post(f"/v1/runs/{created['id']}/cancel", json={})
    up.ended(created["id"])

    task = up.http.get(f"/tasks/{created['id']}").json()

    assert (task["status"], task["output"], task["error_code"]) == ("error", None, "EXECUTION_ERROR")
    assert task["error"]


def test_their_yaml_is_published_and_named_by_a_task(up: Up) -> None:
    """The document as their README prints it, which there would not have loaded: it lacks its convergence check."""
    text = """\
# app/workflows/content_review.yaml
name: reviewed_content
description: Generate and review content
coordination_type: iterative_refinement
max_iterations: 3

steps:
  - agent_type: research
    name: create_draft
  - agent_type: assessment
    name: review_quality
"""

    published = up.http.post("/v1/graphs", json={"text": text})
    task = done(up, type="workflow:reviewed_content", input={"topic": "renewable energy"})

    assert published.is_success, published.text
    assert (task["status"], task["output"]["completion_reason"], task["output"]["iterations"]) == (
        "done", "converged", 2,
    )  # fmt: skip
