"""What other processes leave for a run: rows that anybody may write, so anything may stand in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock import Interlock
from interlock.bootstrap import TENANT
from interlock.core.requests import Answer
from interlock.engine.signals import encode_request
from interlock.store.sqlite.store import SqliteEventStore
from tests.embedded.test_taking_up import LaterClock
from tests.embedded.workshop import ASK, graph
from tests.engine.soundness import assert_sound
from tests.store.event_loop import in_event_loop


@pytest.mark.parametrize(
    ("kind", "body"),
    [("pause", b"\xff not msgpack"), ("pause", b"\x81\xa3why\x05"), ("dance", b"\x80")],
    ids=["broken", "of a wrong form", "of a newer release"],
)
def test_a_signal_that_cannot_be_read_stays_and_keeps_no_other_one_waiting(
    tmp_path: Path, kind: str, body: bytes
) -> None:
    """One row of another release must not make every driver deaf."""
    place = tmp_path / "interlock.db"

    @in_event_loop
    async def story() -> None:
        async with Interlock(place) as driving, SqliteEventStore(place, clock=lambda: 1) as other:
            run = await driving.start(ASK | {"nodes": {"approve": ASK["nodes"]["approve"]}})
            await run.wait_while_moving()

            await other.send_signal(TENANT, run.id, kind=kind, body=body, sender="somebody")
            await other.send_signal(TENANT, run.id, kind="cancel", body=b"\x80", sender="somebody")
            result = await run.wait()

            left = await other.unread_signals(TENANT, run=run.id)
        assert (result.status, [signal.kind for signal in left]) == ("cancelled", [kind])

    story()


@in_event_loop
async def test_an_answer_that_was_left_in_time_counts_though_it_is_read_after_the_deadline(tmp_path: Path) -> None:
    """Who answered was told that the answer was taken; that nobody drove the run meanwhile is not their fault."""
    place = tmp_path / "interlock.db"
    question = {"human": "Release?", "choices": ["yes", "no"], "timeout": "30m", "otherwise": "no"}
    async with Interlock(place) as asking:
        run = await asking.start(graph({"approve": question}))
    async with SqliteEventStore(place, clock=lambda: 1) as other:
        answer = encode_request(Answer(path="approve", by="ada", choice="yes"))
        await other.send_signal(TENANT, run.id, kind="answer", body=answer, sender="ada")

    async with Interlock(place, clock=LaterClock()) as interlock:
        result = await (await interlock.take_up(run.id)).wait()

    assert (result.status, result.nodes["approve"].labels) == ("succeeded", ("yes",))
    await assert_sound(place)
