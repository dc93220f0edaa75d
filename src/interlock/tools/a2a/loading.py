"""Loading the SDK, which takes a second: in a thread, so that what else runs here goes on meanwhile."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from importlib.util import find_spec

from interlock.tools.errors import ToolFailed


async def load_sdk() -> None:
    """Have the types and the signatures of the protocol at hand; `ToolFailed` if they are not installed."""
    if "a2a.utils.signing" in sys.modules:
        return
    if find_spec("a2a") is None:
        told = "agents that speak A2A need a package that is not installed: pip install 'interlock[a2a]'"
        raise ToolFailed(told, kind="unavailable", retryable=False)
    for name in ("a2a.types.a2a_pb2", "a2a.utils.signing"):
        await asyncio.to_thread(import_module, name)
