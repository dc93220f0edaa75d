"""Each call of an agent is found on record by its id: whoever asks for it, it never passes for another."""

from __future__ import annotations

import json
from typing import Any

from interlock import tool
from interlock.agents import Action, Agent, CallTools, Finish, Observation, Toolbox, agent
from interlock.agents.observations import Began, ToolsAnswered
from interlock.core import requests as r
from interlock.core.agent_contract import AgentContract
from interlock.core.messages import AskedCall, ModelReply, ModelRequest, Said
from interlock.core.values import Value
from interlock.core.verdicts import Verdict
from interlock.engine.agents.model_door import Chosen, Heard
from tests.engine.agents.scripted_models import PRICE, ScriptedModels
from tests.engine.agents.workbench import Workbench, outputs, rule
from tests.engine.fleet import on_virtual_time

FIX: dict[str, Any] = {"fix": {"agent": "fixer", "input": {}}}
ASK = Verdict("ask", "paying_is_grave", "policy-1")


class NamesItsCall(ScriptedModels):
    """A model that asks for one call, under an id of its choosing."""

    def __init__(self, call: AskedCall) -> None:
        super().__init__({})
        self._call = call

    async def ask(self, chosen: Chosen, request: ModelRequest, **_: Any) -> Heard:  # noqa: ANN401, ARG002 - the port's
        """The call, and then an answer."""
        if any(isinstance(each, Said) for each in request.messages):
            return Heard(ModelReply(json.dumps({"number": 42})), spent=PRICE)
        return Heard(ModelReply("", (self._call,), "calls"), spent=PRICE)


class Till:
    """A tool that pays."""

    def __init__(self) -> None:
        self.paid: list[int] = []

        @tool(effect="idempotent")
        async def pay(amount: int) -> int:
            """Pay."""
            self.paid.append(amount)
            return amount

        self.tools: list[Any] = [pay]


def fixer(**keys: Any) -> Agent:  # noqa: ANN401 - the keys of a contract
    """An agent that may pay."""
    terms: dict[str, Any] = {"prompt": "You pay.", "tools": ["pay"], "output": {"number": "integer"}} | keys
    return agent("fixer", **terms)


@on_virtual_time
async def test_a_call_under_the_id_of_one_that_was_made_still_waits_for_its_answer() -> None:
    """A model that names its call as the reading of a memory must not get past the person who says no to it."""
    till, models = Till(), NamesItsCall(AskedCall("memory-session", "pay", {"amount": 7}))
    remembering = fixer(memory="session")
    async with Workbench(remembering, tools=till.tools, models=models, judge=rule(ASK, "pay")) as bench:
        async with bench.life() as life:
            await bench.start(life, FIX)
            path, _ = await bench.question("approval")
            life.die()
        async with bench.life() as heir:
            driver = await bench.go_on(heir)
            await bench.tell(driver, r.Answer(path=path, by="ada", choice="deny"))
            state = await bench.ended()

        assert (till.paid, outputs(state)) == ([], {"fix": {"number": 42}})


def pays_twice(contract: AgentContract, toolbox: Toolbox, state: Value, told: Observation) -> tuple[Value, Action]:
    """A step of one's own that gives two calls one id."""
    match told:
        case Began():
            return None, CallTools((AskedCall("1", "pay", {"amount": 7}), AskedCall("1", "pay", {"amount": 8})))
        case ToolsAnswered(answers=(_, again)):
            return None, Finish({"number": 1, "said": again.error.message if again.error else ""})
        case _:
            raise AssertionError(told)


@on_virtual_time
async def test_a_second_call_under_an_id_is_not_made() -> None:
    """After a crash the one would be given the result of the other."""
    till = Till()
    own = fixer(own_step=pays_twice, output={"number": "integer", "said": "string"})
    async with Workbench(own, tools=till.tools, models=ScriptedModels({})) as bench:
        state = await bench.run(FIX)

        said = "two calls of the agent have the id `1`: give each its own"
        assert (till.paid, outputs(state)) == ([7], {"fix": {"number": 1, "said": said}})
