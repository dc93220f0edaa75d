"""A call that must stop is asked to, waited for within bounds, and told of honestly: it may have taken effect."""

from __future__ import annotations

import asyncio
import threading

from interlock.core.events import Error
from interlock.tools import (
    AsyncToolContext,
    Done,
    Failed,
    ToolCall,
    ToolContext,
    ToolFailed,
    ToolOutcome,
    Unknown,
    tool,
)
from interlock.tools.in_flight import InFlight
from interlock.tools.perform import perform
from tests.tools.doorstep import SECOND, ManualClock, MemoryJournal, a_call, a_door, begun, lived, performed, the_tool


def late(name: str) -> Unknown:
    """The outcome of a call that did not end before its deadline."""
    return Unknown(Error("timeout", f"`{name}` did not end before its deadline; whether it took effect is unknown"))


def cancelled(name: str, then: str = "") -> Unknown:
    """The outcome of a call that was cancelled."""
    told = f"`{name}` was stopped by a cancel{then}; whether it took effect is unknown"
    return Unknown(Error("cancelled", told))


def test_an_async_tool_is_cancelled_at_its_deadline_and_its_outcome_is_unknown() -> None:
    """A payment that was sent and not confirmed is neither done nor failed."""

    async def story() -> object:
        clock, started, cleaned_up = ManualClock(), asyncio.Event(), asyncio.Event()

        @tool
        async def pay() -> None:
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                cleaned_up.set()

        call = begun(the_tool(pay), a_call(deadline=3 * SECOND), MemoryJournal(), a_door(clock))
        await started.wait()
        clock.advance(3 * SECOND)
        return await call, cleaned_up.is_set()

    assert lived(story) == (late("pay"), True)


def test_the_earlier_of_the_nodes_and_the_tools_timeout_counts() -> None:
    """The author of the tool knows how long it can take at most; the author of the graph how long it may."""

    async def story() -> object:
        clock, started = ManualClock(), asyncio.Event()

        @tool(timeout="2s")
        async def pay() -> None:
            started.set()
            await asyncio.Event().wait()

        call = begun(the_tool(pay), a_call(deadline=30 * SECOND), MemoryJournal(), a_door(clock))
        await started.wait()
        clock.advance(2 * SECOND)
        return await call

    assert lived(story) == late("pay")


def test_a_deadline_that_has_passed_leaves_the_tool_alone() -> None:
    """Not called is known: it is a failure that may be repeated."""

    async def story() -> object:
        clock = ManualClock()
        clock.advance(SECOND)

        @tool
        async def pay() -> None:
            raise AssertionError("it was called")

        return await performed(the_tool(pay), a_call(deadline=SECOND), MemoryJournal(), a_door(clock))

    error = Error("timeout", "`pay` was not called: its deadline had passed")
    assert lived(story) == Failed(error, calls=0)


def test_cleaning_up_is_waited_for_within_the_grace_and_not_beyond() -> None:
    """A tool that closes its connection is given the time; one that never ends must not hold the run."""

    async def story() -> object:
        clock, started, stuck = ManualClock(), asyncio.Event(), asyncio.Event()
        reported: list[tuple[ToolCall, ToolOutcome]] = []
        end = asyncio.Event()

        def keep(call: ToolCall, outcome: ToolOutcome) -> None:
            reported.append((call, outcome))

        @tool
        async def pay() -> str:
            started.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                stuck.set()
                await end.wait()
            return "paid after all"

        door = a_door(clock, grace=5 * SECOND, on_late=keep)
        call = begun(the_tool(pay), a_call(), MemoryJournal(), door)
        await started.wait()
        call.stop()
        await stuck.wait()
        clock.advance(5 * SECOND)
        outcome, held = await call, door.slots["task"].free
        end.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return outcome, held, door.slots["task"].free, reported

    assert lived(story) == (cancelled("pay"), 7, 8, [(a_call(), Done("paid after all"))])


def test_a_tool_that_finishes_while_it_is_being_stopped_is_done() -> None:
    """A known result is worth more than a punctual end: its undo will count (rule 35)."""

    async def story() -> object:
        started = asyncio.Event()

        @tool
        async def pay() -> str:
            started.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return "paid"
            raise AssertionError("nobody cancelled")

        call = begun(the_tool(pay), a_call(), MemoryJournal(), a_door())
        await started.wait()
        call.stop()
        return await call

    assert lived(story) == Done("paid")


def test_what_breaks_while_it_is_being_stopped_is_unknown_unless_the_tool_says_that_it_failed() -> None:
    """A torn connection says nothing about the payment; `ToolFailed` does."""

    async def story() -> tuple[ToolOutcome, ToolOutcome]:
        started = [asyncio.Event(), asyncio.Event()]

        @tool
        async def torn() -> None:
            started[0].set()
            try:
                await asyncio.Event().wait()
            finally:
                raise ConnectionError("torn")

        @tool
        async def sure() -> None:
            started[1].set()
            try:
                await asyncio.Event().wait()
            finally:
                raise ToolFailed("nothing was sent")

        door = a_door()
        first = begun(the_tool(torn), a_call(), MemoryJournal(), door)
        second = begun(the_tool(sure), a_call(), MemoryJournal(), door)
        await asyncio.gather(*(event.wait() for event in started))
        first.stop()
        second.stop()
        return await first, await second

    torn, sure = lived(story)

    assert isinstance(torn, Unknown)
    assert "was stopped by a cancel, then failed: ConnectionError: torn" in torn.error.message
    assert sure == Failed(Error("failed", "nothing was sent"))


def test_a_second_cancel_gives_the_tool_up_at_once() -> None:
    """Whoever presses twice does not want to wait for the grace."""

    async def story() -> object:
        started, stuck = asyncio.Event(), asyncio.Event()

        @tool
        async def stubborn() -> None:
            started.set()
            for _ in range(2):
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    stuck.set()

        call = begun(the_tool(stubborn), a_call(), MemoryJournal(), a_door())
        await started.wait()
        call.stop()
        await stuck.wait()
        call.stop()
        return await call

    assert lived(story) == cancelled("stubborn")


def test_a_tool_that_cancels_its_own_task_harms_nobody_else_and_has_not_said_how_it_ended() -> None:
    """The task is the call's own: a library that misuses it must not stop the run."""

    async def story() -> object:
        def cancel_this_task() -> None:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()

        @tool
        async def returns() -> None:
            cancel_this_task()

        @tool
        async def waits() -> None:
            cancel_this_task()
            await asyncio.sleep(0)

        door = a_door()
        outcomes = [await performed(the_tool(clumsy), a_call(), MemoryJournal(), door) for clumsy in (returns, waits)]
        return *outcomes, door.slots["task"].free

    message = "the task of `waits` was cancelled before it had ended; whether it took effect is unknown"
    assert lived(story) == (Done(None), Unknown(Error("lost", message)), 8)


def test_a_call_that_ends_with_its_event_loop_is_unknown() -> None:
    """Whoever lets the loop end under a payment that was sent has not learnt that it failed."""
    outcomes: list[ToolOutcome] = []

    async def story() -> None:
        started = asyncio.Event()

        @tool
        async def pay() -> None:
            started.set()
            await asyncio.Event().wait()

        in_flight = InFlight(outcomes.append)
        in_flight.carry(perform(the_tool(pay), a_call(), MemoryJournal(), a_door(), in_flight))
        await started.wait()

    lived(story)

    message = "the task of `pay` was cancelled before it had ended; whether it took effect is unknown"
    assert outcomes == [Unknown(Error("lost", message))]


def test_a_blocking_tool_is_given_up_at_its_deadline_and_its_slot_stays_counted() -> None:
    """Nobody can end a thread: what can be promised is that the run goes on and that threads stay bounded."""

    async def story() -> object:
        clock, started, release = ManualClock(), asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()
        reported: asyncio.Queue[ToolOutcome] = asyncio.Queue()

        def keep(call: ToolCall, outcome: ToolOutcome) -> None:
            reported.put_nowait(outcome)

        @tool
        def crunch() -> int:
            loop.call_soon_threadsafe(started.set)
            release.wait(20)
            return 7

        door = a_door(clock, on_late=keep)
        call = begun(the_tool(crunch), a_call(deadline=SECOND), MemoryJournal(), door)
        await started.wait()
        clock.advance(SECOND)
        outcome, held = await call, door.slots["thread"].free
        release.set()
        return outcome, held, await reported.get(), door.slots["thread"].free

    assert lived(story) == (late("crunch"), 3, Done(7), 4)


def test_a_blocking_tool_sees_that_it_should_stop_and_may_stop_where_it_likes() -> None:
    """`ctx.check()` between two pieces of work is all that a well-behaved tool needs."""

    async def story() -> object:
        started, go_on = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        @tool
        def crunch(ctx: ToolContext) -> None:
            ctx.check()
            loop.call_soon_threadsafe(started.set)
            go_on.wait(20)
            assert ctx.should_stop
            ctx.check()

        call = begun(the_tool(crunch), a_call(), MemoryJournal(), a_door())
        await started.wait()
        call.stop()
        await asyncio.sleep(0)
        go_on.set()
        return await call

    assert lived(story) == cancelled("crunch")


def test_a_tool_that_is_silent_for_too_long_is_stopped_and_one_that_beats_is_not() -> None:
    """A long download may take hours; one that hangs should be seen within seconds."""

    async def story() -> object:
        clock, beaten, beat_again = ManualClock(), asyncio.Event(), asyncio.Event()

        @tool(heartbeat="10s")
        async def download(ctx: AsyncToolContext) -> None:
            ctx.heartbeat({"bytes": 1})
            await beat_again.wait()
            ctx.heartbeat({"bytes": 2})
            beaten.set()
            await asyncio.Event().wait()

        journal = MemoryJournal()
        call = begun(the_tool(download), a_call(), journal, a_door(clock))
        await asyncio.sleep(0)
        clock.advance(9 * SECOND)
        beat_again.set()
        await beaten.wait()
        clock.advance(9 * SECOND)
        still_running = not call.is_over
        clock.advance(SECOND)
        return still_running, await call, journal.last_heartbeat

    message = "`download` sent no heartbeat in time and was stopped; whether it took effect is unknown"
    assert lived(story) == (True, Unknown(Error("timeout", message)), {"bytes": 2})


def test_a_tool_that_was_given_up_is_not_heard_any_more() -> None:
    """Another try may be under way: where the first one is must not be taken for where that one is."""

    async def story() -> object:
        started, stuck, go_on, spoken = (asyncio.Event() for _ in range(4))

        @tool(heartbeat="10s")
        async def download(ctx: AsyncToolContext) -> None:
            ctx.heartbeat({"bytes": 1})
            started.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                stuck.set()
                await go_on.wait()
            ctx.heartbeat({"bytes": 2})
            ctx.progress(0.5, "half of it")
            spoken.set()

        journal = MemoryJournal()
        call = begun(the_tool(download), a_call(), journal, a_door())
        await started.wait()
        call.stop()
        await stuck.wait()
        call.stop()
        outcome = await call
        go_on.set()
        await spoken.wait()
        return outcome, journal.last_heartbeat, journal.shown

    assert lived(story) == (cancelled("download"), {"bytes": 1}, [])
