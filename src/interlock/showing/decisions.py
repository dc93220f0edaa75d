"""Decisions, causes, prompts and the way taken, as programs are shown them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, to_builtins

from interlock.core.events import Decision
from interlock.core.spending import Spending
from interlock.engine.prompting import Prompt
from interlock.engine.telling.causes import Cause
from interlock.engine.telling.choices import Choice
from interlock.engine.telling.way_taken import WayTaken
from interlock.showing.json import leaf_shown
from interlock.showing.runs import error
from interlock.store.rows import RunRow
from interlock.wire import decisions as wire


def decision(made: Decision) -> wire.Decision:
    """A choice with every option."""
    return wire.Decision(
        point=made.point,
        chosen=made.chosen,
        options=[wire.Option(name=each.name, score=each.score, note=each.note) for each in made.options],
        why=made.why,
        rule=made.rule,
        digest=made.digest,
    )


def recorded_decision(choice: Choice) -> wire.RecordedDecision:
    """A choice with the event that has it on record."""
    return wire.RecordedDecision(
        seq=choice.seq,
        at=choice.at,
        event=choice.event,
        path=choice.path,
        by=choice.by,
        asked=choice.asked,
        decision=decision(choice.decision),
    )


def cause(told: Cause) -> wire.Cause:
    """An event in words, with what it follows from."""
    return wire.Cause(
        seq=told.seq,
        at=told.at,
        type=told.type,
        path=told.path,
        what=told.what,
        by=told.actor,
        follows_from=list(told.causes),
        decision=None if told.decision is None else decision(told.decision),
    )


def run_graph(row: RunRow, way: WayTaken) -> wire.RunGraph:
    """A run's graph with the way that was taken."""
    return wire.RunGraph(
        run=row.run,
        graph=row.graph,
        graph_hash=row.graph_hash,
        nodes=[
            wire.GraphNode(
                path=node.path,
                kind=node.kind,
                what=node.what,
                notes=list(node.notes),
                holder=node.holder,
                statuses=node.statuses,
            )
            for node in way.nodes
        ],
        edges=[
            wire.GraphEdge(source=edge.source, target=edge.target, label=edge.label, taken=edge.taken)
            for edge in way.edges
        ],
    )


def prompts(run: str, path: str, found: Iterable[Prompt]) -> wire.Prompts:
    """The calls of models at a path."""
    return wire.Prompts(run=run, path=path, calls=[prompted_call(each) for each in found])


def prompted_call(prompt: Prompt) -> wire.PromptedCall:
    """A call with everything that was sent."""
    call = prompt.call
    return wire.PromptedCall(
        path=call.path,
        attempt=call.attempt,
        turn=call.turn,
        agent=call.agent,
        model=call.model,
        tries=call.tries,
        digest=call.digest,
        manifest=call.manifest,
        decisions=[decision(each) for each in call.decisions],
        at=call.at,
        ended_at=call.ended_at,
        status=call.status,
        reply=call.reply,
        error=UNSET if call.error is None else error(call.error),
        held=_amount(call.held),
        spent=_amount(call.spent),
        simulated=call.simulated,
        request=None if prompt.request is None else to_builtins(prompt.request, enc_hook=leaf_shown),
        why=prompt.why,
    )


def _amount(spending: Spending) -> wire.Amount:
    return wire.Amount(usd=spending.usd, tokens=spending.tokens)
