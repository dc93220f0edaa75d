"""Agents that bring a step of their own: their control flow is theirs, and what they return is checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from interlock.agents.actions import Action, AskPerson, CallTools, Fail, Finish
from interlock.agents.agent import agent
from interlock.agents.observations import Began, Observation, ToolsAnswered
from interlock.agents.offering import Toolbox
from interlock.core.agent_contract import AgentContract
from interlock.core.event_parts import Question
from interlock.core.messages import AskedCall
from interlock.core.values import Value
from tests.agents.working import TOOLS, found


def twice(contract: AgentContract, toolbox: Toolbox, state: Value, told: Observation) -> tuple[Value, Action]:
    """Reads twice and sums up, without any model."""
    match told:
        case Began():
            return {"read": []}, CallTools((AskedCall("1", "read_file", {}),))
        case ToolsAnswered(answers=(answer,)) if not state["read"]:
            return {"read": [answer.out]}, CallTools((AskedCall("2", "read_file", {}),))
        case ToolsAnswered(answers=(answer,)):
            return state, Finish([*state["read"], answer.out])
        case _:
            raise AssertionError(told)


def test_an_agent_may_own_its_control_flow() -> None:
    """Break a loop, judge, wait: what the product's own step does not know, a user's may."""
    reader = agent("reader", own_step=twice)

    state, first = reader.begin(TOOLS, None)
    state, second = reader.step(TOOLS, state, ToolsAnswered((found("1", "a"),)))
    _, third = reader.step(TOOLS, state, ToolsAnswered((found("2", "b"),)))

    assert (first, second, third) == (
        CallTools((AskedCall("1", "read_file", {}),)),
        CallTools((AskedCall("2", "read_file", {}),)),
        Finish(["a", "b"]),
    )


def test_the_contract_of_such_an_agent_changes_with_its_code() -> None:
    """A run is pinned to what it means, and the code is part of it."""

    def other(contract: AgentContract, toolbox: Toolbox, state: Value, told: Observation) -> tuple[Value, Action]:
        return None, Finish("other")

    one, same, another = agent("a", own_step=twice), agent("a", own_step=twice), agent("a", own_step=other)

    assert one.contract == same.contract
    assert one.contract.code != another.contract.code
    assert agent("a", prompt="x").contract.code == ""


def repeats(contract: AgentContract, toolbox: Toolbox, state: Value, told: Observation) -> tuple[Value, Action]:
    """A step that ends with what it was given."""
    assert isinstance(told, Began)
    return None, Finish(told.input)


def test_such_an_agent_is_given_what_its_contract_says_or_nothing() -> None:
    """Its author relies on the fields that are declared, and on their defaults, as every other agent does."""
    careful = agent("a", own_step=repeats, input={"number": "integer", "unit": {"type": "string", "default": "m"}})

    _, well = careful.begin(TOOLS, {"number": 1})
    _, ill = careful.begin(TOOLS, {"number": "one"})

    assert well == Finish({"number": 1, "unit": "m"})
    assert isinstance(ill, Fail)
    assert ill.error.kind == "invalid"
    assert ill.error.message.startswith("the agent `a` cannot take its input: input.number is")


def raises(*_: object) -> Any:  # noqa: ANN401 - a step of no type
    """A step with a mistake in it."""
    raise RuntimeError("oh")


def returning(taken: object) -> Callable[..., Any]:
    """A step that returns the same, whatever it is told."""

    def own(*_: object) -> object:
        return taken

    return own


@pytest.mark.parametrize(
    ("own", "why"),
    [
        (raises, "its own step raised RuntimeError: oh"),
        (returning(None), "its own step has to return a state and an action"),
        (returning((None, "done")), "its own step returned a str in the place of an action"),
        (returning(({"x": object()}, Finish(1))), "the state of its own step cannot be kept: state.x"),
        (returning(({1, 2}, Finish(1))), "the state of its own step cannot be kept"),
    ],
)
def test_what_goes_wrong_in_such_a_step_ends_the_agent_and_nothing_else(own: Callable[..., Any], why: str) -> None:
    """Foreign code is at its boundary: its failure is the agent's, and never the engine's."""
    _, action = agent("a", own_step=own).begin(TOOLS, None)

    assert isinstance(action, Fail)
    assert (action.error.kind, action.error.message[:42]) == ("failed", f"the agent `a` has failed: {why}"[:42])
    assert why in action.error.message


ANYTHING: Any = object()


@pytest.mark.parametrize(
    ("action", "why"),
    [
        (Finish(ANYTHING), "the action of its own step cannot be recorded: a object stands in a value"),
        (Finish({1: 2}), "the action of its own step cannot be recorded: result"),
        (Finish("\ud800"), "the action of its own step cannot be recorded: "),
        (Finish({"number": "one"}), 'ended with what is no result of its contract: result.number is "one"'),
        (Finish({"number": 1}, ("done",)), "ended with the label `done`, which its contract does not have"),
        (CallTools(("read_file",)), "the action of its own step cannot be recorded: Expected `object`, got `str`"),  # pyright: ignore[reportArgumentType] - the mistake
        (CallTools((AskedCall("1", "read_file", {"at": ANYTHING}),)), "cannot be recorded: a object stands in a value"),
        (CallTools((AskedCall("1", "read_file", {1: 2}),)), "cannot be recorded: the arguments of `read_file`"),
        (CallTools(()), "its own step wants tools called, and names none"),
        (AskPerson("Which?"), "the action of its own step cannot be recorded: Expected `object`, got `str`"),  # pyright: ignore[reportArgumentType] - as above
        (AskPerson(Question("Which?", form={"type": "flag"})), "its own step asks for a form that cannot be used"),
    ],
)
def test_an_action_that_cannot_be_meant_ends_the_agent_before_anything_of_it_is_recorded(
    action: Action, why: str
) -> None:
    """What the engine records must be readable for ever: who drives the run must not come to grief over it."""
    careless = agent("a", own_step=returning((None, action)), output={"number": "integer"})

    _, taken = careless.begin(TOOLS, None)

    assert isinstance(taken, Fail)
    assert why in taken.error.message
