"""The watch over a running call: it waits for the end, the deadline, a missing heartbeat or a cancel, no longer.

Says why a call was stopped and whether it has really ended; what that means is said by `perform`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, Literal, TypeAlias, TypeVar

from interlock.core.plan import Micros
from interlock.tools.clock import Clock, Timer
from interlock.tools.running import Running

T = TypeVar("T")
Cause: TypeAlias = Literal["timeout", "silence", "cancelled"]


class Watch(Generic[T]):
    """Over one call. `grace` is how long it may clean up once it was asked to stop."""

    def __init__(self, running: Running[T], clock: Clock, *, grace: Micros, on_stop: Callable[[], None]) -> None:
        self._running = running
        self._clock = clock
        self._grace = grace
        self._on_stop = on_stop
        self._timers: dict[str, Timer] = {}
        self._gate: asyncio.Future[None] | None = None
        self._is_given_up = False
        self.cause: Cause | None = None
        """Why the call was asked to stop; None if it ended by itself."""

    def stop_at(self, deadline: Micros) -> None:
        """Stop the call at that instant."""
        self._wake_at(deadline, "deadline", lambda: self._stop("timeout"))

    def expect_heartbeat(self, within: Micros) -> None:
        """Stop the call if it is silent for so long from now."""
        self._wake_at(self._clock.now() + within, "heartbeat", lambda: self._stop("silence"))

    async def until_over(self) -> T | None:
        """The call's ending, or None if it was given up or never began.

        A cancel of the task that waits here is a request to stop the call, and is used up by it: what became of the
        call must still be reported. A second one gives the call up at once.
        """
        ended = self._running.ended
        ended.add_done_callback(self._open_gate)
        cancels = 0
        while not (ended.done() or self._is_given_up):
            self._gate = asyncio.get_running_loop().create_future()
            try:
                await self._gate
            except asyncio.CancelledError:
                use_up_cancel()
                cancels += 1
                if cancels > 1:
                    self._give_up()
                elif self.cause is None:
                    self._stop("cancelled")
        for timer in self._timers.values():
            timer.cancel()
        return ended.result() if ended.done() and not ended.cancelled() else None

    def _stop(self, cause: Cause) -> None:
        if self.cause is not None or self._running.ended.done():
            return
        self.cause = cause
        self._on_stop()
        self._running.ask_to_stop()
        if cause == "cancelled" or self._running.cleans_up:
            self._wake_at(self._clock.now() + self._grace, "grace", self._give_up)
        else:
            self._give_up()

    def _give_up(self) -> None:
        self._is_given_up = True
        self._open_gate()

    def _open_gate(self, _: object = None) -> None:
        if self._gate is not None and not self._gate.done():
            self._gate.set_result(None)

    def _wake_at(self, due: Micros, name: str, wake: Callable[[], None]) -> None:
        if name in self._timers:
            self._timers[name].cancel()
        self._timers[name] = self._clock.call_at(due, wake)


def use_up_cancel() -> None:
    """A cancel of this task has been understood: the task goes on, to say what became of its work."""
    task = asyncio.current_task()
    assert task is not None
    task.uncancel()
