"""The tools of a fleet's workers, which find their world below the folder in which they are started.

What is `idempotent` writes a line each time; what happens `once` has a hook that looks whether it did. Half of both
belong to the pool `gpu`.
"""

from __future__ import annotations

import time
from pathlib import Path

from interlock import ToolContext, ToolFailed, done, not_done, tool
from interlock.tools.reconciling import Reconciled
from tests.chaos.fleet.world import TryGivenUp, World

WORLD = World(Path("world"))
GPU = "gpu"


def took_place(effect_id: str, n: int) -> Reconciled:
    """Look whether an effect took place."""
    return done(n) if WORLD.took_place(effect_id) else not_done()


@tool(effect="once", reconcile=took_place)
def pay(ctx: ToolContext, n: int) -> int:
    """Do what must happen once."""
    return _once(ctx.effect_id, ctx.attempt, n)


@tool(effect="once", reconcile=took_place, pool=GPU)
def stamp(ctx: ToolContext, n: int) -> int:
    """The same, where there are few who can."""
    return _once(ctx.effect_id, ctx.attempt, n)


@tool(effect="once", reconcile=took_place)
def refund(ctx: ToolContext, n: int) -> int:
    """Take back what was paid: once, too."""
    return _once(ctx.effect_id, ctx.attempt, n)


@tool(effect="idempotent")
def write(ctx: ToolContext, n: int) -> int:
    """Do what may be done again under the same id."""
    return _again(ctx, n)


@tool(effect="idempotent", pool=GPU)
def render(ctx: ToolContext, n: int) -> int:
    """The same, where there are few who can."""
    return _again(ctx, n)


@tool(effect="idempotent")
def erase(ctx: ToolContext, n: int) -> int:
    """Take back what was written."""
    return _again(ctx, n)


@tool(effect="idempotent")
def flaky(ctx: ToolContext, n: int) -> int:
    """Fail twice before it succeeds."""
    if ctx.attempt < 3:
        raise ToolFailed("not yet", kind="unavailable")
    return _again(ctx, n)


@tool(effect="idempotent")
def book(ctx: ToolContext, n: int) -> int:
    """Three steps, each of which must happen once: only a person can say what became of one that is in doubt."""
    for part in range(3):
        ctx.effect("reserve", lambda effect: _once(effect, ctx.attempt, n), key=str(part))
    return n


def _again(ctx: ToolContext, n: int) -> int:
    WORLD.begin(ctx.effect_id, ctx.attempt)
    _take_time(ctx.effect_id)
    return n


def _once(effect: str, attempt: int, n: int) -> int:
    begun = WORLD.begin(effect, attempt)
    _take_time(effect)
    try:
        WORLD.perform(effect, attempt, begun=begun)
    except TryGivenUp as given_up:
        raise ToolFailed(str(given_up), retryable=False) from given_up
    _take_time(effect[::-1])
    return n


def _take_time(effect: str) -> None:
    """Between a hundredth and a tenth of a second, for each effect another time."""
    time.sleep(0.01 + sum(effect.encode()) % 90 / 1_000)
