"""A step of an agent's own may hand on whatever its model asks for: what its contract does not have is not called."""

from __future__ import annotations

from typing import Any

import pytest

from interlock import tool
from interlock.agents import Action, CallTools, Finish, Observation, Toolbox, agent
from interlock.agents.observations import ToolsAnswered
from interlock.core.agent_contract import AgentContract
from interlock.core.messages import AskedCall
from interlock.core.values import Value
from tests.engine.agents.scripted_models import ScriptedModels
from tests.engine.agents.workbench import Workbench, failure, outputs
from tests.engine.fleet import on_virtual_time

NODES: dict[str, Any] = {"look": {"agent": "looker", "input": {}}, "pay": {"tool": "pay"}}


def hands_on(wanted: str) -> Any:  # noqa: ANN401 - a step
    """A step that calls what it is told to, and ends with what came of it."""

    def own(contract: AgentContract, toolbox: Toolbox, state: Value, told: Observation) -> tuple[Value, Action]:
        if isinstance(told, ToolsAnswered):
            [answer] = told.answers
            return None, Finish("made" if answer.error is None else answer.error.message)
        return None, CallTools((AskedCall("1", wanted, {}),))

    return own


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [
        ("look", "made"),
        ("pay", "the contract of `looker` has no tool `pay`"),
        ("rm_rf", "there is no tool `rm_rf` here"),
        ("agent:nobody", "there is no tool `agent:nobody` here"),
        ("agent:looker", "there is no tool `agent:looker` here"),
        ("graph:nobody", "there is no tool `graph:nobody` here"),
        ("remember", "there is no tool `remember` here"),
    ],
)
def test_what_the_contract_does_not_have_is_answered_and_not_called(wanted: str, answer: str) -> None:
    """What the graph's own nodes may do is not within an agent's reach, and who drives the run does not stumble."""

    @on_virtual_time
    async def story() -> None:
        made: list[str] = []

        @tool(effect="read")
        async def look() -> None:
            """Look."""

        @tool(effect="idempotent")
        async def pay() -> None:
            """Pay."""
            made.append("pay")

        looker = agent("looker", own_step=hands_on(wanted), tools=["look"])
        async with Workbench(looker, tools=[look, pay], models=ScriptedModels({})) as bench:
            state = await bench.run(NODES)

            assert (outputs(state)["look"], made) == (answer, ["pay"])

    story()


def goes_on_and_on(contract: AgentContract, toolbox: Toolbox, state: Value, told: Observation) -> tuple[Value, Action]:
    """A step that does not look at what it is told."""
    number = (state or 0) + 1
    return number, CallTools((AskedCall(f"call-{number}", "rm_rf", {}),))


@on_virtual_time
async def test_an_agent_that_only_asks_for_what_cannot_be_called_is_stopped() -> None:
    """Nothing of that takes time or money, so no limit of either would ever end it."""
    async with Workbench(agent("looker", own_step=goes_on_and_on), models=ScriptedModels({})) as bench:
        state = await bench.run({"look": {"agent": "looker", "input": {}}})

        assert failure(state) == ("failed", "no_progress")
