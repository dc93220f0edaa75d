"""A request that comes from outside, passed on to a model as it was asked: an agent of one step, made for each pool.

It has no instructions of its own, calls no tools and repairs nothing: what the model answers is its result, calls
included, for whoever asked. So what was asked from outside is a run as any other, taken up by anybody after a crash.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from interlock.agents.actions import Action, AskModel, Fail, Finish
from interlock.agents.agent import Agent
from interlock.agents.manifest import Manifest
from interlock.agents.observations import Began, ModelBroke, ModelSaid, Observation
from interlock.agents.offering import Toolbox
from interlock.core.agent_contract import AgentContract, AgentLimits, ModelNeed
from interlock.core.event_parts import Error
from interlock.core.messages import ModelReply, ModelRequest
from interlock.core.values import Value, digest_of

PASSED_ON: Final = "passed-on"
"""What such an agent is called, and its graph."""
_CODE: Final = "interlock/passing-on/1"
"""Stands where other agents have the digest of their own code: changed when the step below decides otherwise."""


def passing_on(pool: str) -> AgentContract:
    """The contract of what passes requests on to a pool."""
    return AgentContract(
        name=PASSED_ON,
        description="Passes one request on to a model.",
        limits=AgentLimits(steps=1, errors=1),
        model=ModelNeed(pool=pool),
        code=_CODE,
    )


def find_passing_on(contract: AgentContract) -> Agent | None:
    """The agent of such a contract, ready to step; None if it is of another kind."""
    return Agent(contract=contract, place="", own_step=pass_on) if contract.code == _CODE else None


def pass_on(_: AgentContract, __: Toolbox, state: Value, observation: Observation) -> tuple[Value, Action]:
    """Ask, then end with what was answered."""
    match observation:
        case Began(input=given):
            request = request_of(given)
            return state, AskModel(request, manifest_of(request))
        case ModelSaid(reply=reply):
            return state, Finish(reply_as_value(reply))
        case ModelBroke(error=error):
            return state, Fail(error)
        case _:
            return state, Fail(Error("failed", f"nothing was asked that {type(observation).__name__} would answer"))


def manifest_of(request: ModelRequest) -> Manifest:
    """What is recorded of a request that was made elsewhere: its digest."""
    return Manifest(request=digest_of(msgspec.to_builtins(request)), tokens=0, budget=0)


def request_as_value(request: ModelRequest) -> Value:
    """A request as the input of such an agent."""
    written: Value = msgspec.to_builtins(request)
    return written


def request_of(given: Any) -> ModelRequest:  # noqa: ANN401 - what a log holds
    """The request that such an agent was given."""
    return msgspec.convert(given, ModelRequest)


def reply_as_value(reply: ModelReply) -> Value:
    """An answer as the result of such an agent."""
    written: Value = msgspec.to_builtins(reply)
    return written
