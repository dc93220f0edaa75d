"""What can be done with an object now, by who asks: so that a page can say why not, before anybody tries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from interlock.core.lifecycle import RUN_ENDED
from interlock.embedded.selection import MAY_BE
from interlock.store.rows import QuestionRow
from interlock.tenancy import Act, Area, Caller
from interlock.wire.runs import Action, Actions

OF_RUNS: Final = ("pause", "resume", "cancel", "retry", "rollback", "fork", "replay")
ALLOWED: Final = Action(allowed=True)


def actions_of_run(status: str, caller: Caller) -> Actions:
    """What can be asked of a run of this status."""
    return {act: _checked(caller, "act", "runs", _why_not(act, status)) for act in OF_RUNS}


def actions_of_question(row: QuestionRow, caller: Caller) -> Actions:
    """Answering it, whatever kind of word that takes."""
    return {"answer": _checked(caller, "act", "questions", "")}


def actions(caller: Caller, area: Area, why_not: Mapping[str, tuple[Act, str]]) -> Actions:
    """Any actions on an object of an area, each with the kind of act it is and what else stands in its way."""
    return {name: _checked(caller, act, area, reason) for name, (act, reason) in why_not.items()}


def _checked(caller: Caller, act: Act, area: Area, reason: str) -> Action:
    refusal = caller.may(act, area)
    if refusal is not None:
        return Action(allowed=False, reason=refusal.reason)
    return Action(allowed=False, reason=reason) if reason else ALLOWED


def _why_not(act: str, status: str) -> str:
    """Forks and replays are made of runs of every status."""
    if act not in MAY_BE or status in MAY_BE[act]:
        return ""
    stands = status.replace("_", " ")
    if status in RUN_ENDED:
        return f"the run has ended: it {stands if stands.endswith('ed') else f'is {stands}'}"
    return f"the run is {stands}"
