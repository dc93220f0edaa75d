"""The calls of a run that are performed here, by their paths, from their beginning until what became of them is told.

An agent that does nothing but wait may be put down: whoever takes the run up finds its record, and goes on from there.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from interlock.core.evolving.under_way import attempt_in_flight
from interlock.core.plan import Plan
from interlock.core.state import RunState
from interlock.tools.in_flight import InFlight


class CallsInHand:
    """Those of one run."""

    def __init__(self) -> None:
        self._calls: dict[str, InFlight[Any]] = {}
        self._agents: set[str] = set()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._calls)

    def begin(self, key: str, call: InFlight[Any], work: Coroutine[None, None, None], *, is_agent: bool) -> None:
        """Begin one. What was begun before under its key has been settled otherwise."""
        self.stop(key)
        self._calls[key] = call
        (self._agents.add if is_agent else self._agents.discard)(key)
        call.carry(work)

    def stop(self, key: str) -> bool:
        """Ask one to stop; False if it is not performed here."""
        call = self._calls.get(key)
        if call is not None:
            call.stop()
        return call is not None

    def stop_all(self) -> None:
        """Ask all of them to stop."""
        for call in list(self._calls.values()):
            call.stop()

    def is_last_begun(self, key: str) -> bool:
        """Whether what was just reported is what was begun last under its key: then nothing is in hand there."""
        call = self._calls.get(key)
        if call is None or not call.is_over:
            return False
        del self._calls[key]
        return True

    def drop(self, key: str, call: InFlight[Any]) -> None:
        """Of this one nobody knows what became."""
        if self._calls.get(key) is call:
            del self._calls[key]

    def only_wait(self, plan: Plan, state: RunState) -> bool:
        """Whether every one of them is an agent that may be put down."""
        return all(self.may_be_put_down(plan, state, key) for key in self._calls)

    def may_be_put_down(self, plan: Plan, state: RunState, key: str) -> bool:
        """Whether a call is an agent's that waits for people, or for a graph it has called, and for nothing else."""
        attempt = attempt_in_flight(plan, state, key) if key in self._agents else None
        return attempt is not None and attempt.waits
