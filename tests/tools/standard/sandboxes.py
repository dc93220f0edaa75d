"""The sandbox of this machine for tests: the quickest tier that holds. Where there is none, tests say so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from interlock.tools.outgoing import OutgoingRefused, OutgoingRequest, OutgoingResponse
from interlock.tools.sandbox import NoSandbox, Sandbox, find_sandbox
from interlock.tools.standard import ToolEnvironment, standard_tools
from interlock.tools.tool import Tool
from interlock.tools.workspace import Workspaces
from tests.tools.standard.bench import Bench


@cache
def sandbox_here() -> Sandbox | NoSandbox:
    """What is found on this machine. It belongs to no event loop, so one search serves all tests."""
    return asyncio.run(find_sandbox(tiers=("bubblewrap", "landlock", "gvisor")))


def sandboxed_bench(folder: Path) -> Bench:
    """All default tools with a real sandbox; skipped, with the reason, on a machine that has none."""
    sandbox = sandbox_here()
    if isinstance(sandbox, NoSandbox):
        pytest.skip(str(sandbox))
    return bench_with(folder, sandbox)


def bench_with(folder: Path, sandbox: Sandbox | NoSandbox) -> Bench:
    """All default tools, with that in the place of the sandbox, and no way out."""

    async def found() -> Sandbox | NoSandbox:
        return sandbox

    async def fetch(request: OutgoingRequest) -> OutgoingResponse:
        raise OutgoingRefused(f"{request.url} is not called from here")

    def made(workspaces: Workspaces) -> Sequence[Tool]:
        return standard_tools(ToolEnvironment(workspaces=workspaces, sandbox=found, fetch=fetch))

    return Bench(folder, made)
