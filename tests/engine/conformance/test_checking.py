"""What each factor is broken by, besides what the shipped examples show."""

from __future__ import annotations

from typing import Any

import msgspec

from interlock import tool
from interlock.agents import Action, AskModel, Began, CallTools, Finish, Manifest, ModelSaid, Observation, Toolbox
from interlock.core.agent_contract import AgentContract
from interlock.core.messages import Instructions, ModelRequest, Told
from interlock.core.values import Value
from interlock.engine.conformance.moving_checks import CameOf, Elsewhere, Moved
from tests.engine.conformance.subjects import broken, findings, helper, subject

ANSWER: Value = {"answer": "here"}


@tool(effect="read")
def look(place: str) -> str:
    """Look at a place."""
    return place


@tool(effect="idempotent")
def mark(place: str) -> str:
    """Leave a mark at a place."""
    return place


@tool(effect="once", risk="medium")
def pay(amount: int) -> str:
    """Pay."""
    return str(amount)


def asks(text: str, state: Value = None) -> tuple[Value, Action]:
    """A step that asks a model, with a manifest that says little."""
    request = ModelRequest((Instructions(text), Told("where?")))
    return state, AskModel(request, Manifest("", tokens=0, budget=1_000))


def test_an_agent_that_keeps_to_everything_breaks_nothing() -> None:
    """No false alarm: what is found is worth reading."""
    found = findings(subject(helper(tools=["look", "request_human_input"]), tools=[look]))

    assert {number: each.verdict for number, each in found.items() if each.verdict != "holds"} == {13: "not applicable"}


def test_a_graph_without_agents_is_judged_by_what_it_has() -> None:
    """That a factor holds is said only where there is something that could break it."""
    found = findings(subject(nodes={"a": {"value": 1}}))

    assert [number for number, each in found.items() if each.verdict == "holds"] == [5, 6, 8, 11]
    assert {each.verdict for each in found.values()} == {"holds", "not applicable"}


def test_an_own_step_that_makes_whatever_calls_a_model_asks_for_breaks_the_first_factor() -> None:
    """The common step looks at every call; who writes another has to look as well."""

    def obey(contract: AgentContract, toolbox: Toolbox, state: Value, told: Observation) -> tuple[Value, Action]:
        if isinstance(told, ModelSaid) and told.reply.calls:
            return None, CallTools(told.reply.calls)
        return (None, Finish(ANSWER)) if not isinstance(told, Began) else asks(contract.prompt)

    found = broken(subject(helper(own_step=obey)))

    assert "`helper` made a call of `a_tool_that_is_not_there`, which it may not call" in found[1]
    assert "`helper` made a call of `request_human_input` that nobody can read" in found[1]


def test_instructions_that_stand_only_in_code_break_the_second_factor() -> None:
    """What a model is told can be read, and compared, without reading code."""

    def whisper(contract: AgentContract, toolbox: Toolbox, state: Value, told: Observation) -> tuple[Value, Action]:
        return asks("You are somebody else.") if isinstance(told, Began) else (None, Finish(ANSWER))

    found = broken(subject(helper(own_step=whisper)))

    assert found[2] == ("`helper` tells its model instructions that are not those of its prompt",)


def test_a_manifest_that_is_not_true_breaks_the_third_factor() -> None:
    """Who looks for what a model was told relies on it."""

    def boast(contract: AgentContract, toolbox: Toolbox, state: Value, told: Observation) -> tuple[Value, Action]:
        return asks(contract.prompt) if isinstance(told, Began) else (None, Finish(ANSWER))

    found = broken(subject(helper(own_step=boast)))

    assert found[3][0] == "`helper`: a manifest names another request than it came with"
    assert "a manifest says 0 tokens, and its request has " in found[3][1]


def test_state_that_is_lost_on_the_way_breaks_the_fifth_factor_and_not_the_twelfth() -> None:
    """It is the same from its beginning in every process, and goes on otherwise from the middle."""
    made = subject(helper())
    here = findings(made)

    def forgetful(moved: Moved) -> Elsewhere:
        from interlock.engine.conformance.looked_at import look_at  # noqa: PLC0415 - what is done here as well

        seen = look_at(made)
        traces = {name: each.traces for name, each in seen.agents.items()}
        return Elsewhere(
            moved=moved, came_of=CameOf({name: [] for name in traces}, seen.run.traces), from_the_beginning=traces
        )

    there = findings(made, forgetful)

    assert (here[5].verdict, here[12].verdict) == ("holds", "holds")
    assert (there[5].verdict, there[12].verdict) == ("broken", "holds")


def test_a_clock_that_leaves_people_less_than_an_hour_breaks_the_sixth_factor() -> None:
    """Nobody can be expected to answer within minutes, at any time of the day."""

    def broken_by(**keys: Any) -> dict[int, tuple[str, ...]]:  # noqa: ANN401 - keys of a graph
        return broken(subject(helper(), **keys))

    assert broken_by(timeout="59m").keys() == {6}
    assert broken_by(timeout="1h") == {}
    assert broken_by() == {}


def test_somebody_who_can_be_asked_is_enough_for_the_seventh_factor() -> None:
    """The agent itself, its limits, or the graph: one way is needed and no more."""
    person = {"ok": {"human": "Pay?", "choices": ["yes", "no"]}}
    work = {"work": {"agent": "helper", "input": {"question": "?"}, "after": "ok"}}
    alone = helper(tools=["pay"])

    assert 7 in broken(subject(alone, tools=[pay]))
    assert 7 not in broken(subject(helper(tools=["pay"], on_limit="ask"), tools=[pay]))
    assert 7 not in broken(subject(alone, tools=[pay], nodes=person | work))


def test_a_fetch_that_changes_something_or_does_not_fit_breaks_pre_fetching() -> None:
    """It is made before anybody has thought, for every call of the agent."""
    changes = helper(tools=["mark"], context={"prefetch": {"place": {"tool": "mark", "input": {"place": "here"}}}})
    misfits = helper(tools=["look"], context={"prefetch": {"place": {"tool": "look", "input": {"spot": "here"}}}})

    assert broken(subject(changes, tools=[mark])) == {
        13: ("`helper` fetches `place` with `mark`, which changes something (idempotent)",)
    }
    assert "`helper` cannot fetch `place`" in broken(subject(misfits, tools=[look]))[13][0]


def test_an_agent_of_which_nothing_can_be_made_up_is_said_not_to_be_rehearsed() -> None:
    """What was not looked at is not passed over in silence."""
    odd = helper(input={"question": {"type": "string", "pattern": "^[0-9]{7}$"}})

    found = findings(subject(odd, nodes={"work": {"agent": "helper", "input": {"question": "1234567"}}}))

    assert any("`helper` was not rehearsed: nothing could be made up for it" in told for told in found[12].evidence)


def test_an_own_step_that_raises_is_told_and_stops_nothing() -> None:
    """A project's code may do anything while it is looked at."""

    def boom(contract: AgentContract, toolbox: Toolbox, state: Value, told: Observation) -> tuple[Value, Action]:
        raise RuntimeError(contract.name)

    found = findings(subject(helper(own_step=boom)))

    assert any("`helper` failed in its rehearsal" in told for told in found[12].evidence)


def test_findings_are_data_that_programs_can_read() -> None:
    """The command prints them as JSON."""
    found = findings(subject(helper()))

    assert msgspec.json.decode(msgspec.json.encode(list(found.values())))[0]["factor"] == 1
