"""Sinks over HTTP: how far each was told, what troubles it, what is held back, and sending that again."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import pytest

from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer, running_server
from tests.embedded.workshop import Workshop, making
from tests.sinks.receiver import Receiver, Reply, receiving

GRAPHS = {"make": {"nodes": {"a": making("cup")}}}


@contextmanager
def telling(*replies: Reply) -> Generator[tuple[RunningServer, Receiver, str]]:
    """A server with a sink, which it does not tell on by itself, and a run that was started and waits."""
    with receiving(*replies) as receiver:
        sinks, secrets = {"ops": {"to": receiver.url, "secret": "ops_key"}}, {"ops_key": "k3y"}
        with running_server(GRAPHS, Workshop().tools, works=False, sinks=sinks, secrets=secrets) as server:
            yield server, receiver, server.post("/runs", {"graph": "make"})["run"]


def test_a_sink_is_told_what_it_has_not_been_told() -> None:
    """Whoever misses events looks here first, and need not wait for a worker."""
    with telling() as (server, receiver, run):
        [before] = server.get("/sinks")["sinks"]
        after = server.post("/sinks/ops/deliver")

    assert (before["told"], before["behind"], before["behind_is_more"], before["held"]) == (0, 1, False, [])
    assert before["actions"]["resend"] == {"allowed": False, "reason": "nothing is held back"}
    assert (after["told"], after["behind"], after["last"]) == (1, 0, f"{run}/1")
    assert receiver.accepted == [f"{run}/1"]


def test_a_sink_that_fails_says_why_and_since_when() -> None:
    """A lag without a reason would be looked for in the wrong place."""
    with telling(Reply(503)) as (server, receiver, _):
        told = server.post("/sinks/ops/deliver")

    assert (told["failures"], told["error"], told["retry_at"] > 0) == (1, f"{receiver.url} answered 503", True)


def test_what_a_sink_refused_is_held_back_and_sent_again() -> None:
    """Dead letters are seen: the run, the event and why; and one request sends them once the receiver is mended."""
    with telling(Reply(422)) as (server, receiver, run):
        server.post("/sinks/ops/deliver")
        [held] = server.get("/sinks/ops/held")["held"]
        resent = server.post("/sinks/ops/resend")
        after = server.get("/sinks/ops")

    assert (held["run"], held["seq"], held["why"]) == (run, 1, f"{receiver.url} answered 422")
    assert resent == {"sink": "ops", "resent": [{"run": run, "events": 1, "error": ""}]}
    assert after["held"] == []


def test_a_refused_event_is_left_out_with_a_reason_and_stays_listed() -> None:
    """An auditor finds that it never left, and whose word that was."""
    with telling(Reply(422)) as (server, _, run):
        server.post("/sinks/ops/deliver")
        unsaid = server.refused("POST", "/sinks/ops/leave-out", json={"runs": [run]})
        server.post("/sinks/ops/leave-out", {"runs": [run], "why": "too old"})
        [left] = server.get("/sinks/ops")["left_out"]

    assert (unsaid["code"], unsaid["field"]) == ("invalid_request", "why")
    assert (left["event"], left["why"], left["by"]) == (f"{run}/1", "too old", "local")


def test_what_is_refused_again_is_told_for_each_run() -> None:
    """One run that is not held back, or refused once more, keeps no other back."""
    with telling(Reply(422), Reply(422)) as (server, _, run):
        server.post("/sinks/ops/deliver")
        again = server.post("/sinks/ops/resend", {"runs": [run, "nothing"]})["resent"]

    assert [each["events"] for each in again] == [0, 0]
    assert ["was refused again" in again[0]["error"], "nothing" in again[1]["error"]] == [True, True]


def test_sinks_are_of_whoever_runs_the_installation() -> None:
    """Another tenant's events never leave for them, so it learns neither their addresses nor what was told."""
    with telling() as (server, receiver, _), server.as_key(key_of(server, tenant="other", role="owner")) as other:
        other.post("/v1/runs", json={"graph": "make"})
        listed = other.get("/v1/sinks").json()
        delivered = other.post("/v1/sinks/ops/deliver").json()

    assert (listed, delivered["code"], receiver.posted) == ({"sinks": []}, "sink_not_found", [])


@pytest.mark.parametrize("path", ["/sinks/ops/deliver", "/sinks/ops/resend"])
def test_a_viewer_tells_no_sink_on(path: str) -> None:
    """Sending events somewhere is more than looking."""
    with telling() as (server, _, _), server.as_key(key_of(server, tenant="local", role="viewer")) as viewer:
        told = viewer.post(f"/v1{path}", json={}).json()

    assert told["code"] == "not_allowed"
