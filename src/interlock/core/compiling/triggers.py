"""Triggers compiled: what starts runs of a graph by itself. They see an event or an instant, and nothing of a run."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from interlock.core import graph as g
from interlock.core import plan as p
from interlock.core.compiling.canonical_document import sorted_maps
from interlock.core.compiling.dependencies import Spot
from interlock.core.compiling.names import wrong_event_name, wrong_name
from interlock.core.compiling.parts import Parts
from interlock.core.compiling.scoping import GraphDraft
from interlock.core.cron import Cron, CronProblem, parse_cron
from interlock.core.graph_triggers import CronTrigger, EventTrigger
from interlock.core.problems import Place, Problem, nearest


def triggers_of(parts: Parts, takes: p.JsonSchema | None, zones: Collection[str] | None) -> tuple[p.Trigger, ...]:
    """The triggers of a graph that takes these inputs, in the order of their names; problems go to the graph."""
    written = parts.draft.model.triggers
    made = [_trigger(name, written[name], takes, zones, parts) for name in sorted(written)]
    return tuple(trigger for trigger in made if trigger is not None)


def _trigger(
    name: str,
    model: CronTrigger | EventTrigger,
    takes: p.JsonSchema | None,
    zones: Collection[str] | None,
    parts: Parts,
) -> p.Trigger | None:
    place: Place = ("triggers", name)
    if (wrong := wrong_name(name)) is not None:
        parts.problem(place, *wrong, at_key=True)
    on = _on_cron(model, place, zones, parts) if isinstance(model, CronTrigger) else _on_event(model, place, parts)
    inputs = parts.compiler.template(model.inputs, _spot(model, parts), (*place, "inputs"))
    given = (*place, "inputs") if "inputs" in model.model_fields_set else place
    parts.contracts.check(
        f"graph {parts.draft.name}",
        takes or {},
        model.inputs,
        place=given,
        errors=parts.draft.errors,
        key="inputs",
    )
    meaning = msgspec.json.encode(sorted_maps(model.model_dump(mode="json"))).decode()
    return on and p.Trigger(name=name, on=on, inputs=inputs, overlap=model.overlap, meaning=meaning)


def _spot(model: CronTrigger | EventTrigger, parts: Parts) -> Spot:
    seen = ("now",) if isinstance(model, CronTrigger) else ("now", "event")
    return Spot(parts.draft.root, visible=seen)


def _on_cron(model: CronTrigger, place: Place, zones: Collection[str] | None, parts: Parts) -> p.OnCron | None:
    cron = _cron(model.cron, (*place, "cron"), parts)
    if zones is not None and model.zone not in zones:
        meant = nearest(model.zone, zones)
        advice = f"did you mean `{meant}`?" if meant else "write a zone such as Europe/Berlin, or UTC"
        parts.problem((*place, "zone"), f"`{model.zone}` is no time zone that is known here", advice)
    return cron and p.OnCron(cron, model.zone, model.catch_up)


def _cron(written: str, place: Place, parts: Parts) -> Cron | None:
    try:
        return parse_cron(written)
    except CronProblem as problem:
        told = Problem(place=place, message=problem.message, advice=problem.advice, offset=problem.offset)
        parts.draft.errors.append(told)
        return None


def _on_event(model: EventTrigger, place: Place, parts: Parts) -> p.OnEvent:
    if (wrong := wrong_event_name(model.event)) is not None:
        parts.problem((*place, "event"), *wrong)
    if model.where is None and model.event in _emitted(parts.draft):
        message = f"runs of this graph emit `{model.event}`, so that each of them starts the next, without end"
        parts.warn((*place, "event"), message, "say with `where` which of them start one")
    spot, where, key = _spot(model, parts), None, None
    if model.where is not None:
        where = parts.compiler.condition(model.where, spot, (*place, "where"))
    if model.key is not None:
        key = parts.compiler.template(model.key, spot, (*place, "key"))
    return p.OnEvent(model.event, where, key)


def _emitted(draft: GraphDraft) -> set[str]:
    return {node.model.emit for scope in draft.scopes for node in scope.nodes if isinstance(node.model, g.EmitNode)}
