"""Workers and what waits, over HTTP: each tenant is told its own, and only the platform's keys on which machines."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from interlock.settings import ServerSettings
from interlock.tenancy import Role
from tests.api.conftest import GRAPHS
from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer, running_server
from tests.embedded.workshop import Workshop


@pytest.fixture(scope="module")
def serving() -> Generator[RunningServer]:
    """A server that drives no runs: what is started waits for a worker."""
    with running_server(GRAPHS, Workshop().tools, settings=ServerSettings(require_key=True), works=False) as running:
        yield running


def test_workers_are_listed_with_what_they_do(server: RunningServer) -> None:
    """Whether anybody works is asked before anything else when nothing moves."""
    [worker] = server.get("/workers")["workers"]

    assert (worker["state"], worker["pools"], worker["pid"] > 0, worker["host"] != "") == (
        "working", ["default"], True, True,
    )  # fmt: skip


def test_what_waits_is_counted_for_each_tenant_alone(serving: RunningServer) -> None:
    """How much others have to do is none of a tenant's business; who looks after the platform sees all of it."""
    with (
        serving.as_key(key_of(serving, tenant="acme")) as acme,
        serving.as_key(key_of(serving, tenant="other")) as other,
        serving.as_key(key_of(serving, tenant="other", role="viewer", scopes=("workers", "platform:read"))) as platform,
    ):
        acme.post("/v1/runs", json={"graph": "make"})
        theirs, nothing, all_of_it = (who.get("/v1/queue").json() for who in (acme, other, platform))

    assert [(each["tenant"], each["graph"], each["waiting"]) for each in theirs["runs"]] == [("acme", "make", 1)]
    assert nothing == {"runs": [], "calls": [], "runs_waiting": 0, "calls_waiting": 0}
    assert (all_of_it["runs_waiting"], all_of_it["runs"][0]["oldest_seconds"] >= 0) == (1, True)


def test_a_tenant_is_not_told_where_workers_run_and_what_they_do_for_others(server: RunningServer) -> None:
    """Names of machines, and how busy they are, are for those who look after them."""
    with server.as_key(key_of(server, tenant="acme")) as acme:
        [worker] = acme.get("/v1/workers").json()["workers"]

    assert {"host", "pid", "driving", "performing"} & set(worker) == set()


@pytest.mark.parametrize("role", ["operator", "viewer"])
def test_a_key_for_something_else_sees_no_workers(server: RunningServer, role: Role) -> None:
    """Scopes hold here as everywhere."""
    with server.as_key(key_of(server, role=role, scopes=("runs",))) as other:
        answers = [other.get(path).json()["code"] for path in ("/v1/workers", "/v1/queue")]

    assert answers == ["not_allowed", "not_allowed"]
