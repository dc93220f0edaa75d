"""A limit to the millionth of a dollar: what fits exactly is done, and one more is not."""

from __future__ import annotations

import pytest

from interlock import tool
from interlock.agents import agent
from interlock.core.spending import Spending
from tests.engine.agents.scripted_models import Answers, ScriptedModels, calls
from tests.engine.agents.workbench import Workbench
from tests.engine.fleet import on_virtual_time

TURN = Spending(usd=1_000)


@tool(effect="read")
async def look() -> str:
    """Look around."""
    return "nothing new"


@pytest.mark.parametrize(
    ("usd", "status", "turns"),
    [("0.002999", "failed", 2), ("0.003", "succeeded", 3), ("0.003001", "succeeded", 3)],
    ids=["one too few", "exact", "one to spare"],
)
def test_three_turns_of_a_thousandth_need_three_thousandths(usd: str, status: str, turns: int) -> None:
    """A limit that is off by one is off by one for every call of every run."""

    @on_virtual_time
    async def story() -> None:
        script = [calls("look"), calls("look"), Answers({"text": "done"})]
        models = ScriptedModels({"scout": script}, reserve=TURN, spent=TURN)
        scout = agent("scout", prompt="You look.", tools=["look"], output={"text": "string"})
        async with Workbench(scout, tools=[look], models=models) as bench:
            state = await bench.run({"go": {"agent": "scout", "budget": {"usd": usd}}})

            assert state.outcome is not None
            assert (state.outcome.status, len(models.asked)) == (status, turns)

    story()
