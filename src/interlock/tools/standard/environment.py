"""What the default tools stand on in one process: put together where ports meet adapters, and by tests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from interlock.tools.outgoing.messages import OutgoingRequest, OutgoingResponse
from interlock.tools.sandbox.job import NoSandbox, Sandbox, SandboxLimits
from interlock.tools.standard.artifacts import Shelves
from interlock.tools.standard.web import WebSearch
from interlock.tools.workspace.workspaces import Workspaces

SandboxSource: TypeAlias = Callable[[], Awaitable[Sandbox | NoSandbox]]
"""The sandbox of this machine, or why there is none. Asked at each call: whoever answers looks for it once."""

Fetch: TypeAlias = Callable[[OutgoingRequest], Awaitable[OutgoingResponse]]
"""The one way out. Which hosts it reaches at all is settled by whoever makes it."""


DEFAULT_LIMITS: Final = SandboxLimits()


@dataclass(frozen=True, kw_only=True)
class ToolEnvironment:
    """Where the default tools find a run's files, a sandbox for programs, the way out, and a search of the web."""

    workspaces: Workspaces
    sandbox: SandboxSource
    fetch: Fetch
    web: WebSearch | None = None
    """Without one, searching the web is refused."""
    artifacts: Shelves | None = None
    """Without them, files are neither fetched nor kept beyond the workspace."""
    sandbox_limits: SandboxLimits = DEFAULT_LIMITS
    """What a program may take. A tool's own time limit is the shorter of its argument and this one."""


class SandboxFoundOnce:
    """A source that looks for the sandbox when it is asked for the first time: looking takes a part of a second."""

    def __init__(self, find: SandboxSource) -> None:
        self._find = find
        self._found: Sandbox | NoSandbox | None = None
        self._looking = asyncio.Lock()

    @property
    def holds(self) -> bool | None:
        """Whether there is one here; None as long as nobody has asked for it."""
        return None if self._found is None else not isinstance(self._found, NoSandbox)

    async def __call__(self) -> Sandbox | NoSandbox:
        """What was found."""
        if self._found is None:
            async with self._looking:
                self._found = self._found or await self._find()
        return self._found
