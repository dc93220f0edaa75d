"""A finding from what was seen: what is wrong makes it broken, and only what is right makes it hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from interlock.engine.conformance.factors import Finding

NO_AGENTS: Final = "no agent works in this graph"
NO_MODEL: Final = "no agent asked a model in its rehearsal"


def judged(factor: int, *, wrong: Sequence[str], right: Sequence[str], advice: str) -> Finding:
    """Broken with all that is wrong; without anything wrong, it holds by what is right."""
    if wrong:
        return Finding(factor=factor, verdict="broken", evidence=tuple(dict.fromkeys(wrong)), advice=advice)
    return Finding(factor=factor, verdict="holds", evidence=tuple(dict.fromkeys(right)))


def not_applicable(factor: int, *why: str) -> Finding:
    """There is nothing here that the factor speaks of."""
    return Finding(factor=factor, verdict="not applicable", evidence=why)


def counted(count: int, noun: str) -> str:
    """`1 agent`, `2 agents`."""
    return f"{count} {noun}{'s' * (count != 1)}"
