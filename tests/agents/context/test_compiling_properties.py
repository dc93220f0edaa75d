"""What holds of every context: the budget is never exceeded, and every call that is shown has its answer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from interlock.agents.context.compiling import Compiled, DoesNotFit, compile_context
from interlock.agents.context.sections import SOURCES
from interlock.agents.context.tokens import tokens_of_request
from interlock.agents.state import AgentState, Fact, Trouble, Turn
from interlock.core.agent_contract import AgentContract, ContextProfile, ContextSection
from interlock.core.messages import Answered, AskedCall, Message, Said
from tests.agents.hostile import ARGUMENTS, NAMES, TEXTS, VALUES
from tests.agents.working import TOOLS, fixer


def repeated(text: str, times: int) -> str:
    """A text that may be long."""
    return text * times


LONG = TEXTS | st.builds(repeated, TEXTS, st.integers(1, 200))


@st.composite
def turns(draw: st.DrawFn) -> tuple[Turn, ...]:
    """Turns with calls under ids of their own, some of which were never answered."""
    made: list[Turn] = []
    for number in range(draw(st.integers(0, 5))):
        calls = tuple(
            AskedCall(f"{number}-{index}", draw(NAMES), draw(ARGUMENTS)) for index in range(draw(st.integers(0, 3)))
        )
        answers = tuple(
            Answered(each.id, each.tool, draw(LONG), draw(st.booleans())) for each in calls[: draw(st.integers(0, 3))]
        )
        made.append(Turn(draw(TEXTS), calls, answers, draw(TEXTS)))
    return tuple(made)


STATES = st.builds(
    AgentState,
    input=VALUES,
    instructions=TEXTS,
    task=LONG,
    facts=st.lists(st.builds(Fact, TEXTS, LONG, st.sampled_from(["prefetched", "memory"])), max_size=4).map(tuple),
    turns=turns(),
    troubles=st.lists(st.builds(Trouble, NAMES, TEXTS, st.integers(0, 5)), max_size=8).map(tuple),
    notices=st.lists(LONG, max_size=2).map(tuple),
)
SECTIONS = st.lists(
    st.builds(
        ContextSection,
        name=st.sampled_from(SOURCES),
        source=st.sampled_from([each for each in SOURCES if each != "turns"]),
        priority=st.integers(0, 100),
        tokens=st.none() | st.integers(1, 300),
        select=st.sampled_from([(), ("last:1",), ("matching:a",), ("first:2",)]),
        transform=st.sampled_from([(), ("head:2",), ("tail:2", "squeeze"), ("json",), ("fields:a",), ("chars:9",)]),
    ),
    max_size=5,
    unique_by=lambda section: section.name,
).map(tuple)
CONTRACTS = st.builds(
    fixer,
    tools=st.sampled_from([(), ("read_file", "run_tests", "agent:helper", "complete_task")]),
    output=st.sampled_from([None, {"type": "object"}]),
    context=st.builds(ContextProfile, tokens=st.integers(256, 2_000), sections=SECTIONS, turns_whole=st.integers(1, 4)),
)


@given(CONTRACTS, STATES)
def test_the_budget_is_never_exceeded_and_every_call_that_is_shown_is_answered_at_once(
    contract: AgentContract, state: AgentState
) -> None:
    """A limit that holds most of the time is none, and a call without its answer is refused by every provider."""
    found = compile_context(contract, TOOLS, state)

    assert isinstance(found, DoesNotFit) or tokens_of_request(found.request) <= contract.context.tokens
    assert isinstance(found, DoesNotFit) or unpaired(found.request.messages) == []


def unpaired(messages: tuple[Message, ...]) -> list[str]:
    """The calls whose answers do not follow them directly, and the answers that nobody asked for."""
    expected: list[str] = []
    wrong: list[str] = []
    for message in messages:
        match message:
            case Answered(call=call):
                wrong += [] if expected[:1] == [call] else [call]
                expected = expected[1:]
            case Said(calls=calls):
                wrong += expected
                expected = [call.id for call in calls]
            case _:
                wrong += expected
                expected = []
    return wrong + expected


@given(CONTRACTS, STATES)
def test_a_manifest_counts_what_is_sent(contract: AgentContract, state: AgentState) -> None:
    """A figure that is not the figure of the request would mislead whoever looks for what costs so much."""
    found = compile_context(contract, TOOLS, state)

    assert isinstance(found, DoesNotFit) or is_consistent(found)


def is_consistent(found: Compiled) -> bool:
    """Whether the manifest's figures are those of the request, and its parts make up the whole or more."""
    told = found.manifest
    parts = told.tools_tokens + sum(section.tokens for section in told.sections)
    return (
        told.tokens == tokens_of_request(found.request) and told.tokens <= parts + 3 * 4 and told.tokens <= told.budget
    )
