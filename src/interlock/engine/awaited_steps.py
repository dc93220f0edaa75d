"""What is waited for inside nodes that are performed here: answers to their questions, ends of the graphs they call."""

from __future__ import annotations

import asyncio
from typing import Final

from interlock.core.evolving.under_way import steps_at
from interlock.core.plan import Plan
from interlock.core.state import RunState, Step

_OVER: Final = frozenset({"done", "ended"})


class AwaitedSteps:
    """Those of one run, by the path of the node and the ordinal of the step."""

    def __init__(self) -> None:
        self._awaited: dict[tuple[str, int], asyncio.Future[Step]] = {}

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return bool(self._awaited)

    def until_over(self, path: str, ordinal: int) -> asyncio.Future[Step]:
        """The step, as soon as it is on record that it was answered, or that its graph has ended."""
        self._awaited[path, ordinal] = future = asyncio.get_running_loop().create_future()
        return future

    def give(self, plan: Plan, state: RunState) -> None:
        """Give every step that is over by now."""
        for (path, ordinal), future in list(self._awaited.items()):
            step = (steps_at(plan, state, path) or {}).get(ordinal)
            if step is not None and step.status in _OVER:
                del self._awaited[path, ordinal]
                if not future.done():
                    future.set_result(step)
