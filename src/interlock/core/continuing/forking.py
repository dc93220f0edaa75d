"""What a fork takes over of its parent and what it does again, known before anything is done (rule 42). Pure.

A fork begins at a node: that and all that depends on it runs again, everything else that has finished is taken over.
What was edited, and what another graph defines otherwise, counts as chosen too. What failed or is under way cannot be
taken over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, TypeAlias, TypeGuard, cast

import msgspec
from msgspec import Struct

from interlock.core import events as e
from interlock.core.continuing.adopting import Adoption, adopted_of
from interlock.core.continuing.again import Again
from interlock.core.continuing.definitions import Definitions, place_of
from interlock.core.continuing.past import Past
from interlock.core.expressions import Chain, Expression
from interlock.core.paths import step_path
from interlock.core.plan import BarePath, EffectClass, Node, Plan
from interlock.core.problems import nearest
from interlock.core.values import Value, is_map

INPUTS: Final = "inputs"


class Edit(Struct, frozen=True):
    """A value set anew: of the run's inputs, or of what a node gave. Without fields it is the whole."""

    path: str
    fields: tuple[str, ...]
    value: Value

    @property
    def target(self) -> str:
        """What is set, as it was written."""
        return ".".join((self.path, *self.fields))


def edit_of(target: str, value: Value) -> Edit:
    """An edit as people write it: `inputs.amount`, `plan.steps`, `refine:2/fix`."""
    path, *fields = target.split(".")
    return Edit(path, tuple(fields), value)


class Repeat(Struct, frozen=True):
    """An effect of the parent that the fork would make again, under an id of its own."""

    path: str
    tool: str
    """The tool or agent, or the event that is sent."""
    effect_class: EffectClass | Literal["paid", "emit"]
    effect: str


class Fork(Struct, frozen=True, kw_only=True):
    """What a fork will be made of. `changed` and `gone`: nodes that the new graph defines otherwise, or has not."""

    start: str
    inputs: Value
    adopted: tuple[Adoption, ...]
    again: tuple[str, ...]
    repeats: tuple[Repeat, ...] = ()
    asked: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    tainted: bool = False
    """The parent's inputs were made of an event, which somebody outside may have written."""


class ForkRefused(Exception):
    """A fork that cannot be: says what is wrong and what could be meant."""


Graphs: TypeAlias = tuple[Definitions, Definitions]
"""How the parent's graph defines its nodes, and how the fork's does."""


def plan_fork(
    plan: Plan,
    run: str,
    events: Sequence[e.Event],
    *,
    start: str,
    edits: Sequence[Edit] = (),
    graphs: Graphs | None = None,
) -> Fork:
    """What a fork of a run comes to. `events` are its log, with values at hand where they are edited."""
    past = Past(plan, run).after(events)
    _check_start(past, start)
    of_inputs = [edit for edit in edits if edit.path == INPUTS]
    of_nodes = [edit for edit in edits if edit.path != INPUTS]
    changed, gone = _differences(past, graphs) if graphs is not None else ((), ())
    wanted = {start, *changed, *_readers_of_inputs(past, of_inputs)}
    again = Again(past, wanted=wanted, edited=[edit.path for edit in of_nodes])
    adopted = [adoption for adoption in adopted_of(past, again) if adoption[0] not in gone]
    runs_again = tuple(path for path in past.status if again.runs(path) and path not in gone)
    started = events[0].body
    assert isinstance(started, e.RunStarted), "a log begins with the run's start"
    return Fork(
        start=start,
        inputs=_edited(INPUTS, started.inputs, of_inputs),
        adopted=tuple((path, _shared(result)) for path, result in _with_edits(past, adopted, of_nodes)),
        again=runs_again,
        repeats=tuple(repeat for repeat in _repeats(past, events, again) if repeat.path not in gone),
        asked=tuple(path for path in runs_again if path in past.results and past.kinds[path] == "human"),
        edited=tuple(edit.target for edit in edits),
        changed=changed,
        gone=gone,
        tainted=started.tainted,
    )


def _shared(result: e.ResultAdopted) -> e.ResultAdopted:
    return msgspec.structs.replace(result, is_shared=True)


def _check_start(past: Past, start: str) -> None:
    if start in past.status or any(scope.key.removesuffix("/") == start for scope in past.scopes.values()):
        return
    meant = nearest(start, list(past.status))
    hint = f"did you mean {meant}?" if meant else "see `interlock show` for its nodes"
    raise ForkRefused(f"nothing has happened to {start} in this run; {hint}")


# --- edits -----------------------------------------------------------------------------------------------------------


def _with_edits(past: Past, adopted: list[Adoption], edits: Sequence[Edit]) -> Iterator[Adoption]:
    taken_over = dict(adopted)
    for edit in edits:
        if edit.path not in taken_over:
            raise ForkRefused(_not_editable(past, edit))
    for path, result in adopted:
        mine = [edit for edit in edits if edit.path == path]
        yield path, msgspec.structs.replace(result, out=_edited(path, result.out, mine)) if mine else result


def _not_editable(past: Past, edit: Edit) -> str:
    if not edit.path:
        return f"{edit.target!r} names nothing: write `inputs` or the path of a node, and fields behind it"
    if edit.path in past.results:
        return f"{edit.path} runs again, so what it gave cannot be set: set what it depends on, or start behind it"
    if edit.path in past.status:
        return f"{edit.path} is computed from others, or gave nothing: set what it depends on"
    meant = nearest(edit.path, list(past.results))
    return f"there is no result of {edit.path} in this run" + (f"; did you mean {meant}?" if meant else "")


def _edited(what: str, value: Value, edits: Iterable[Edit]) -> Value:
    for edit in edits:
        value = _set(what, value, edit.fields, edit.value)
    return value


def _set(what: str, value: Value, fields: tuple[str, ...], new: Value) -> Value:
    if not fields:
        return new
    if not is_map(value):
        raise ForkRefused(f"{what} is no map, so its `{fields[0]}` cannot be set")
    name, *rest = fields
    if rest and name not in value:
        raise ForkRefused(f"{what} has no `{name}`, so nothing in it can be set")
    inner = _set(f"{what}.{name}", value.get(name), tuple(rest), new)
    return {key: inner if key == name else value[key] for key in sorted({*value, name})}


# --- what has to run again -------------------------------------------------------------------------------------------


def _differences(past: Past, graphs: Graphs) -> tuple[tuple[str, ...], tuple[str, ...]]:
    before, after = graphs
    gone = tuple(path for path in past.status if place_of(path) not in after)
    changed = tuple(
        path for path in past.status if path not in gone and before[place_of(path)] != after[place_of(path)]
    )
    return changed, gone


def _readers_of_inputs(past: Past, edits: Sequence[Edit]) -> Iterator[str]:
    """Nodes of the graph itself that look at an input which is set anew; a sub-graph has inputs of its own."""
    if not edits:
        return
    wanted = [edit.fields[:1] for edit in edits]
    for scope in past.scopes.values():
        if not _is_in_root_graph(past, scope.key):
            continue
        nodes = past.plan.scopes[scope.body].nodes
        for node in nodes:
            targets = [nodes[edge.target] for edge in node.edges if edge.when and _reads(edge.when, wanted)]
            for reader in [*targets, *([node] if _node_reads(node, wanted) else [])]:
                yield scope.key if past.plan.scopes[scope.body].single else scope.key + reader.name


def _is_in_root_graph(past: Past, key: str) -> bool:
    while key:
        scope = past.scopes[key]
        if past.plan.scopes[scope.body].kind == "graph":
            return False
        key = scope.parent
    return True


def _node_reads(node: Node, wanted: Sequence[tuple[str, ...]]) -> bool:
    return any(_reads(getattr(node, name), wanted) for name in node.__struct_fields__ if name != "edges")


def _reads(part: object, wanted: Sequence[tuple[str, ...]]) -> bool:
    return any(
        chain[0] == INPUTS and any(chain[1:2] in {(), field} or not field for field in wanted)
        for chain in _chains_in(part)
    )


def _chains_in(part: object) -> Iterator[Chain]:
    """Every name that a part of a plan mentions, with the fields selected from it."""
    match part:
        case Expression():
            yield from part.mentions
        case BarePath():
            yield part.chain
        case Struct():
            for name in part.__struct_fields__:
                yield from _chains_in(getattr(part, name))
        case tuple():
            for each in cast("tuple[object, ...]", part):
                yield from _chains_in(each)
        case _:
            return


# --- what that means -------------------------------------------------------------------------------------------------


def _repeats(past: Past, events: Sequence[e.Event], again: Again) -> Iterator[Repeat]:
    """Every call of the parent that was made or may have been, of nodes that run again, in the order of the log.

    An agent runs again as a whole, and its models cost again: with their help it may do all that it did.
    """
    not_made = {event.body.effect for event in events if _says_not_made(event.body)}
    for event in events:
        match event.body:
            case e.NodeStarted(is_agent=True) as body:
                repeat = Repeat(event.path, body.tool, "paid", body.effect)
            case e.NodeStarted() as body:
                effect_class = "emit" if body.emits else past.plan.tools[body.tool].effect
                repeat = Repeat(event.path, body.tool, effect_class, body.effect)
            case e.EffectIntended(kind="tool" | "memory", tries=1) as body:
                repeat = Repeat(step_path(event.path, body.ordinal), body.name, body.effect_class, body.effect)
            case _:
                continue
        if repeat.effect_class != "read" and repeat.effect not in not_made and again.runs(_node_at(event.path)):
            yield repeat


def _node_at(path: str) -> str:
    """The node at which something happens: all that an agent does, graphs that it calls as well, does its node."""
    return path.partition(".")[0]


def _says_not_made(body: e.Body) -> TypeGuard[e.NodeResult | e.EffectSettled | e.EffectFailed]:
    match body:
        case e.NodeResult() | e.EffectSettled():
            return body.status in {"failed", "not_done"}
        case e.EffectFailed():
            return True
        case _:
            return False
