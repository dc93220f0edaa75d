"""Every choice on record: what was asked, what could have been chosen, what was, by which rule, by whom and why. Pure.

Choices of the core and of doors are recorded as decisions; that a policy let something pass stands as the rules of what
began; what people chose, and which edges were taken, are events of their own. Here all of them are one kind of thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from interlock.core import events as e
from interlock.core.deciding.permitting import APPROVE, POLICY
from interlock.core.paths import step_path

EDGE: Final = "edge"
"""The point of a choice that a condition on an edge has made."""
SETTLEMENT: Final = "settlement"
"""Where a person said what became of an effect."""


class Choice(Struct, frozen=True, kw_only=True):
    """One choice, by the event that has it on record."""

    seq: int
    at: int
    event: str
    path: str
    """What it is about: a node, a step inside one (`fix.3`), or nothing where it is about the run."""
    by: str
    """Who chose, where it was a person."""
    asked: str
    """What the choice was about, in words: the text of a question, or what was about to be called."""
    decision: e.Decision


class ChoiceFilter(Struct, frozen=True):
    """What choices have in common. What is not said is not asked for."""

    points: frozenset[str] = frozenset()
    path: str | None = None
    verdicts: frozenset[str] = frozenset()

    def takes(self, choice: Choice) -> bool:
        """Whether a choice is meant; of a path also what is about the steps, scopes and copies inside it."""
        decision = choice.decision
        return (
            (not self.points or decision.point in self.points)
            and (not self.verdicts or decision.chosen in self.verdicts)
            and (self.path is None or _is_inside(choice.path, self.path))
        )


ALL_CHOICES: Final = ChoiceFilter()


def choices_in(event: e.Event) -> Iterator[Choice]:
    """The choices that an event has on record, in the order in which they were made."""
    for asked, ordinal, decision in _choices(event):
        yield Choice(
            seq=event.seq,
            at=event.at,
            event=event.type,
            path=step_path(event.path, ordinal) if ordinal else event.path,
            by=event.actor,
            asked=asked,
            decision=decision,
        )


def _choices(event: e.Event) -> Iterator[tuple[str, int, e.Decision]]:
    """What was asked, at which step, and what was decided."""
    body = event.body
    passed = _let_pass(body)
    if passed is not None:
        yield passed[0], 0, passed[1]
    match body:
        case e.DecisionMade():
            yield f"{body.name} {body.key}".strip(), body.ordinal, body.decision
        case e.NodeWaiting(decision=e.Decision() as decision):
            yield body.question.text if body.question else "", 0, decision
        case e.NodeSucceeded(decision=e.Decision() as decision) | e.NodeFailed(decision=e.Decision() as decision):
            yield "", 0, decision
        case e.EdgeDecided():
            options = (e.Option(body.target, body.taken),)
            why = body.error.message if body.error else body.why
            yield body.target, 0, e.Decision(EDGE, body.target if body.taken else "", options, why)
        case e.AnswerGiven():
            yield "", 0, e.Decision("answer", body.choice, (), body.why)
        case e.VerdictGiven():
            yield "", 0, e.Decision("verdict", body.verdict, (), body.why)
        case e.RemedyGiven():
            yield "", 0, e.Decision("remedy", body.act, (), body.why)
        case e.EffectSettled():
            yield body.effect, 0, e.Decision(SETTLEMENT, body.status, (), body.why)
        case _:
            pass


def _let_pass(body: e.Body) -> tuple[str, e.Decision] | None:
    """What a policy said of something that began: it stands there as the rules by which that was allowed."""
    match body:
        case e.RunStarted() if body.rule:
            chosen, why = ("deny", body.refused.message) if body.refused else ("allow", "")
            return body.graph, e.Decision(POLICY, chosen, (), why, body.rule, body.policy)
        case e.NodeStarted() if body.rules:
            chosen = APPROVE if body.approved else "allow"
            return body.tool, e.Decision(POLICY, chosen, (), "", ", ".join(body.rules), body.policy)
        case e.NodeWaiting() | e.NodeOpened() | e.NodeSucceeded() if body.rules:
            return "", e.Decision(POLICY, "allow", (), "", ", ".join(body.rules), body.policy)
        case _:
            return None


def _is_inside(path: str, meant: str) -> bool:
    return path == meant or (path.startswith(meant) and path[len(meant)] in "./:!")
