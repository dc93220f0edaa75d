"""What a run that continues an ended one takes over from it: results for a retry, undos for a rollback (rule 42).

Reuse is by dependency and not by position in the log. What only computes (`value`, `choose`, `gate`, `fuse`) and what
holds scopes is not taken over: it comes out the same. Pure: it reads the plan and the events, and starts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from interlock.core import events as e
from interlock.core.continuing.again import Again
from interlock.core.continuing.past import Past
from interlock.core.evolve import evolve
from interlock.core.paths import UNDO_SUFFIX
from interlock.core.plan import Plan
from interlock.core.state import RunState

Adoption: TypeAlias = tuple[str, e.ResultAdopted]


def results_to_adopt(plan: Plan, run: str, events: Iterable[e.Event]) -> list[Adoption]:
    """Every finished result of a run that depends on nothing which has to run again, in the order of the log.

    What failed, was cancelled by a person or was taken back runs again, and with it all that depends on it.
    """
    past = Past(plan, run).after(events)
    return adopted_of(past, Again(past))


def adopted_of(past: Past, again: Again) -> list[Adoption]:
    """The results of a run that need not be made again; those that it had taken over itself and not used come first."""
    mine = [(path, result) for path, result in past.results.items() if not again.runs(path)]
    unused = [(path, result) for path, result in past.unused.items() if not again.runs(path)]
    return [*unused, *mine]


def undos_to_adopt(plan: Plan, run: str, events: Sequence[e.Event]) -> list[Adoption]:
    """Everything of a run that is still to be taken back; of a run that was itself a rollback, what it has left."""
    started = events[0].body
    if isinstance(started, e.RunStarted) and started.kind == "rollback":
        return _undos_left(events)
    state = RunState(run)
    for event in events:
        state = evolve(plan, state, event)
    return [(entry.path, _undo(entry)) for entry in state.scopes[""].undos]


def _undos_left(events: Iterable[e.Event]) -> list[Adoption]:
    left: dict[str, e.Undone] = {}
    for event in events:
        match event.body:
            case e.ResultAdopted(undo=e.Undone() as entry):
                left[entry.path] = entry
            case e.UndoResult(status="done") | e.EffectSettled(status="done"):
                left.pop(event.path.removesuffix(UNDO_SUFFIX), None)
            case _:
                pass
    return [(path, _undo(entry)) for path, entry in left.items()]


def _undo(entry: e.Undone) -> e.ResultAdopted:
    return e.ResultAdopted(entry.seq, undo=entry)
