"""`decide`: answers the oldest open matter with exactly one command. Pure: equal states give equal commands.

It dispatches; what each matter comes to is told by `starting`, `attempts`, `holding` and `ending`.
"""

from __future__ import annotations

from msgspec import Struct

from interlock.core import events as e
from interlock.core.deciding import ending, holding, starting, waiting
from interlock.core.deciding.attempts import after_attempt, after_undo
from interlock.core.deciding.in_hand import Deciding
from interlock.core.deciding.missing import Missing
from interlock.core.plan import Plan
from interlock.core.state import Matter, RunState
from interlock.core.values import Blobs, Pack
from interlock.core.verdicts import AskPolicy


class Need(Struct, frozen=True):
    """A decision needs values that are kept outside the state: load them and ask again."""

    digests: frozenset[str]


def decide(
    plan: Plan, state: RunState, blobs: Blobs, pack: Pack, judge: AskPolicy | None = None
) -> e.Command | Need | None:
    """The next command, the values it would need, or None if nothing is open (or the run is paused).

    `judge` is the policy that is asked before each movement; without one, nothing is asked.
    """
    if state.is_paused or state.outcome is not None:
        return None
    matter = state.stops.first() or state.matters.first()
    if matter is None:
        return None
    try:
        return _answer(Deciding(plan, state, blobs, pack, matter, judge=judge), matter)
    except Missing as missing:
        return Need(missing.digests)


def _answer(on: Deciding, matter: Matter) -> e.Command:
    match matter.kind:
        case "ready":
            return starting.start_node(on)
        case "again":
            return starting.start_again(on)
        case "dead":
            return starting.never_start(on)
        case "broken":
            return starting.fail_by_edge(on)
        case "edge":
            return starting.decide_edge(on)
        case "tried":
            return after_attempt(on)
        case "due":
            return waiting.time_is_up(on)
        case "got":
            return starting.start_granted(on) if starting.waits_for_leave(on) else waiting.take_word(on)
        case "offer":
            return waiting.offer(on)
        case "next":
            return holding.go_on(on)
        case "cancel":
            return ending.cancel_node(on)
        case "stop":
            return ending.stop_scope(on)
        case "undo":
            return ending.keep_undo(on)
        case "end":
            return ending.end_scope(on)
        case "compensate":
            return after_undo(on)
