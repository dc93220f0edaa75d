"""Tools of a simulated world, called through the real tool door: they take time, fail, hang, journal steps and ask.

Each knows when its effect takes place; stopped before that moment it has not, stopped after it has.
"""

from __future__ import annotations

import asyncio
import dataclasses
from functools import cache
from random import Random
from typing import Any, Final

from interlock.core import requests as r
from interlock.core.plan import EffectClass, ToolContract
from interlock.core.values import Value
from interlock.tools.context import AsyncToolContext
from interlock.tools.errors import ToolFailed
from interlock.tools.outcome import Labelled
from interlock.tools.reconciling import Reconciled, cannot_tell, done, not_done
from interlock.tools.tool import Tool, tool, tool_of
from interlock.tools.toolbox import Toolbox
from tests.simulation.contracts import TOOLS
from tests.simulation.steps import steps_of
from tests.simulation.truth import Truth
from tests.simulation.world import FAILURES, Temper

AN_HOUR: Final = 3600.0


class SimulatedTools:
    """All tools of one simulation, and what they did."""

    def __init__(self, dice: Random, temper: Temper) -> None:
        self.dice = dice
        self.temper = temper
        self.truth = Truth()
        self.looked_for: set[str] = set()
        """The effects of which a tool is asked just now what became of them."""

    def toolbox(self) -> Toolbox:
        """The tools, as the code of this simulation."""
        return Toolbox({contract.name: self._tool(contract) for contract in TOOLS})

    def _tool(self, contract: ToolContract) -> Tool:
        async def work(context: AsyncToolContext, **_given: Value) -> Value:
            return await self._work(contract, context)

        async def reconcile(effect_id: str) -> Reconciled:
            return await self._look(effect_id)

        declared = _declared(contract)
        return dataclasses.replace(declared, function=work, reconcile=reconcile if contract.can_reconcile else None)

    async def _work(self, contract: ToolContract, context: AsyncToolContext) -> Any:  # noqa: ANN401 - what it returns
        await self._take_time()
        await self._make_steps(context)
        await self._go_on()
        if context.deadline is not None and self.dice.random() < self.temper.vanishes:
            await asyncio.sleep(AN_HOUR)
        if self.dice.random() < self.temper.fails and not self.truth.knows(context.effect_id):
            raise ToolFailed("it broke", kind=self.dice.choice(FAILURES), retryable=self.dice.random() < 0.9)
        self.truth.happens(context.effect_id, context.path, contract.effect)
        await self._take_time()
        return self._out(contract)

    def _out(self, contract: ToolContract) -> Any:  # noqa: ANN401 - what a tool returns
        out: Any = {
            "n": self.dice.randint(0, 9),
            "list": [self.dice.randint(0, 9) for _ in range(self.dice.randint(0, 3))],
        }
        if self.dice.random() < self.temper.odd:
            out = self.dice.choice((None, 7, "text", [1, 2]))
        return Labelled(out, *(label for label in contract.labels if self.dice.random() < 0.6))

    async def _make_steps(self, context: AsyncToolContext) -> None:
        for step in steps_of(context.path):
            if step.asks:
                await context.ask("Which way?", choices=("left", "right"))
            else:
                await self._make_step(context, step.ordinal, step.effect_class)

    async def _make_step(self, context: AsyncToolContext, ordinal: int, effect_class: EffectClass) -> None:
        async def make(step_id: str) -> int:
            await self._take_time()
            await self._go_on()
            if self.dice.random() < self.temper.fails and not self.truth.knows(step_id):
                raise ToolFailed("the step broke")
            self.truth.happens(step_id, step_id, effect_class)
            await self._take_time()
            return ordinal

        await context.effect(f"step {ordinal}", make, effect=effect_class)

    async def _go_on(self) -> None:
        """The process goes on: here every process does, as long as it lives."""

    async def _take_time(self) -> None:
        await asyncio.sleep(self.dice.choice((0, 0, 0.01, 0.4, 3)))

    # --- what became of an effect ---

    async def _look(self, effect: str) -> Reconciled:
        self.looked_for.add(effect)
        try:
            await self._take_time()
            if self.dice.random() < 0.2:
                return cannot_tell("the ledger is away")
            return done({"n": 1}) if self.truth.knows(effect) else not_done()
        finally:
            self.looked_for.discard(effect)

    def is_looked_for(self, effect: str) -> bool:
        """Whether the tool of an effect is asked just now what became of it."""
        return effect in self.looked_for

    def settle(self, effect: str, *, by: str) -> r.SettleEffect:
        """What really became of an effect, said by somebody who went and looked."""
        is_done = self.truth.knows(effect)
        return r.SettleEffect(effect=effect, status="done" if is_done else "not_done", by=by)


@cache
def _declared(contract: ToolContract) -> Tool:
    """A tool as `@tool` makes it, with nothing inside. Reading a signature takes long, so it is done once."""

    async def work(context: AsyncToolContext, a: Value = None, b: Value = None, of: Value = None) -> Value:
        """Only its signature is read: what it does is put in its place."""

    async def reconcile(effect_id: str) -> Reconciled:
        return cannot_tell("only its signature is read")

    hook = reconcile if contract.can_reconcile else None
    found = tool_of(tool(name=contract.name, effect=contract.effect, labels=contract.labels, reconcile=hook)(work))
    assert found is not None
    return found
