"""A fork on a real store: the parent stays as it is, large values are edited, another graph goes on."""

from __future__ import annotations

import pytest

from interlock import Interlock, RequestRefusedError, tool
from tests.embedded.workshop import graph
from tests.store.event_loop import in_event_loop

PAID: list[int] = []
LONG = "x" * 100_000


@pytest.fixture(autouse=True)
def nothing_paid_yet() -> None:
    """Each test sees only its own payments."""
    PAID.clear()


@tool(effect="read")
async def read() -> dict[str, object]:
    """A document with a number in it."""
    return {"text": LONG, "pages": 3}


@tool(effect="once")
async def pay(amount: int) -> str:
    """Pay."""
    PAID.append(amount)
    return f"paid {amount}"


NODES = {
    "doc": {"tool": "read"},
    "pay": {"tool": "pay", "input": {"amount": "${doc.pages}"}},
    "text": {"value": "${doc.text}"},
}


@in_event_loop
async def test_a_fork_pays_only_for_what_it_does_again() -> None:
    """And names the run it came from."""
    async with Interlock(tools=[read, pay]) as interlock:
        parent = await interlock.start(graph(NODES))
        await parent.wait()
        before = [event async for event in parent.events()]

        forked = await parent.fork(await parent.prepare_fork("pay"), by="ada")
        result = await forked.wait()

        row = await forked.row()
        assert (result.status, PAID, row.kind, row.parent) == ("succeeded", [3, 3], "fork", parent.id)
        assert [event async for event in parent.events()] == before


@in_event_loop
async def test_one_field_of_a_large_result_is_set_and_the_rest_is_as_it_was() -> None:
    """What is kept outside of the log can be looked into and changed like anything else."""
    async with Interlock(tools=[read, pay]) as interlock:
        parent = await interlock.start(graph(NODES))
        await parent.wait()

        forked = await parent.fork(await parent.prepare_fork("pay", set={"doc.pages": 7}))
        await forked.wait()

        doc = (await forked.view()).nodes["doc"].output
        assert (PAID, doc) == ([3, 7], {"pages": 7, "text": LONG})
        assert (await forked.replay()).verdict == "same"


@in_event_loop
async def test_preparing_a_fork_leaves_nothing_behind() -> None:
    """It is a look at what would be."""
    async with Interlock(tools=[read, pay]) as interlock:
        parent = await interlock.start(graph(NODES))
        await parent.wait()

        prepared = await parent.prepare_fork("pay", graph=interlock.check(graph(NODES | {"more": {"value": 1}})))

        assert (prepared.fork.again, len(await interlock.runs()), PAID) == (("pay",), 1, [3])


@in_event_loop
async def test_a_fork_goes_on_with_another_graph() -> None:
    """The mended graph need not do again what the broken one did well."""
    mended = NODES | {"pay": {"tool": "pay", "input": {"amount": "${doc.pages * 10}"}}}
    async with Interlock(tools=[read, pay]) as interlock:
        parent = await interlock.start(graph(NODES))
        await parent.wait()

        forked = await parent.fork(await parent.prepare_fork("text", graph=interlock.check(graph(mended))))
        await forked.wait()

        assert PAID == [3, 30]
        assert (await forked.view()).nodes["doc"].adopted > 0
        assert (await parent.difference(forked)).nodes[0].path == "pay"


@in_event_loop
async def test_a_fork_that_cannot_be_is_refused_with_what_is_wrong() -> None:
    """Before anything is started."""
    async with Interlock(tools=[read, pay]) as interlock:
        parent = await interlock.start(graph(NODES))
        await parent.wait()

        with pytest.raises(RequestRefusedError, match=r"nothing has happened to pai in this run; did you mean pay\?"):
            await parent.prepare_fork("pai")
