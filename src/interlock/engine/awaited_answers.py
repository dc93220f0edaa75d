"""What tools that are performed here wait for: answers to questions that their steps have asked."""

from __future__ import annotations

import asyncio

from interlock.core.evolving.under_way import steps_at
from interlock.core.plan import Plan
from interlock.core.state import RunState
from interlock.core.values import Value


class AwaitedAnswers:
    """Those of one run, by the path of the node and the ordinal of the step."""

    def __init__(self) -> None:
        self._awaited: dict[tuple[str, int], asyncio.Future[Value]] = {}

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return bool(self._awaited)

    def to(self, path: str, ordinal: int) -> asyncio.Future[Value]:
        """The answer to a step's question, as soon as it is on record."""
        self._awaited[path, ordinal] = future = asyncio.get_running_loop().create_future()
        return future

    def give(self, plan: Plan, state: RunState) -> None:
        """Give every answer that is on record by now."""
        for (path, ordinal), future in list(self._awaited.items()):
            step = (steps_at(plan, state, path) or {}).get(ordinal)
            if step is not None and step.status == "done":
                del self._awaited[path, ordinal]
                if not future.done():
                    future.set_result(step.out)
