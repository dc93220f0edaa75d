"""Events as they happen: in order, once each, from wherever somebody was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from interlock.api.streams.following import Writing, of_feed
from interlock.api.streams.hubs import Hubs
from interlock.api.streams.topics import Topic
from interlock.embedded.graphs import Named
from tests.api.running_server import RunningServer

Frame = dict[str, str]


def frames(response: httpx.Response) -> Iterator[Frame]:
    """Server-sent events, one by one, as a browser reads them."""
    frame: Frame = {}
    for line in response.iter_lines():
        if not line:
            if "data" in frame:
                yield frame
            frame = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            frame[name] = value


def heard(server: RunningServer, path: str, **more: Any) -> list[Frame]:  # noqa: ANN401 - what httpx takes
    """Everything that a stream which ends tells."""
    with server.http.stream("GET", f"/v1{path}", **more) as response:
        return list(frames(response))


def some(frames: Iterator[Frame], count: int) -> list[Frame]:
    """The next few frames of a stream."""
    return [next(frames) for _ in range(count)]


def test_a_stream_of_a_run_tells_what_was_and_what_comes_up_to_its_end(server: RunningServer) -> None:
    """Whoever comes late hears all of it, and in order."""
    run = server.started("ask")

    with server.http.stream("GET", f"/v1/runs/{run}/stream") as response:
        told = frames(response)
        before = some(told, 4)
        server.post(f"/runs/{run}/answers", {"path": "ask", "choice": "release"})
        after = list(told)

    seqs = [int(frame["id"]) for frame in before + after]
    assert seqs == list(range(1, server.get(f"/runs/{run}/row")["seq"] + 1))
    assert (after[-1]["event"], json.loads(after[-1]["data"])["run"]) == ("run.ended", run)


def test_a_stream_goes_on_behind_the_last_event_that_was_heard(server: RunningServer) -> None:
    """A connection breaks, and nothing is lost or told twice."""
    run = server.started("make")
    whole = heard(server, f"/runs/{run}/stream")

    rest = heard(server, f"/runs/{run}/stream", headers={"last-event-id": whole[1]["id"]})
    over = server.http.get(f"/v1/runs/{run}/stream", headers={"last-event-id": whole[-1]["id"]})

    assert rest == whole[2:]
    assert over.status_code == 204


def test_of_some_types_a_stream_still_tells_the_end(server: RunningServer) -> None:
    """A listener that hears of failures alone would wait for ever for a run that succeeds."""
    run = server.started("make")

    told = heard(server, f"/runs/{run}/stream", params={"type": "node.failed"})

    assert [frame["event"] for frame in told] == ["run.ended"]


def test_the_stream_of_everything_goes_on_from_an_id(server: RunningServer) -> None:
    """Its ids are places in the feed: one is all that a follower has to remember."""
    with server.http.stream("GET", "/v1/stream", params={"graph": "make"}) as response:
        told = frames(response)
        run = server.started("make")
        first = some(told, 2)
        place = first[-1]["id"]
    other = server.started("make")

    with server.http.stream("GET", "/v1/stream", params={"graph": "make", "after": place}) as response:
        rest = some(frames(response), 4)

    runs = [json.loads(frame["data"])["run"] for frame in first + rest]
    seqs = [json.loads(frame["data"])["seq"] for frame in first + rest]
    assert list(zip(runs, seqs, strict=True)) == [(run, 1), (run, 2), (run, 3), (run, 4), (other, 1), (other, 2)]


def test_a_stream_that_breaks_off_before_anything_happens_goes_on_where_it_began(server: RunningServer) -> None:
    """What happens while somebody comes back was not told them yet, and their first connection told no event."""
    with server.http.stream("GET", "/v1/stream", params={"graph": "make"}) as response:
        begun = next(line for line in response.iter_lines() if line.startswith("id: "))
    run = server.started("make")

    with server.http.stream("GET", "/v1/stream", headers={"last-event-id": begun.removeprefix("id: ")}) as response:
        first = next(frames(response))

    assert (first["event"], json.loads(first["data"])["run"]) == ("run.started", run)


def test_a_place_that_was_never_given_out_is_refused(server: RunningServer) -> None:
    """To begin anywhere else would skip events, and nobody would know."""
    told = server.refused("GET", "/stream", params={"after": "yesterday"})

    assert (told["code"], told["field"]) == ("invalid_request", "after")


def said(socket: ClientConnection, **message: object) -> None:
    """A message to a socket."""
    socket.send(json.dumps(message))


def events_of(socket: ClientConnection, topic: str, count: int) -> list[dict[str, Any]]:
    """The next events of a topic; those of other topics fail the test."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        message = json.loads(socket.recv(timeout=20))
        assert message["topic"] == topic
        found.extend(message["events"])
    return found


def socket_of(server: RunningServer) -> ClientConnection:
    """A WebSocket on which topics are heard."""
    return connect(server.url.replace("http", "ws") + "/v1/stream")


def test_topics_of_one_socket_change_without_a_reconnection(server: RunningServer) -> None:
    """A page opens another view, and the connection stays."""
    with socket_of(server) as socket:
        said(socket, subscribe="ended", graphs=["make"], types=["run.ended"])
        assert events_of(socket, "ended", 0) == []
        run = server.started("make")
        [ended] = events_of(socket, "ended", 1)
        said(socket, unsubscribe="ended")
        said(socket, subscribe="one", runs=[run], after="0")
        whole = events_of(socket, "one", 4)

    assert (ended["event"]["run"], ended["event"]["type"]) == (run, "run.ended")
    assert [event["event"]["seq"] for event in whole] == [1, 2, 3, 4]
    assert whole[-1]["id"] == ended["id"]


NONSENSE = ("[]", "{", '{"subscribe": "a", "run": "x"}', '{"subscribe": "a", "after": "soon"}')


def test_a_socket_that_is_told_nonsense_says_what_is_wrong_and_stays(server: RunningServer) -> None:
    """One mistake of a page must not cost it everything else that it hears."""
    with socket_of(server) as socket:
        for nonsense in (*NONSENSE, json.dumps({"subscribe": "a" * 201})):
            socket.send(nonsense)
        told = [json.loads(socket.recv(timeout=20))["problem"]["code"] for _ in range(5)]
        said(socket, subscribe="a")
        begun = json.loads(socket.recv(timeout=20))

    assert told == ["invalid_request"] * 5
    assert begun == {"topic": "a", "events": []}


def test_a_topic_that_cannot_be_heard_says_so_and_the_others_go_on(server: RunningServer) -> None:
    """Words of a run that is not there (or another tenant's) are waited for in vain: whoever asks is told."""
    with socket_of(server) as socket:
        said(socket, subscribe="words", runs=["nosuchrun"], deltas=True)
        begun, refused = (json.loads(socket.recv(timeout=20)) for _ in range(2))
        said(socket, subscribe="others")
        others = json.loads(socket.recv(timeout=20))

    assert begun == {"topic": "words", "events": []}
    assert (refused["topic"], refused["problem"]["code"]) == ("words", "run_not_found")
    assert others == {"topic": "others", "events": []}


def test_what_happens_as_soon_as_a_stream_has_begun_is_told(server: RunningServer) -> None:
    """Whoever sees that it has begun, and then starts something, would wait for ever for what was passed over."""

    async def heard() -> bytes:
        hub = await Hubs(server.served[0]).of("local")
        feed = of_feed(hub, Topic(), after=None, live=(), writing=Writing(lambda told: told.data, lambda _: b"", b""))
        async with aclosing(feed):
            await anext(feed)
            handle = await (await server.served[0].of("local")).start(Named("make"), {})
            await handle.ended()
            told = await anext(feed)
        await hub.close()
        return told

    assert b"run.started" in server.soon(heard())
