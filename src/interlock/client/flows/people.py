"""What waits for people: listed, answered, and answered by a function for as long as anything asks.

Nothing that a person says is repeated once it may have left. That somebody else was quicker is an ordinary thing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Literal, Protocol, TypeAlias

from msgspec import Struct

from interlock.client.errands import Flow, Heeding, Telling, collected, exhausted, handed, heeding, made
from interlock.client.errors import Invalid, Refused
from interlock.client.flows.following import hear_feed, hear_run
from interlock.client.flows.running import effects
from interlock.client.paging import listed
from interlock.client.requests import RunLike, ask, id_of
from interlock.client.server_sent import Frame
from interlock.wire.acts import Asked
from interlock.wire.questions import Question, QuestionPage
from interlock.wire.values import Value

ASKING: Final = ("node.waiting", "undo.waiting", "effect.intended", "effect.unknown", "run.started")
"""Types of events with which a question may be asked."""

Verdict: TypeAlias = Literal["promote", "block", "rollback"]
Remedy: TypeAlias = Literal["retry", "edit", "skip", "fail"]
Settlement: TypeAlias = Literal["done", "not_done"]


_Key: TypeAlias = tuple[str, str, int]


class HasPlace(Protocol):
    """Anything that says of which run it is, and where in it: a question."""

    @property
    def run(self) -> str:
        """The run's id."""
        ...

    @property
    def path(self) -> str:
        """The path of the node that asks."""
        ...


PlaceLike: TypeAlias = str | HasPlace
"""A question, or where it stands: `RUN:PATH`."""


class Reply(Struct, frozen=True, kw_only=True):
    """What is said about a question: one of its `choices`, or the form that it asks for."""

    word: str = ""
    form: Value = None
    input: Value = None
    """With the word `edit` about a failure: what it is tried again with. With `done`, what came of it."""
    why: str = ""


Replies: TypeAlias = Reply | str | None
"""A word alone is a reply; None leaves the question to others."""


def questions(run: RunLike | None = None) -> Telling[Question]:
    """What waits for people, of all runs or of one, the longest waiting first."""
    query = {"run": None if run is None else id_of(run)}
    return listed("questions", shape=QuestionPage, rows_of=lambda page: page.questions, query=query)


def answer(question: PlaceLike, choice: str = "", *, form: Value = None, why: str = "") -> Flow[Asked]:
    """Answer a question with one of its choices, or with the form it asks for."""
    return _said(question, "answers", {"choice": choice or None, "form": form, "why": why or None})


def verdict(question: PlaceLike, verdict: Verdict, *, why: str = "") -> Flow[Asked]:
    """Give the verdict on a gate that is held."""
    return _said(question, "verdicts", {"verdict": verdict, "why": why or None})


def remedy(question: PlaceLike, act: Remedy, *, input: Value = None, why: str = "") -> Flow[Asked]:
    """Say what is to be done about a failure that is held; `edit` tries again with another input."""
    return _said(question, "remedies", {"act": act, "input": input, "why": why or None})


def settle(run: RunLike, effect: str, status: Settlement, *, out: Value = None, why: str = "") -> Flow[Asked]:
    """Say what became of an effect of which nobody knows; one that is done may be given its result."""
    body = {"effect": effect, "status": status, "out": out, "why": why or None}
    return made(ask("runs", id_of(run), "settlements", shape=Asked, body=body))


def reply(question: Question, said: Reply | str) -> Flow[Asked]:
    """Say one of its words about a question, whatever kind of question it is."""
    told = Reply(word=said) if isinstance(said, str) else said
    match question.reason, told.word:
        case (("person" | "approval" | "budget"), word):
            return (yield from answer(question, word, form=told.form, why=told.why))
        case "hold", ("promote" | "block" | "rollback") as word:
            return (yield from verdict(question, word, why=told.why))
        case "failure", ("retry" | "edit" | "skip" | "fail") as word:
            return (yield from remedy(question, word, input=told.input, why=told.why))
        case "reconcile", ("done" | "not_done") as word:
            effect = yield from _effect_in_doubt(question)
            return (yield from settle(question, effect, word, out=told.input, why=told.why))
        case _:
            raise Invalid(
                f"{told.word!r} cannot be said about {question.run}:{question.path}",
                code="invalid_request",
                advice=f"say one of {', '.join(question.choices)}",
            )


def answer_each(
    handler: Callable[[Question], Replies | Awaitable[Replies]], *, run: RunLike | None = None
) -> Flow[int]:
    """Answer what is asked by a function, as it is asked: of one run up to its end, or of all runs, for ever.

    It is given each question once, and says a word about it, a `Reply`, or None to leave it to others. What somebody
    else has answered first is passed over. Comes back with how many it has answered.
    """
    desk = _Desk(handler, run)
    heard = hear_feed(types=ASKING) if run is None else hear_run(run, types=ASKING)
    yield from exhausted(heeding(heard, desk.take))
    return desk.answered


class _Desk:
    """Where questions are answered: it remembers which of those that are open it has dealt with."""

    def __init__(self, handler: Callable[[Question], Replies | Awaitable[Replies]], run: RunLike | None) -> None:
        self._handler = handler
        self._run = run
        self._dealt_with: set[_Key] = set()
        self.answered = 0

    def take(self, _: list[Frame]) -> Heeding[None]:
        """Something has happened, or is only still there: see what is asked now. It is never enough."""
        open_now: list[Question] = yield from collected(questions(self._run))
        self._dealt_with &= {_key(question) for question in open_now}
        for question in open_now:
            if _key(question) not in self._dealt_with:
                self._dealt_with.add(_key(question))
                yield from self._answer(question)
        return False

    def _answer(self, question: Question) -> Flow[None]:
        said = yield from handed(self._handler, question)
        if said is None:
            return
        try:
            yield from reply(question, said)
        except Refused:
            still_asked = yield from collected(questions(question))
            if _key(question) in map(_key, still_asked):
                raise
        else:
            self.answered += 1


def _key(question: Question) -> _Key:
    return question.run, question.path, question.seq


def _said(question: PlaceLike, kind: str, body: dict[str, object]) -> Flow[Asked]:
    run, path = place_of(question)
    return made(ask("runs", run, kind, shape=Asked, body={"path": path, **body}))


def place_of(question: PlaceLike) -> tuple[str, str]:
    """The run and the path of a question."""
    if not isinstance(question, str):
        return question.run, question.path
    run, colon, path = question.partition(":")
    if not (run and colon and path):
        raise Invalid(f"{question!r} names no question", code="invalid_request", advice="write it as RUN:PATH")
    return run, path


def _effect_in_doubt(question: Question) -> Flow[str]:
    found = yield from effects(question)
    doubtful = [each.effect for each in found if each.path == question.path and each.status == "unknown"]
    if not doubtful:
        raise Refused(f"nothing is in doubt at {question.run}:{question.path} any more", code="refused")
    return doubtful[0]
