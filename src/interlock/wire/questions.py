"""What waits for people."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from interlock.wire.runs import Actions
from interlock.wire.values import Value

AskedFor: TypeAlias = Literal["person", "hold", "failure", "reconcile", "approval", "budget"]


class Question(Struct, frozen=True, kw_only=True):
    """Something that only a person can move on. It is addressed by its run and path."""

    run: str
    path: str
    node: str
    reason: AskedFor
    """Why a person is needed: a question, a held gate or failure, an effect nobody knows the end of, an approval."""
    text: str
    choices: list[str]
    """The words that may be said about it."""
    form: Value = None
    """A JSON Schema, where a filled form is wanted."""
    quorum: int = 1
    seq: int
    """The number of the event that asked."""
    since: int
    due: int | None = None
    actions: Actions = {}


class QuestionPage(Struct, frozen=True, kw_only=True):
    """What waits for people, the longest waiting first. With a `next` there may be more: give it as `cursor`."""

    questions: list[Question]
    next: str | None = None
