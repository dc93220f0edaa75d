"""An agent's work below its node in the tree: one line a turn, and below it the agents and graphs that it has called.

Pure: it makes rows of what is known of an agent. Of many turns the last ones are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from interlock.cli.tree_drawing import Row
from interlock.core.spending import Spending, shown_usd
from interlock.engine.telling.agents_at_work import QUESTIONS, AgentView, StepView
from interlock.engine.telling.history import NodeView
from interlock.engine.telling.spending import Costs

TURNS_SHOWN_MAX: Final = 5
"""How many turns of an agent are shown, unless all are asked for."""
QUESTION_SHOWN_MAX: Final = 60

RowsOf = Callable[[Iterable[NodeView], int], Iterator[Row]]
"""How nodes are shown at a depth."""

_STATUSES: Final = {
    "under_way": "running",
    "done": "succeeded",
    "failed": "failed",
    "lost": "failed",
    "refused": "failed",
    "stopped": "cancelled",
}


def agent_rows(
    agent: AgentView,
    agents: dict[str, AgentView],
    inside: Sequence[NodeView],
    *,
    depth: int,
    is_full: bool,
    rows_of: RowsOf,
) -> Iterator[Row]:
    """The turns of an agent. `inside` are the nodes of the graphs that are called in its node, however deep."""
    turns = [(turn, list(steps)) for turn, steps in groupby(agent.steps, key=lambda step: step.turn)]
    shown = turns if is_full else turns[-TURNS_SHOWN_MAX:]
    if len(shown) < len(turns):
        yield Row(depth, "", f"… {len(turns) - len(shown)} earlier turns")
    for turn, steps in shown:
        yield Row(depth, _status_of(steps), f"turn {turn}" if turn else "prepares", turn_line(steps))
        for step in steps:
            if step.kind == "agent" and step.path in agents:
                called = agents[step.path]
                yield Row(depth + 1, _STATUSES[step.status], step.name, agent_line(called), path=step.path)
                yield from agent_rows(called, agents, inside, depth=depth + 2, is_full=is_full, rows_of=rows_of)
            elif step.kind == "graph":
                yield Row(depth + 1, _STATUSES[step.status], step.name, path=step.path)
                yield from rows_of([node for node in inside if node.path.startswith(f"{step.path}/")], depth + 2)


def agent_line(agent: AgentView) -> str:
    """How far an agent is, and what that has cost."""
    turns = f"{agent.turns} turn{'s' * (agent.turns != 1)}"
    return " · ".join(filter(None, (turns, spent_in_short(agent.costs))))


def spent_in_short(costs: Costs) -> str:
    """Money and tokens, and whether any of it is simulated; nothing where nothing was spent."""
    simulated = "simulated" if costs.simulated_calls else ""
    return " · ".join(filter(None, (_amount(Spending(costs.usd, costs.tokens)), simulated)))


def turn_line(steps: Sequence[StepView]) -> str:
    """One turn: who was asked, what it wanted, what the policy said, and what the answer cost."""
    models = [step for step in steps if step.kind == "model"]
    others = [step for step in steps if step.kind != "model"]
    parts = [*map(_model, models), ", ".join(map(_call, others)), _verdict(steps)]
    parts.append(_amount(sum((step.spent for step in steps), Spending())))
    return " · ".join(filter(None, parts))


def _status_of(steps: Sequence[StepView]) -> str:
    """Whether anything of the turn is still to come. What failed in it is said, and is no failure of the node."""
    waiting = any(step.status == "under_way" and step.kind in QUESTIONS for step in steps)
    under_way = any(step.status == "under_way" for step in steps)
    return "waiting" if waiting else "running" if under_way else ""


def _model(step: StepView) -> str:
    again = f" (try {step.tries})" if step.tries > 1 else ""
    match step.status:
        case "refused":
            return f"asked nobody: {step.error.message if step.error else ''}"
        case "failed" | "lost" | "stopped":
            why = step.error.message if step.error else step.status
            return f"{step.name}{again}: {why.removeprefix(f'{step.name}: ')}"
        case "under_way":
            return f"asks {step.name}{again}"
        case "done":
            return f"{step.name}{again}"


def _call(step: StepView) -> str:
    if step.kind in QUESTIONS:
        asked = step.name if len(step.name) <= QUESTION_SHOWN_MAX else f"{step.name[: QUESTION_SHOWN_MAX - 1]}…"
        return f"asks: {asked}" if step.status == "under_way" else f"asked a person: {step.answer or step.status}"
    match step.status:
        case "done":
            return step.name
        case "under_way":
            return f"calls {step.name}"
        case "refused":
            return f"{step.name} refused by {step.rule}"
        case "failed" | "lost" | "stopped":
            return f"{step.name} {step.status}"


def _verdict(steps: Sequence[StepView]) -> str:
    """What the policy said, where it said the same of everything."""
    said = {step.verdict for step in steps if step.verdict}
    return said.pop() if len(said) == 1 else ""


def _amount(spent: Spending) -> str:
    parts = [shown_usd(spent.usd)] if spent.usd else []
    return ", ".join([*parts, f"{spent.tokens:,} tokens"] if spent.tokens else parts)
