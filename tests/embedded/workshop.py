"""Tools that remember what was asked of them, and small graphs that use them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from interlock import tool
from interlock.tools import ToolFailed

Graph = dict[str, Any]


class Workshop:
    """A set of tools of one test. `done` is what they did, in order; `broken` are the things they fail at."""

    def __init__(self, *broken: str) -> None:
        self.done: list[str] = []
        self.broken = set(broken)
        self.release = asyncio.Event()

        @tool
        async def make(thing: str) -> str:
            """Make a thing."""
            if thing in self.broken:
                raise ToolFailed(f"{thing} is broken")
            self.done.append(f"make {thing}")
            return thing

        @tool(effect="idempotent")
        async def unmake(thing: str) -> None:
            """Take it back."""
            self.done.append(f"unmake {thing}")

        @tool(effect="idempotent")
        async def hold(thing: str) -> str:
            """Make a thing once the test lets it."""
            await self.release.wait()
            self.done.append(f"hold {thing}")
            return thing

        self.tools: list[Callable[..., Any]] = [make, unmake, hold]


def making(thing: str, **keys: object) -> Graph:
    """A node that makes a thing."""
    return {"tool": "make", "input": {"thing": thing}, **keys}


def undoable(thing: str, **keys: object) -> Graph:
    """A node that makes a thing and can take it back."""
    return making(thing, undo={"tool": "unmake", "input": {"thing": thing}}, **keys)


def graph(nodes: dict[str, Graph], **keys: object) -> Graph:
    """A graph of these nodes."""
    return {"graph": "workshop", "nodes": nodes, **keys}


ASK: Graph = graph(
    {
        "approve": {"human": "Release?", "choices": ["release", "reject"]},
        "release": making("release", after={"approve": {"on": "release"}}),
    }
)
"""A question, and what is done if the answer is yes."""
