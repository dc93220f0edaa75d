"""What several systems had at one address: `/health`, and `POST /tasks`, which is told apart by the body."""

from __future__ import annotations

from tests.api.compat.up import Up


def test_the_server_says_that_it_is_well(up: Up) -> None:
    """The line by which people see that they have started it."""
    assert up.typed("curl http://localhost:8000/health") == {"status": "healthy", "database": "connected"}


def test_a_body_with_an_agent_type_is_a_task_of_agentops(up: Up) -> None:
    """The first line that its users ever typed."""
    told = up.typed("""\
curl -X POST http://localhost:8000/tasks \\
  -H "Content-Type: application/json" \\
  -d '{
    "agent_type": "backend_developer",
    "description": "Build a REST API for user authentication with JWT tokens",
    "context": {}
  }'""")

    run = told["task_id"]
    assert told == {
        "task_id": run,
        "agent_id": f"backend_developer@{run}",
        "status": "running",
        "message": "Task assigned to backend_developer",
    }
    assert up.ended(run)["status"] == "succeeded"


def test_a_body_with_a_type_is_a_task_of_the_platform(up: Up) -> None:
    """The same address, and another system's first line."""
    told = up.typed("""\
curl -X POST http://localhost:8000/tasks \\
  -H "Content-Type: application/json" \\
  -d '{"type": "workflow:research_assessment", "input": {"topic": "renewable energy"}}'""")

    assert (told["type"], told["status"], told["input"]) == (
        "workflow:research_assessment", "running", {"topic": "renewable energy"},
    )  # fmt: skip
    up.ended(told["id"])
    task = up.typed(f"curl http://localhost:8000/tasks/{told['id']}")
    assert (task["status"], task["output"]["approved"], task["error"]) == ("done", True, None)


def test_a_body_of_neither_or_both_is_told_what_either_looks_like(up: Up) -> None:
    """Whose task it is is never guessed."""
    both = up.http.post("/tasks", json={"agent_type": "research", "type": "agent:research", "input": {}})
    neither = up.http.post("/tasks", json={"task": "mend it"})

    assert [(each.status_code, each.json()["code"]) for each in (both, neither)] == [(422, "unclear_task")] * 2
    assert "agent_type" in both.json()["detail"]
    assert "workflow:research_assessment" in neither.json()["detail"]


def test_what_is_missing_is_named_as_anywhere(up: Up) -> None:
    """A problem names the field, whichever system the body was written for."""
    answer = up.http.post("/tasks", json={"agent_type": "backend_developer"})

    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["field"]) == ("invalid_request", "description")
