"""AgentOps: its lines as its documents print them, and what they promise."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

import pytest
from websockets.sync.client import connect

from interlock.settings import ServerSettings
from tests.api.compat.up import Up
from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer, running_server

ASK = {"agent_type": "backend_developer", "description": "Build a service, and ask me which database"}
RESEARCH = {"agent_type": "research", "description": "How is electricity stored?"}


RESTLESS = """\
agent: restless
version: "1"
prompt: You look at files.
input: {task: string}
tools: [list_files]
limits: {steps: 2}
"""
SCRIPT = """\
agent: restless
turns:
  - {when: {}, calls: [{tool: list_files, arguments: {}}]}
"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningServer]:
    """A server that asks for keys, and knows an agent that never comes to an end."""
    folder = tmp_path_factory.mktemp("restless")
    for name, text in {"agents/restless.yaml": RESTLESS, "models/restless.yaml": SCRIPT}.items():
        (folder / name).parent.mkdir()
        (folder / name).write_text(text)
    models = {"providers": {"script": {"kind": "scripted", "path": str(folder / "models")}}}
    settings = ServerSettings(require_key=True)
    with running_server({}, agents=[folder / "agents"], models=models, settings=settings, folder=folder) as running:
        yield running


def given(up: Up, task: dict[str, Any]) -> str:
    """The id of the agent that was given a task, once it has ended or waits."""
    told = up.http.post("/tasks", json=task).json()
    up.rested(told["task_id"])
    return str(told["agent_id"])


def status(up: Up, agent: str) -> Any:  # noqa: ANN401 - JSON
    """How an agent is on."""
    return up.typed(f"curl http://localhost:8000/agents/{agent}/status")


def test_all_agents_are_listed_also_without_a_task(up: Up) -> None:
    """Who is there is asked first. The three that its documents name come along."""
    told = up.typed("curl http://localhost:8000/agents")

    idle = {each["type"]: each for each in told["agents"] if each["status"] == "idle"}
    assert {"backend_developer", "devops_engineer", "frontend_developer"} <= set(idle)
    assert idle["backend_developer"] == {
        "id": "backend_developer",
        "agent_id": "backend_developer",
        "name": "Backend Developer",
        "type": "backend_developer",
        "role": "Builds services and their data",
        "capabilities": ["databases", "interfaces", "python"],
        "status": "idle",
    }


@pytest.mark.parametrize("developer", ["devops_engineer", "frontend_developer"])
def test_each_developer_takes_tasks(up: Up, developer: str) -> None:
    """The third has a page of tests to itself."""
    task = up.http.post("/tasks", json={"agent_type": developer, "description": "Show how the service is doing"}).json()

    assert up.ended(task["task_id"])["status"] == "succeeded"
    assert status(up, task["agent_id"])["status"] == "completed"


def test_the_default_tools_are_there_for_the_developers(up: Up) -> None:
    """Two of them are no calls: the agent's own step makes a question or an end of them."""
    agents = {each["name"]: set(each["tools"]) for each in up.http.get("/admin/agents").json()["agents"]}
    callable_ones = {each["name"] for each in up.http.get("/admin/tools").json()["tools"]}

    calls = {"execute_code", "read_file", "write_file", "api_call"}
    assert calls | {"request_human_input", "complete_task"} <= agents["backend_developer"]
    assert calls <= callable_ones


def test_an_agent_has_as_many_tasks_as_it_is_given(up: Up) -> None:
    """There, a second task of a type took the place of the first."""
    questions = ["What is a railway?", "What is a signal box?", "What is an interlocking?"]

    created = [up.http.post("/tasks", json={**RESEARCH, "description": each}).json() for each in questions]

    ended = {task["agent_id"]: up.ended(task["task_id"])["status"] for task in created}
    assert list(ended.values()) == ["succeeded"] * 3
    told = [status(up, task["agent_id"]) for task in created]
    assert [(each["status"], each["task"]) for each in told] == [("completed", each) for each in questions]


def test_a_task_is_found_under_its_own_id_and_its_agents(up: Up) -> None:
    """Scripts keep whichever of the two they read first."""
    agent = given(up, RESEARCH)

    by_task = status(up, agent.partition("@")[2])

    assert by_task == status(up, agent)
    assert (by_task["agent_id"], by_task["agent_type"], by_task["simulated"]) == (agent, "research", True)


def test_an_id_of_nobody_is_told_as_a_problem(up: Up) -> None:
    """Also where the run is there, and the agent in the id is another's."""
    agent = given(up, RESEARCH)
    strange = ["nobody", "research@nowhere", agent.replace("research", "planner")]

    answers = [up.http.get(f"/agents/{each}/status") for each in strange]
    created = up.http.post("/tasks", json={**RESEARCH, "agent_type": "reserch"})

    assert [(each.status_code, each.json()["code"]) for each in answers] == [(404, "agent_not_found")] * 3
    assert (created.status_code, created.json()["detail"]) == (
        404, "there is no agent named reserch; did you mean research?",
    )  # fmt: skip


def test_a_run_that_only_says_that_it_is_a_task_is_none(up: Up) -> None:
    """Anybody may label a run as they like: nothing that looks at tasks may stumble over it."""
    labels = {"system": "agentops", "agent_type": "backend_developer"}
    started = up.http.post(
        "/v1/runs", json={"graph": "tool:web_search", "inputs": {"query": "rails"}, "labels": labels}
    )
    run = up.ended(started.json()["run"])["run"]

    listed = up.http.get("/agents")

    assert listed.is_success
    assert run not in {each.get("task_id") for each in listed.json()["agents"]}
    assert up.http.get(f"/agents/{run}/status").json()["code"] == "agent_not_found"


def test_a_persons_answer_reaches_the_model(up: Up) -> None:
    """There it never entered a prompt. Here the next prompt holds it, and what the agent writes follows it."""
    agent = given(up, ASK)
    asked = status(up, agent)

    answered = up.http.post(f"/agents/{agent}/human-response", json={"response": {"decision": "PostgreSQL"}}).json()

    run = up.rested(agent.partition("@")[2])
    prompts = up.http.get(f"/v1/runs/{run['run']}/prompts", params={"path": "step"}).json()
    state = up.http.get(f"/agents/{agent}/state").json()
    assert (asked["status"], asked["awaiting_human"], asked["pending_requests"]) == ("awaiting_human", True, 1)
    assert answered == {"status": "response_received", "agent_id": agent, "agent_status": "running"}
    assert "PostgreSQL" in json.dumps(prompts["calls"][1])
    assert "PostgreSQL" not in json.dumps(prompts["calls"][0])
    assert state["human_responses"][0]["response"] == {"answer": "PostgreSQL"}
    assert state["result"]["summary"].endswith("It was settled: PostgreSQL")


def test_an_answer_may_be_plain_words(up: Up) -> None:
    """What a person types is taken as it is typed; and whoever waits then, waits for what follows."""
    agent = given(up, ASK)

    up.http.post(f"/agents/{agent}/human-response", json={"response": "SQLite"})

    up.rested(agent.partition("@")[2])
    assert "SQLite" in up.http.get(f"/agents/{agent}/state").json()["result"]["summary"]


def test_who_asks_nothing_is_answered_nothing(up: Up) -> None:
    """An answer that reaches nobody must not look as if it had."""
    agent = given(up, RESEARCH)

    answer = up.http.post(f"/agents/{agent}/human-response", json={"response": "yes"})

    assert (answer.status_code, answer.json()["code"]) == (409, "refused")


def test_the_state_tells_the_whole_work(up: Up) -> None:
    """What was said, called and found, in the order in which it happened."""
    agent = given(up, {**ASK, "context": {"team": "payments"}})

    state = up.typed(f"curl http://localhost:8000/agents/{agent}/state")

    assert {name: state[name] for name in ("agent_id", "agent_type", "status", "current_step", "max_steps")} == {
        "agent_id": agent, "agent_type": "backend_developer", "status": "awaiting_human",
        "current_step": 1, "max_steps": 20,
    }  # fmt: skip
    assert state["task_description"] == ASK["description"]
    assert state["context"]["team"]["value"] == "payments"
    assert [said["role"] for said in state["conversation_history"]] == ["user", "tool", "assistant"]
    assert state["conversation_history"][-1]["tool_calls"][0]["name"] == "request_human_input"
    assert [(call["name"], call["status"]) for call in state["tool_calls"]] == [("list_files", "done")]
    assert [(each["tool"], each["result"]) for each in state["tool_results"]] == [
        ("list_files", {"cut": False, "files": []})
    ]
    assert [(each["open"], each["choices"]) for each in state["human_requests"]] == [(True, [])]
    assert (state["errors"], state["error_summary"], state["human_responses"]) == ([], None, [])


def test_an_agent_is_paused_and_resumed(up: Up) -> None:
    """What is said to it while it is paused is not lost."""
    agent = given(up, ASK)

    paused = up.typed(f"curl -X POST http://localhost:8000/agents/{agent}/pause")
    while_paused = status(up, agent)["status"]
    up.http.post(f"/agents/{agent}/human-response", json={"response": "MariaDB"})
    resumed = up.typed(f"curl -X POST http://localhost:8000/agents/{agent}/resume")

    assert (paused, resumed) == ({"status": "paused", "agent_id": agent}, {"status": "resumed", "agent_id": agent})
    assert while_paused == "paused"
    up.ended(agent.partition("@")[2])
    told = up.http.get(f"/agents/{agent}/state").json()
    assert (told["status"], "MariaDB" in told["result"]["summary"]) == ("completed", True)


def test_an_agent_without_a_task_cannot_be_paused(up: Up) -> None:
    """It would be unclear which of its tasks was meant."""
    answer = up.http.post("/agents/research/pause")

    assert (answer.status_code, answer.json()["code"]) == (409, "refused")


def test_whoever_listens_is_told_when_something_has_changed(up: Up) -> None:
    """There, everything was sent every two seconds, changed or not."""
    with connect(up.url.replace("http", "ws") + "/ws") as socket:
        first = json.loads(socket.recv())
        agent = up.http.post("/tasks", json=ASK).json()["agent_id"]

        updates = (json.loads(message)["agents"] for message in iter(lambda: socket.recv(timeout=20), None))
        told = ({each["id"]: each["status"] for each in agents}.get(agent) for agents in updates)
        waits = next(status for status in told if status == "awaiting_human")
        socket.send("ping")
        last = socket.recv(timeout=20)

    assert (first["type"], set(first)) == ("status_update", {"type", "agents", "timestamp"})
    assert (waits, last) == ("awaiting_human", "pong")


def test_an_agent_that_takes_all_its_steps_has_failed(guarded: RunningServer) -> None:
    """There, whoever ran out of steps had completed its task."""
    with guarded.as_key(key_of(guarded)) as operator:
        task = operator.post("/tasks", json={"agent_type": "restless", "description": "Look around"}).json()
        operator.get(f"/v1/runs/{task['task_id']}", params={"wait": 20})
        told = operator.get(f"/agents/{task['agent_id']}/state").json()

    assert (told["status"], told["current_step"], told["max_steps"]) == ("failed", 2, 2)
    assert told["errors"][-1]["message"] in told["error_summary"]


def test_another_tenant_sees_no_agent_at_work_and_a_viewer_moves_none(guarded: RunningServer) -> None:
    """What an agent does for one tenant is nobody else's business, and who may only look gives no tasks."""
    with (
        guarded.as_key(key_of(guarded)) as operator,
        guarded.as_key(key_of(guarded, tenant="other")) as other,
        guarded.as_key(key_of(guarded, role="viewer")) as viewer,
    ):
        task = operator.post("/tasks", json={"agent_type": "restless", "description": "Look around"}).json()
        agent = task["agent_id"]

        strange = other.get(f"/agents/{agent}/state")
        listed = [each["status"] for each in other.get("/agents").json()["agents"]]
        refused = [
            viewer.post(f"/agents/{agent}/pause"),
            viewer.post(f"/agents/{agent}/human-response", json={"response": "yes"}),
            viewer.post("/tasks", json={"agent_type": "restless", "description": "Look"}),
        ]

    assert (strange.status_code, strange.json()["code"]) == (404, "agent_not_found")
    assert set(listed) == {"idle"}
    assert [(each.status_code, each.json()["code"]) for each in refused] == [(403, "not_allowed")] * 3
    assert guarded.http.get("/agents").json()["code"] == "key_required"
