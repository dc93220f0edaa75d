"""Which effects only one of two courses of a run has: what the other would do, and what it would not. Pure.

Effects are matched by their path and their whole request; a repeat under the same id is the same effect. What became of
an effect is no difference here: the other course was never taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

from interlock.core import events as e
from interlock.core.values import Ref, Value, digest_of, with_refs_replaced
from interlock.store.rows import LineKind, LineStatus, changes


class EffectOnOneSide(Struct, frozen=True, kw_only=True):
    """An effect of one course that the other has not."""

    path: str
    kind: LineKind
    name: str
    """The tool, the event that is sent, or what the node's code called its step."""
    digest: str
    """The digest of the whole request; of a step that gives none, nothing."""
    status: LineStatus


def effects_only_in(
    run: str, events: Sequence[e.Event], *, beside: Sequence[e.Event]
) -> tuple[tuple[EffectOnOneSide, ...], tuple[EffectOnOneSide, ...]]:
    """What only the one course does, and what only the other does. The events hold every value whole."""
    ours, theirs = list(_effects(run, events)), list(_effects(run, beside))
    return tuple(_without(ours, theirs)), tuple(_without(theirs, ours))


def _without(effects: Sequence[EffectOnOneSide], others: Sequence[EffectOnOneSide]) -> Iterator[EffectOnOneSide]:
    left = Counter(map(_request, others))
    for effect in effects:
        if left[_request(effect)] > 0:
            left[_request(effect)] -= 1
        else:
            yield effect


def _request(effect: EffectOnOneSide) -> tuple[str, str, str, str]:
    return effect.path, effect.kind, effect.name, effect.digest


def _effects(run: str, events: Sequence[e.Event]) -> Iterator[EffectOnOneSide]:
    digests: dict[str, str] = {}
    for event in events:
        match event.body:
            case e.NodeStarted(effect=effect) | e.UndoStarted(effect=effect) as body:
                digests[effect] = request_digest(body)
            case e.EffectIntended() as body:
                digests[body.effect] = body.digest
            case _:
                pass
    for line in changes(run, events).intended.values():
        digest = digests[line.effect]
        yield EffectOnOneSide(path=line.path, kind=line.kind, name=line.name, digest=digest, status=line.status)


def request_digest(body: e.NodeStarted | e.UndoStarted) -> str:
    """The digest of a whole request, however its parts are kept: that on record is of what stands in the event."""
    return digest_of([body.tool, with_refs_replaced(body.input, _itself)])


def _itself(ref: Ref) -> Value:
    return ref
