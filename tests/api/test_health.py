"""Whether a server is well: for whoever sends it requests, and for whoever is woken when it is not."""

from __future__ import annotations

from tests.api.running_server import RunningServer, running_server


def test_a_server_that_works_is_well(server: RunningServer) -> None:
    """The store answers, and somebody drives what is started."""
    told = server.get("/health")

    by_name = {each["name"]: each["status"] for each in told["dependencies"]}
    assert (told["status"], by_name["store"], by_name["workers"]) == ("ok", "ok", "ok")


def test_to_be_alive_takes_nothing_else(server: RunningServer) -> None:
    """A server whose store is away must not be ended for that: it would not come back either."""
    assert server.get("/health/live") == {"status": "ok", "dependencies": []}


def test_a_server_that_drives_nothing_says_when_nobody_does() -> None:
    """It takes requests all the same: what is started is on record, and waits."""
    with running_server({}, works=False) as alone:
        answer = alone.http.get("/v1/health/ready")

    told = {each["name"]: each for each in answer.json()["dependencies"]}
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert told["workers"]["why"] == "nobody works on the store: what is started waits for a worker"


def test_a_machine_without_a_sandbox_says_so_once_one_was_asked_for() -> None:
    """Looking for it takes a part of a second, so it is not looked for each time somebody asks how it is."""
    graph = {"nodes": {"a": {"tool": "execute_code", "input": {"language": "python", "code": "1"}}}}
    with running_server({"runs": graph}, sandbox=[]) as server:
        before = server.get("/health")
        server.started("runs")
        after = server.get("/health")

    names = [each["name"] for each in before["dependencies"]]
    [sandbox] = [each for each in after["dependencies"] if each["name"] == "sandbox"]
    assert "sandbox" not in names
    assert (after["status"], sandbox["status"]) == ("degraded", "degraded")


def test_a_store_that_is_away_makes_the_server_unready() -> None:
    """Who spreads requests over servers sends it none until it answers again."""
    with running_server({}) as server:
        server.soon(_closed(server))
        answer = server.http.get("/v1/health/ready")

    [store] = [each for each in answer.json()["dependencies"] if each["name"] == "store"]
    assert (answer.status_code, store["status"], store["why"]) == (503, "away", "StoreClosedError")


async def _closed(server: RunningServer) -> None:
    await server.served[0].store.close()
