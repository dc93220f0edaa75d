"""What holds of a step whatever it is told: it is pure, it never raises, and it comes to an end."""

from __future__ import annotations

import hashlib
import itertools
import os
import subprocess
import sys

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from interlock.agents.actions import Action, AskModel, AskPerson, CallTools, Fail, Finish
from interlock.agents.observations import ModelSaid, Observation, PersonAnswered, ToolAnswer, ToolsAnswered
from interlock.agents.state import AgentState
from interlock.agents.stepping.step import begin, step
from interlock.core.agent_contract import AgentContract, AgentLimits, ContextProfile, Prefetch
from interlock.core.messages import ModelReply
from interlock.core.schemas import compile_schema
from tests.agents.hostile import ANSWERS, OBSERVATIONS, REPLIES, VALUES
from tests.agents.working import TOOLS, asks, broke, call, fixer, found

RESULT = {"type": "object", "properties": {"version": {"type": "integer"}}, "required": ["version"]}
CONTRACTS = st.builds(
    fixer,
    limits=st.builds(AgentLimits, steps=st.integers(1, 6), errors=st.integers(1, 4)),
    repairs=st.integers(0, 3),
    output=st.sampled_from([None, RESULT]),
    labels=st.sampled_from([(), ("big",)]),
    tools=st.sampled_from(
        [(), ("read_file", "run_tests", "apply_patch", "agent:helper", "complete_task", "request_human_input")]
    ),
    memory=st.sampled_from([(), ("session",)]),
    on_limit=st.sampled_from(["stop", "ask"]),
    context=st.builds(
        ContextProfile,
        tokens=st.sampled_from([600, 1_500, 20_000]),
        turns_whole=st.integers(1, 3),
        prefetch=st.sampled_from([(), (Prefetch(name="a", tool="read_file", input={"x": "${input.x}"}),)]),
    ),
)


def actions_of(contract: AgentContract, input: object, observations: list[Observation]) -> list[Action]:
    """Everything that an agent wants done, told those one after another."""
    state, action = begin(contract, TOOLS, input)
    actions = [action]
    for observation in observations:
        state, action = step(contract, TOOLS, state, observation)
        actions.append(action)
    return actions


@given(CONTRACTS, VALUES, st.lists(OBSERVATIONS, max_size=8))
def test_whatever_it_is_told_a_step_answers_with_an_action_and_the_same_one_each_time(
    contract: AgentContract, input: object, observations: list[Observation]
) -> None:
    """A hostile model must not crash what runs everybody's agents; and after a crash the same story leads as far."""
    actions = actions_of(contract, input, observations)
    again = actions_of(contract, input, observations)

    assert all(isinstance(action, AskModel | CallTools | AskPerson | Finish | Fail) for action in actions)
    assert msgspec.msgpack.encode(again) == msgspec.msgpack.encode(actions)


def state_after(contract: AgentContract, input: object, observations: list[Observation]) -> AgentState:
    """What an agent knows after all of them."""
    state, _ = begin(contract, TOOLS, input)
    for observation in observations:
        state, _ = step(contract, TOOLS, state, observation)
    return state


@given(CONTRACTS, VALUES, st.lists(OBSERVATIONS, max_size=8))
def test_what_an_agent_knows_is_plain_data_that_can_be_kept(
    contract: AgentContract, input: object, observations: list[Observation]
) -> None:
    """A state that is written down and read again goes on as if nothing had happened."""
    state = state_after(contract, input, observations)

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=AgentState) == state


def fitting(action: Action, reply: ModelReply, answers: list[ToolAnswer]) -> Observation:
    """An observation of the kind that an action waits for."""
    match action:
        case CallTools(calls=calls):
            named = zip(calls, answers * len(calls), strict=False)
            return ToolsAnswered(tuple(msgspec.structs.replace(each, call_id=call.id) for call, each in named))
        case AskPerson():
            return PersonAnswered("stop")
        case _:
            return ModelSaid(reply)


LONG = 80
"""More than any agent of these tests may do."""


def worked(
    contract: AgentContract, input: object, told: list[tuple[ModelReply, list[ToolAnswer]]]
) -> tuple[AgentState, Action]:
    """An agent whose model and tools never stop talking."""
    state, action = begin(contract, TOOLS, input)
    for reply, answers in itertools.islice(itertools.cycle(told), LONG):
        state, action = step(contract, TOOLS, state, fitting(action, reply, answers))
    return state, action


TALK = st.lists(st.tuples(REPLIES, st.lists(ANSWERS, min_size=1, max_size=2)), min_size=1, max_size=4)


@given(CONTRACTS, VALUES, TALK)
def test_an_agent_that_nobody_lets_go_on_ends_within_its_limits(
    contract: AgentContract, input: object, told: list[tuple[ModelReply, list[ToolAnswer]]]
) -> None:
    """However long a model goes on talking, an agent ends."""
    state, action = worked(contract, input, told)

    assert isinstance(action, Finish | Fail)
    assert state.steps <= contract.limits.steps


@given(CONTRACTS, VALUES, TALK)
def test_a_result_that_is_handed_on_fits_its_schema(
    contract: AgentContract, input: object, told: list[tuple[ModelReply, list[ToolAnswer]]]
) -> None:
    """Whoever comes after the agent relies on it."""
    _, action = worked(msgspec.structs.replace(contract, output=RESULT), input, told)

    assert not isinstance(action, Finish) or compile_schema(RESULT).problems(action.out) == []


DIGEST = """
import hashlib, msgspec
from tests.agents.stepping.test_step_properties import recorded
print(hashlib.sha256(msgspec.msgpack.encode(recorded())).hexdigest())
"""


def recorded() -> list[Action]:
    """One story, told in any process."""
    contract = fixer(context=ContextProfile(tokens=1_500, turns_whole=2), capabilities=("a", "b"), labels=("x", "y"))
    observations: list[Observation] = [
        asks(call("read_file", "a", path="x", as_="y"), call("nope", "b")),
        ToolsAnswered((found("a", {"z": 1, "a": [1, 2]}),)),
        asks(call("apply_patch", "c", patch="-1 +2")),
        ToolsAnswered((broke("c", "does not apply", tool="apply_patch"),)),
        asks(call("run_tests", "d", n=3)),
        ToolsAnswered((found("d", "1 failed"),)),
    ]
    return actions_of(contract, {"bug": 41, "also": {"b": 1, "a": 2}}, observations)


def test_another_process_under_another_hash_seed_makes_byte_equal_requests() -> None:
    """A run may be continued on another machine, and its recorded model answers are found by the request's digest."""
    here = hashlib.sha256(msgspec.msgpack.encode(recorded())).hexdigest()

    elsewhere = [
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "77")
    ]

    assert elsewhere == [here, here]
