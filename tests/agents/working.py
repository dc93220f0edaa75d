"""What tests of agents stand on: an agent at work, told what came of its actions as a story tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interlock.agents.actions import Action, AskModel, CallTools
from interlock.agents.observations import ModelBroke, ModelSaid, Observation, ToolAnswer, ToolsAnswered
from interlock.agents.state import AgentState
from interlock.agents.stepping.step import begin, step
from interlock.core.agent_contract import AgentContract, AgentLimits, ContextProfile
from interlock.core.event_parts import Error, ErrorClass
from interlock.core.messages import Answered, AskedCall, Message, ModelReply
from interlock.core.plan import EffectClass, JsonSchema, ToolContract
from interlock.core.values import Value, digest_of

NUMBER: JsonSchema = {"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": False}

TOOLS: dict[str, ToolContract] = {
    "read_file": ToolContract(name="read_file", effect="read", description="Reads a file."),
    "run_tests": ToolContract(name="run_tests", effect="read", description="Runs the tests.", input=NUMBER),
    "apply_patch": ToolContract(name="apply_patch", effect="idempotent", description="Applies a patch."),
    "agent:helper": ToolContract(name="agent:helper", effect="idempotent", description="Helps."),
}


def fixer(**keys: Any) -> AgentContract:  # noqa: ANN401 - the fields of a contract
    """An agent that mends code, unless a test says otherwise."""
    given: dict[str, Any] = {
        "name": "fixer",
        "prompt": "You mend code.",
        "tools": ("read_file", "run_tests", "apply_patch", "agent:helper", "request_human_input"),
        "limits": AgentLimits(steps=20, errors=3),
        "context": ContextProfile(tokens=20_000),
    }
    return AgentContract(**given | keys)


def call(tool: str, id: str = "1", **arguments: Value) -> AskedCall:
    """A call that a model asks for."""
    return AskedCall(id, tool, arguments)


def asks(*calls: AskedCall, text: str = "") -> ModelSaid:
    """The model asks for calls."""
    return ModelSaid(ModelReply(text, calls, finish="calls"))


def says(text: str) -> ModelSaid:
    """The model answers in text."""
    return ModelSaid(ModelReply(text))


def found(id: str, out: Value, *, tool: str = "read_file", effect: EffectClass = "read") -> ToolAnswer:
    """A call that succeeded."""
    return ToolAnswer(call_id=id, tool=tool, out=out, digest=digest_of(out), text=str(out), effect=effect)


def broke(id: str, message: str, *, tool: str = "read_file", kind: ErrorClass = "failed") -> ToolAnswer:
    """A call that failed."""
    return ToolAnswer(call_id=id, tool=tool, error=Error(kind, message), text=message)


def no_model(message: str = "busy", kind: ErrorClass = "unavailable") -> ModelBroke:
    """No model answered."""
    return ModelBroke(Error(kind, message))


class Working:
    """An agent at work: what it is told one after another, and what it wanted done each time."""

    def __init__(
        self,
        contract: AgentContract | None = None,
        input: Value = "Mend it.",
        toolbox: Mapping[str, ToolContract | AgentContract] = TOOLS,
    ) -> None:
        self.contract = contract or fixer()
        self.toolbox = toolbox
        self.state: AgentState
        self.state, self.action = begin(self.contract, toolbox, input)

    def told(self, *observations: Observation) -> Action:
        """What it wants done after all of them."""
        for observation in observations:
            self.state, self.action = step(self.contract, self.toolbox, self.state, observation)
        return self.action

    def calls(self, tool: str, answer: ToolAnswer, **arguments: Value) -> Action:
        """The model asks for one call, and it comes to something."""
        own = f"c{len(self.state.turns)}"
        self.told(asks(call(tool, own, **arguments)))
        given = ToolAnswer(
            call_id=own, tool=tool, out=answer.out, error=answer.error, digest=answer.digest, text=answer.text,
            effect=answer.effect,
        )  # fmt: skip
        return self.told(ToolsAnswered((given,)))

    @property
    def request(self) -> tuple[Message, ...]:
        """What the model is told now."""
        assert isinstance(self.action, AskModel), self.action
        return self.action.request.messages

    @property
    def last_told(self) -> str:
        """The last thing that the model is told now."""
        return self.request[-1].text

    @property
    def answers(self) -> list[Answered]:
        """The answers to its calls that the model sees now."""
        return [message for message in self.request if isinstance(message, Answered)]

    @property
    def made(self) -> list[str]:
        """The tools that it wants called now."""
        assert isinstance(self.action, CallTools), self.action
        return [each.tool for each in self.action.calls]
