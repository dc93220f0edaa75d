"""Events as signed requests to a real server on the loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.sinks.errors import EventRefusedError, SinkError, SinkGoneError, SinkUnusableError, TryAgainError
from interlock.sinks.signature import SIGNATURE_HEADER, is_signed, sign
from interlock.sinks.sink import SinkTarget
from interlock.sinks.webhook_sink import Answer, WebhookSink, judge, retry_after_seconds, webhook_sink
from tests.sinks.event_samples import some_events
from tests.sinks.receiver import Receiver, Reply, receiving
from tests.store.event_loop import in_event_loop

NOON = 1_760_000_000


def sink_to(receiver: Receiver, *, query: str = "", timeout_seconds: float = 5.0) -> WebhookSink:
    """The sink of a receiver's address."""
    scheme, _, to = receiver.url.partition(":")
    target = SinkTarget(
        name="ops", kind=scheme, to=to + query, folder=Path(), key="k3y", timeout_seconds=timeout_seconds
    )
    return webhook_sink(target)


@in_event_loop
async def test_events_are_posted_together_as_a_batch_of_cloud_events() -> None:
    """A request for each event would cost a round trip for each."""
    with receiving() as receiver:
        await sink_to(receiver).deliver(some_events(1, 2))

    [posted] = receiver.posted
    assert (posted.path, posted.ids) == ("/events", ["r1/1", "r1/2"])
    assert posted.headers["Content-Type"] == "application/cloudevents-batch+json; charset=UTF-8"


@in_event_loop
async def test_what_is_posted_is_signed_over_its_time_and_its_bytes() -> None:
    """A receiver on the open internet has to know that nobody else has written to it."""
    with receiving() as receiver:
        await sink_to(receiver).deliver(some_events(1))

    [posted] = receiver.posted
    header = posted.headers[SIGNATURE_HEADER]
    at = int(header.partition(",")[0].removeprefix("t="))
    assert is_signed("k3y", header, posted.body, now=at)
    assert not is_signed("k3y", header, posted.body + b" ", now=at)
    assert not is_signed("other", header, posted.body, now=at)
    assert not is_signed("k3y", header, posted.body, now=at + 301)


def test_a_signature_is_what_the_page_for_receivers_says() -> None:
    """Receivers are written in any language, from the description alone."""
    assert sign("k3y", b"[]", at=NOON) == (
        "t=1760000000,v1=ff2623097d2a7bf970ad3e67a19e0b02a0837ebac717e466b96aff5b046fbce0"
    )


@pytest.mark.parametrize("header", ["", "t=,v1=", "t=x,v1=00", "v1=00", "t=1760000000", "t=1760000000,v1=zz"])
def test_a_signature_that_cannot_be_read_is_none(header: str) -> None:
    """What a stranger sends must not break the receiver."""
    assert not is_signed("k3y", header, b"[]", now=NOON)


@in_event_loop
async def test_a_server_that_hangs_is_given_up_in_time() -> None:
    """The relay would stand still for ever, and the lag would grow unseen."""
    with receiving(Reply(hangs=True)) as receiver, pytest.raises(TryAgainError, match=r"did not answer within 0.05 s"):
        await sink_to(receiver, timeout_seconds=0.05).deliver(some_events(1))


@in_event_loop
async def test_a_server_that_is_not_there_is_tried_again() -> None:
    """It is being deployed, perhaps."""
    with receiving() as receiver:
        sink = sink_to(receiver)

    with pytest.raises(TryAgainError, match="cannot be reached"):
        await sink.deliver(some_events(1))


@in_event_loop
async def test_a_server_that_asks_to_be_left_alone_says_for_how_long() -> None:
    """Whoever asks again sooner is shut out for longer."""
    busy = Reply(429, {"Retry-After": "120"})

    with receiving(busy) as receiver, pytest.raises(TryAgainError, match="answered 429") as told:
        await sink_to(receiver).deliver(some_events(1))

    assert told.value.after_seconds == 120.0


@pytest.mark.parametrize(
    ("status", "means"),
    [
        (302, TryAgainError),
        (401, TryAgainError),
        (404, TryAgainError),
        (408, TryAgainError),
        (500, TryAgainError),
        (503, TryAgainError),
        (400, EventRefusedError),
        (413, EventRefusedError),
        (422, EventRefusedError),
        (410, SinkGoneError),
    ],
)
def test_an_answer_says_whether_the_events_the_address_or_the_moment_is_wrong(
    status: int, means: type[SinkError]
) -> None:
    """A wrong key or address is mended by somebody: to set every event aside for that would make it worse."""
    with pytest.raises(means, match=f"https://ops answered {status}"):
        judge(Answer(status, ""), where="https://ops", now=NOON)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 0.0),
        ("30", 30.0),
        ("999999", 3600.0),
        ("Thu, 09 Oct 2025 08:54:20 GMT", 60.0),
        ("Thu, 09 Oct 2025 08:00:00 GMT", 0.0),
        ("soon", 0.0),
    ],
)
def test_retry_after_is_a_number_of_seconds_or_a_date(header: str, seconds: float) -> None:
    """Both are in use; what cannot be read must not stop the relay, nor may a mistake stop it for a year."""
    assert retry_after_seconds(header, now=NOON) == seconds


@in_event_loop
async def test_an_address_is_told_without_what_may_be_secret_in_it() -> None:
    """Errors are kept in records and shown to many."""
    with receiving(Reply(500)) as receiver, pytest.raises(TryAgainError) as told:
        await sink_to(receiver, query="?token=t0p").deliver(some_events(1))

    assert str(told.value) == f"{receiver.url} answered 500"
    assert receiver.posted[0].path == "/events?token=t0p"


@pytest.mark.parametrize(
    ("to", "key", "told"),
    [
        ("//ops/in", None, "has no secret to sign with"),
        ("///in", "k", "names no host"),
        ("//ops:x/in", "k", "names no host"),
        ("//me:pw@ops/in", "k", "has a password in its address"),
    ],
)
def test_a_webhook_that_cannot_work_is_refused_before_anything_is_sent(to: str, key: str | None, told: str) -> None:
    """At the first delivery, hours later, nobody would be looking."""
    with pytest.raises(SinkUnusableError, match=told):
        webhook_sink(SinkTarget(name="ops", kind="https", to=to, folder=Path(), key=key))
