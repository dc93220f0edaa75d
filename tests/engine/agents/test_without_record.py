"""What cannot be put on record is not done: neither a call of a tool nor of a model, whoever asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from interlock import tool
from interlock.agents import agent
from interlock.core import events as e
from interlock.store.errors import PlaceError
from interlock.store.event_store import Append
from tests.engine.agents.scripted_models import Answers, ScriptedModels, calls
from tests.engine.agents.workbench import CountingStore, Workbench
from tests.engine.fleet import on_virtual_time
from tests.simulation.virtual_time import VirtualClock

IsMeant = Callable[[e.Event], bool]


class FullStore(CountingStore):
    """A store that has no room for certain events."""

    def __init__(self, clock: VirtualClock, is_meant: IsMeant) -> None:
        super().__init__(clock)
        self._is_meant = is_meant

    async def append(self, append: Append) -> None:
        """Append, or say that the disk is full."""
        if any(map(self._is_meant, append.events)):
            raise PlaceError("the store", "full", "the disk is full")
        await super().append(append)


def is_payment_of_agent(event: e.Event) -> bool:
    """The intent of the call that an agent asks for."""
    return isinstance(event.body, e.EffectIntended) and event.body.kind == "tool"


def is_payment_of_node(event: e.Event) -> bool:
    """The start of the node that makes the call."""
    return isinstance(event.body, e.NodeStarted) and event.body.tool == "pay"


def is_model_call(event: e.Event) -> bool:
    """The intent of the call of a model."""
    return isinstance(event.body, e.EffectIntended) and event.body.kind == "model"


@pytest.mark.parametrize(
    ("node", "is_meant", "asked"),
    [
        ({"agent": "payer"}, is_payment_of_agent, 1),
        ({"tool": "pay"}, is_payment_of_node, 0),
        ({"agent": "payer"}, is_model_call, 0),
    ],
    ids=["an agent's tool", "a node's tool", "a model"],
)
def test_a_call_that_cannot_be_put_on_record_is_not_made(node: dict[str, Any], is_meant: IsMeant, asked: int) -> None:
    """Else money would be gone of which nobody knows, and be spent once more by whoever takes the run up."""
    payments: list[str] = []

    @tool(effect="once")
    async def pay() -> str:
        """Pay somebody."""
        payments.append("paid")
        return "paid"

    @on_virtual_time
    async def story() -> None:
        models = ScriptedModels({"payer": [calls("pay"), Answers({"text": "done"})]})
        payer = agent("payer", prompt="You pay.", output={"text": "string"}, tools=["pay"])
        bench = Workbench(payer, tools=[pay], models=models)
        bench.store = FullStore(bench.clock, is_meant)
        async with bench:
            with pytest.raises(PlaceError, match="the disk is full"):
                await bench.run({"go": node})

            assert (len(models.asked), payments) == (asked, [])
            assert [event for event in await bench.log() if is_meant(event)] == []

    story()
