"""The tools of Interlock's rows: what is measured is everything but them. Workers load this file as they would any."""

from __future__ import annotations

from typing import Any

import measuring as m

from interlock import tool

BEGAN: list[float] = []
"""When the steps of this process began."""


@tool(effect="idempotent")
async def step(i: int) -> dict[str, Any]:
    """A step that does nothing but give its payload."""
    BEGAN.append(m.now())
    return m.payload(i)


@tool(effect="idempotent")
async def moment() -> float:
    """When this was called, wherever that is."""
    return m.now()


@tool(effect="idempotent")
async def talk(i: int, recent: list[str] | None) -> str:
    """One message, made with the last ones at hand."""
    BEGAN.append(m.now())
    assert i < m.LAST_READ or len(recent or []) == m.LAST_READ
    return "m" * 200
