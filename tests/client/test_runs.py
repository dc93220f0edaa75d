"""Runs from a program: started, waited for, looked at, listed."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from interlock.client import AsyncClient, Client, GraphNotFound, Invalid, KeyTaken, RunNotFound, StillGoing
from interlock.wire.runs import RunRow
from tests.api.running_server import RunningServer


def test_a_run_is_started_and_waited_for_in_one_call(client: Client) -> None:
    """The first thing that anybody does."""
    run = client.run("make", {"thing": "cup"}, labels={"team": "blue"})

    assert (run.status, run.outputs, run.labels) == ("succeeded", {"a": "cup"}, {"team": "blue"})


def test_the_same_is_awaited_in_an_event_loop(server: RunningServer) -> None:
    """Both clients are one: what they do is written once."""

    async def scene() -> tuple[str, list[str]]:
        async with AsyncClient(server.url, key="") as client:
            run = await client.run("make", {"thing": "pot"})
            return run.outputs["a"], [event.type async for event in client.events(run)]

    made, types = asyncio.run(scene())

    assert (made, types[0], types[-1]) == ("pot", "run.started", "run.ended")


def test_a_run_of_one_key_is_started_once(client: Client) -> None:
    """Whoever was cut off asks again, and gets what they have."""
    first = client.start("make", {"thing": "cup"}, key="order-7")

    again = client.start("make", {"thing": "cup"}, key="order-7")

    assert again.run == first.run
    with pytest.raises(KeyTaken) as refused:
        client.start("make", {"thing": "pot"}, key="order-7")
    assert (refused.value.run, refused.value.field) == (first.run, "key")


def test_without_a_key_each_start_is_one_of_its_own(client: Client) -> None:
    """The key that the client makes up is for repeating one request, and for nothing else."""
    first, second = client.start("make"), client.start("make")

    assert first.run != second.run
    assert first.key != second.key != ""


def test_waiting_for_a_run_that_waits_for_a_person_is_over_in_time(client: Client) -> None:
    """A program that would wait for ever says how long it can."""
    run = client.start("ask")

    with pytest.raises(StillGoing) as still:
        client.wait(run, timeout_seconds=0.1)

    assert (still.value.run, client.rest(run).status) == (run.run, "waiting")


def test_a_run_is_told_as_a_row_and_in_short(client: Client) -> None:
    """Who asks often asks for little."""
    run = client.run("items", {"things": ["a", "b"]})

    row, summary = client.row(run), client.summary(run.run)

    assert (row.run, row.status, row.seq) == (run.run, "succeeded", run.seq)
    assert (summary.progress, [node.node for node in summary.nodes]) == ({"succeeded": 2}, ["each"])
    assert {each.name for each in client.effects(run)} == {"make"}


def test_a_run_is_shown_as_it_was(client: Client) -> None:
    """Whoever looks for the moment at which it went wrong."""
    run = client.run("make")

    before = client.get(run, at=1)

    assert (before.status, before.seq, before.outputs) == ("running", 1, None)


def test_lists_are_read_page_by_page_as_far_as_somebody_reads(client: Client) -> None:
    """A hundred thousand runs must not be fetched to see the newest three."""
    made = [client.start("make", session="paging").run for _ in range(5)]

    listed = [row.run for row in client.runs(session="paging")]
    newest = next(client.runs(session="paging", graph="make", status=["succeeded", "running", "pending"]))

    assert listed == made[::-1]
    assert isinstance(newest, RunRow)
    assert newest.run == made[-1]


def test_events_are_found_by_type_and_node(client: Client) -> None:
    """Among ten thousand events one looks for three."""
    run = client.run("make")

    found = list(client.events(run, types=["node.result"], path="a"))

    assert [(event.type, event.path) for event in found] == [("node.result", "a")]


def test_what_is_not_there_is_told_as_what_it_is(client: Client) -> None:
    """A program that catches one thing must not catch all of them."""
    with pytest.raises(RunNotFound) as no_run:
        client.get("nowhere")
    with pytest.raises(GraphNotFound):
        client.start("nothing-of-this-name")

    assert (no_run.value.status, no_run.value.code) == (404, "run_not_found")
    assert "" not in {no_run.value.detail, no_run.value.advice, no_run.value.request}


@pytest.mark.parametrize("inputs", [{"thing": float("nan")}, {"thing": object()}, {"thing": "\ud800"}])
def test_what_is_no_json_is_refused_before_it_is_sent(client: Client, inputs: dict[str, object]) -> None:
    """A number that silently became null would be another input."""
    with pytest.raises(Invalid) as refused:
        client.start("make", inputs)

    assert "no JSON" in refused.value.detail


def test_an_empty_id_names_nothing(client: Client) -> None:
    """It would ask for the list instead, and be understood."""
    with pytest.raises(Invalid):
        client.get("")


def test_threads_share_one_client(server: RunningServer) -> None:
    """A web server with a pool of threads has one client, and its first requests come at once."""
    with Client(server.url, key="") as client, ThreadPoolExecutor(8) as pool:
        runs = [pool.submit(client.run, "make", {"thing": f"cup {n}"}) for n in range(16)]

    assert [run.result().outputs["a"] for run in runs] == [f"cup {n}" for n in range(16)]


def test_an_awaited_client_has_many_requests_under_way(server: RunningServer) -> None:
    """Each waits for its own answer, and none for another's."""

    async def scene() -> list[str]:
        async with AsyncClient(server.url, key="") as client:
            runs = await asyncio.gather(*(client.run("make", {"thing": f"pot {n}"}) for n in range(16)))
            return [run.outputs["a"] for run in runs]

    assert asyncio.run(scene()) == [f"pot {n}" for n in range(16)]


def test_a_stream_that_is_left_gives_its_connection_back(server: RunningServer) -> None:
    """Whoever looks at the first event of many streams must not run out of connections."""
    with Client(server.url, key="", connections_max=1, timeout_seconds=5) as client:
        run = client.start("ask")
        firsts = [next(client.stream(run)) for _ in range(5)]

        assert len(firsts) == 5
        assert client.row(run).run == run.run
