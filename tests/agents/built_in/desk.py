"""A built-in agent at work on the default tools: told what a model says and what tools find, as the engine would."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from interlock.agents.actions import Action, AskModel, CallTools
from interlock.agents.agent import Agent
from interlock.agents.built_in_agents import built_in_agent
from interlock.agents.control_tools import COMPLETE
from interlock.agents.observations import ModelSaid, ToolAnswer, ToolsAnswered
from interlock.bootstrap import default_tools
from interlock.core.event_parts import Error
from interlock.core.messages import Answered, AskedCall, Message, ModelReply
from interlock.core.plan import ToolContract
from interlock.core.values import Value, digest_of
from interlock.core.verdicts import Movement
from interlock.tools.marking import told_to_model
from interlock.tools.tool import Tool
from interlock.tools.workspace import Workspaces


@cache
def standard() -> dict[str, Tool]:
    """The default tools, of which tests here look at the contracts and call none."""
    return {made.name: made for made in default_tools(Workspaces(Path("nowhere")))}


def contracts() -> dict[str, ToolContract]:
    """What an agent may know of them."""
    return {name: made.contract for name, made in standard().items()}


class Desk:
    """One agent at work."""

    def __init__(self, name: str, input: Value) -> None:
        self.agent: Agent = built_in_agent(name)
        self.tools = contracts()
        self.state, self.action = self.agent.begin(self.tools, input)

    def opens(self) -> None:
        """What is fetched beforehand is answered, so that the model is asked."""
        if isinstance(self.action, CallTools) and self.action.origin == "prefetch":
            answers = (ToolAnswer(call_id=call.id, tool=call.tool, out={}, text="{}") for call in self.action.calls)
            self.observed(ToolsAnswered(tuple(answers)))

    def observed(self, observation: ModelSaid | ToolsAnswered) -> Action:
        """What it wants done after that."""
        self.state, self.action = self.agent.step(self.tools, self.state, observation)
        return self.action

    def says(self, text: str = "", *calls: AskedCall) -> Action:
        """The model answers, or asks for calls."""
        return self.observed(ModelSaid(ModelReply(text, calls, "calls" if calls else "stop")))

    def finds(self, call: AskedCall, out: Value) -> Action:
        """A tool gives a result, marked as the engine marks what others may have written."""
        text = told_to_model(out, tool=call.tool, source="python", mark=call.id)
        return self.observed(
            ToolsAnswered((ToolAnswer(call_id=call.id, tool=call.tool, out=out, digest=digest_of(out), text=text),))
        )

    def is_refused(self, call: AskedCall, message: str) -> Action:
        """A call was not allowed."""
        answer = ToolAnswer(call_id=call.id, tool=call.tool, error=Error("refused", message))
        return self.observed(ToolsAnswered((answer,)))

    def hands_in(self, result: Value) -> Action:
        """The model hands in a result: as the contract wants it, by a call or as JSON."""
        if COMPLETE not in self.agent.contract.tools:
            return self.says(json.dumps(result))
        chosen = list(self.agent.contract.labels[:1])
        labels = {"labels": chosen} if chosen else {}
        return self.says("", AskedCall("end", COMPLETE, {"result": result, **labels}))

    def scrawls(self) -> Action:
        """The model hands in something that is no JSON."""
        if COMPLETE not in self.agent.contract.tools:
            return self.says('{"concerns": [')
        broken = AskedCall("scrawl", COMPLETE, raw='{"result": ', problem="it ends too early")
        return self.says("", broken)

    def movement(self, call: AskedCall, *, tainted: bool) -> Movement:
        """What the policy is asked about a call of this agent."""
        made = standard()[call.tool]
        return Movement(
            point="tool",
            name=call.tool,
            agent=self.agent.name,
            effect=made.contract.effect,
            risk=made.terms.risk,
            permissions=made.permissions(call.arguments),
            tainted=tainted,
            arguments=call.arguments,
        )

    @property
    def told(self) -> str:
        """Everything that the model is told now."""
        assert isinstance(self.action, AskModel), self.action
        return "\n".join(message.text for message in self.action.request.messages)

    @property
    def last_answer(self) -> str:
        """What came of the model's last call or answer, as it is told."""
        assert isinstance(self.action, AskModel), self.action
        return [each.text for each in self.action.request.messages if isinstance(each, Answered) or _repairs(each)][-1]


def _repairs(message: Message) -> bool:
    return message.text.startswith("Your answer could not be used")
