"""Agents in the tree: their turns below their node, and what they have called below that."""

from __future__ import annotations

import pytest

from interlock.cli.agent_rows import TURNS_SHOWN_MAX, agent_rows, turn_line
from interlock.core.event_parts import Error
from interlock.core.spending import Spending
from interlock.engine.telling.agents_at_work import AgentView, StepView
from tests.cli.agents_at_work import write_agents
from tests.cli.command_line import CommandLine


def asked(turn: int = 1, **facts: object) -> StepView:
    """A turn of a model."""
    known: dict[str, object] = {"status": "done", "verdict": "allow"} | facts
    return StepView(path="fix.1", turn=turn, kind="model", name="own/small", **known)  # pyright: ignore[reportArgumentType] - facts of a step


def test_show_tells_turns_below_the_agent_and_the_graphs_it_called(interlock: CommandLine) -> None:
    """One screen says what an agent did, whom it let work, and what that cost."""
    write_agents(interlock)
    run = interlock.started("lead")

    said = interlock("show", run)

    rows = [line.split() for line in said.out.splitlines()]
    names = [row[1] if row[0] == "✓" else " ".join(row[:2]) for row in rows[1:9]]
    assert names == ["lead", "turn 1", "fixer", "turn 1", "turn 2", "adding", "see", "sum"]
    assert " 2 turns · $0.0" in said.out
    assert "script/any · fixer, adding · allow · $0.0" in said.out
    assert "6 calls, 4 of models · 4 simulated" in said.out


def test_programs_are_given_the_steps_of_each_agent(interlock: CommandLine) -> None:
    """What is drawn for people is data for programs, and nothing that was there before is another."""
    write_agents(interlock)
    run = interlock.started("lead")

    told = interlock("show", run, "--json").json

    assert list(told["agents"]) == ["lead", "lead.2"]
    assert [step["kind"] for step in told["agents"]["lead"]["steps"]] == ["model", "agent", "graph", "model"]
    assert told["agents"]["lead"]["costs"] == told["costs"]
    assert told["nodes"]["lead"]["output"] == {"number": 42}


def test_inspect_ends_with_the_totals_of_the_run_and_its_agents(interlock: CommandLine) -> None:
    """Why it went so and what that has cost are asked in one breath."""
    write_agents(interlock)
    run = interlock.started("lead")

    told = interlock("inspect", run, "--json").json

    assert interlock("inspect", run).out.splitlines()[-1].startswith("  lead.2 (fixer): $0.0")
    assert told["agents"]["lead.2"]["turns"] == 2
    assert told["costs"]["calls"] == 6
    assert list(told)[-1] == "steps"


def test_of_many_turns_the_last_are_shown_unless_all_are_asked_for() -> None:
    """An agent of a hundred turns must not push its graph off the screen."""
    agent = AgentView(path="fix", agent="fixer", steps=tuple(asked(turn) for turn in range(1, 9)))

    shown = list(agent_rows(agent, {}, [], depth=1, is_full=False, rows_of=lambda _, __: iter(())))
    every = list(agent_rows(agent, {}, [], depth=1, is_full=True, rows_of=lambda _, __: iter(())))

    assert [row.name for row in shown] == ["… 3 earlier turns", *(f"turn {turn}" for turn in range(4, 9))]
    assert len(shown) == TURNS_SHOWN_MAX + 1
    assert len(every) == 8


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        ([asked(spent=Spending(1_000, 307))], "own/small · allow · $0.001, 307 tokens"),
        ([asked(status="under_way")], "asks own/small · allow"),
        ([asked(tries=2)], "own/small (try 2) · allow"),
        ([asked(status="failed", error=Error("failed", "cut off"))], "own/small: cut off · allow"),
        ([asked(status="failed", error=Error("failed", "own/small: away"))], "own/small: away · allow"),
        (
            [asked(), StepView(path="fix.2", turn=1, kind="tool", name="pay", status="failed", verdict="allow")],
            "own/small · pay failed · allow",
        ),
        (
            [
                asked(),
                StepView(path="fix.2", turn=1, kind="refusal", name="pay", status="refused", rule="r", verdict="deny"),
            ],
            "own/small · pay refused by r",
        ),
        (
            [asked(), StepView(path="fix.2", turn=1, kind="approval", name="May it pay?", verdict="ask")],
            "own/small · asks: May it pay?",
        ),
        (
            [asked(), StepView(path="fix.2", turn=1, kind="person", name="Which?", status="done", answer="b")],
            "own/small · asked a person: b · allow",
        ),
    ],
)
def test_a_turn_is_told_on_one_line(steps: list[StepView], line: str) -> None:
    """Model, calls, verdict, cost: in that order, and what is not there is left out."""
    assert turn_line(steps) == line
