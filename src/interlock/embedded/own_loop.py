"""Work in an event loop of its own, for callers that have none.

Unlike `asyncio.run` it comes back although somebody's tool never ends: such a tool was asked to stop, was given up and
is on record as unknown, so nobody waits for it. It does nothing about threads that never end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final, TypeVar

from interlock.embedded.errors import RunningLoopError

T = TypeVar("T")

LEAVE_SECONDS: Final = 5.0
"""How long what is left in the end may clean up."""


def in_own_loop(
    work: Coroutine[Any, Any, T],
    *,
    leave_seconds: float = LEAVE_SECONDS,
    new_loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> T:
    """What the work comes to. Ctrl-C cancels it, and it may clean up. `new_loop` makes the loop; left out, asyncio."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(_alone(work, leave_seconds))


def refuse_running_loop() -> None:
    """`RunningLoopError` where an event loop is running: who waits here would keep it from going on."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RunningLoopError


async def _alone(work: Coroutine[Any, Any, T], leave_seconds: float) -> T:
    try:
        return await work
    finally:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        try:
            if left:
                await asyncio.wait(left, timeout=leave_seconds)
        finally:
            _abandon(task for task in left if not task.done())


def _abandon(stuck: Iterable[asyncio.Task[Any]]) -> None:
    """Let the loop end without these: what it does not know of it does not wait for."""
    for task in stuck:
        asyncio._unregister_task(task)  # noqa: SLF001 - documented for whoever extends asyncio
        task._log_destroy_pending = False  # noqa: SLF001 - as `asyncio.gather` does # pyright: ignore[reportAttributeAccessIssue]
