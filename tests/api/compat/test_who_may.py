"""Who may do what at the addresses of other systems: roles and tenants hold there as anywhere."""

from __future__ import annotations

from collections.abc import Generator

import httpx
import pytest

from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer

ACTS: list[tuple[str, dict[str, object]]] = [
    ("/runs", {"graph": "make"}),
    ("/runs/{run}/replay", {"from_step": "a"}),
    ("/graphs", {"name": "x", "agents": [], "dag": []}),
    ("/policies", {"name": "x"}),
    ("/workflows/compile", {"id": "x", "nodes": []}),
    ("/workflows/start", {"workflow_id": "make"}),
    ("/workflows/runs/{run}/approve", {}),
    ("/workflows/runs/{run}/reject", {}),
    ("/workflows/runs/{run}/resume", {"approval": True}),
    ("/run", {"query": "What is it?"}),
    ("/delivery/submit", {"query": "What is it?"}),
    ("/api/task/{run}/input", {"input": "That."}),
    ("/api/task/{run}/resume", {}),
    ("/api/task/{run}/manual_decision", {"decision": "stop"}),
]
LOOKS: list[str] = [
    "/runs/{run}",
    "/runs/{run}/events",
    "/runs/{run}/events.jsonl",
    "/workflows/runs/{run}",
    "/workflows/runs/{run}/events",
    "/workflows/runs/{run}/snapshots",
    "/workflows/runs/{run}/snapshots/{run}@1",
    "/workflows/runs/{run}/audit",
    "/run/{run}",
    "/artifacts/{run}",
    "/api/task/{run}",
    "/api/task/{run}/status",
    "/api/task/{run}/events",
    "/api/task/{run}/trace",
    "/api/task/{run}/trace/summary",
    "/api/cost/export/{run}",
    "/api/cost/compare/{run}/{run}",
]


@pytest.fixture(scope="module")
def run(server: RunningServer) -> str:
    """A run of the tenant of this machine."""
    return server.started("make")


@pytest.fixture(scope="module")
def viewer(server: RunningServer) -> Generator[httpx.Client]:
    """Somebody who may only look."""
    with server.as_key(key_of(server, role="viewer")) as client:
        yield client


@pytest.fixture(scope="module")
def stranger(server: RunningServer) -> Generator[httpx.Client]:
    """The owner of another tenant."""
    with server.as_key(key_of(server, tenant="strangers", role="owner")) as client:
        yield client


@pytest.mark.parametrize(("path", "body"), ACTS, ids=[path for path, _ in ACTS])
def test_who_may_only_look_does_nothing(viewer: httpx.Client, run: str, path: str, body: dict[str, object]) -> None:
    """An old address is no way around a role."""
    refused = viewer.post(path.format(run=run), json=body)

    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")


@pytest.mark.parametrize("path", LOOKS)
def test_a_run_is_there_for_its_tenant_alone(
    server: RunningServer, stranger: httpx.Client, run: str, path: str
) -> None:
    """To anybody else it is as if it had never been."""
    own, others = server.http.get(path.format(run=run)), stranger.get(path.format(run=run))

    assert own.status_code == 200
    assert (others.status_code, others.json()["code"]) == (404, "run_not_found")


@pytest.mark.parametrize("path", ["/dashboard", "/runs", "/session/demo"])
def test_a_list_has_the_runs_of_its_tenant_alone(server: RunningServer, stranger: httpx.Client, path: str) -> None:
    """Not even their ids are told."""
    run = server.started("make", session="demo")

    assert run in server.http.get(path).text
    assert run not in stranger.get(path).text
