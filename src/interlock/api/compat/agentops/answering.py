"""What a person's response says to the question that is open: one of its choices, or the form that it asks for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from msgspec import Struct

from interlock.api.errors import ApiError
from interlock.authoring.errors import NoTextInputError
from interlock.authoring.single_step import inputs_of_text
from interlock.core.event_parts import Question
from interlock.core.values import Value, is_list, is_map
from interlock.engine.waits import Wait

Response: TypeAlias = str | dict[str, Any]

ANSWERABLE: Final = frozenset({"person", "approval", "budget"})
"""What an answer moves on. The rest takes another word than an answer: `GET /v1/questions` says which."""


class Said(Struct, frozen=True):
    """An answer as runs take it."""

    choice: str = ""
    form: Value = None


class Asked(Struct, frozen=True):
    """A question, and where it is answered."""

    path: str
    question: Question


def question_meant(agent: str, waits: Iterable[Wait]) -> Asked:
    """The question that is answered: of several the one that was asked first."""
    for wait in sorted(waits, key=lambda wait: wait.since):
        if wait.reason in ANSWERABLE and wait.question is not None:
            return Asked(wait.path, wait.question)
    raise ApiError("refused", f"the agent {agent} waits for no answer: its status is awaiting_human when it does")


def said_to(question: Question, response: Response) -> Said:
    """What a response says to a question. Words are never lost: what fits no form is told as text."""
    if question.choices or question.form is None:
        return Said(choice=_words(response))
    if is_map(response) and _has_all(question.form, response):
        return Said(form=response)
    try:
        return Said(form=inputs_of_text(question.form, _words(response), what="the question"))
    except NoTextInputError as needs:
        raise ApiError("invalid_request", f"the question asks for a form: {needs}", field="response") from needs


def _has_all(form: Value, response: Mapping[str, Any]) -> bool:
    required = form.get("required") if is_map(form) else None
    return set(required if is_list(required) else ()) <= set(response)


def _words(response: Response) -> str:
    if isinstance(response, str):
        return response
    match list(response.values()):
        case [str() as only]:
            return only
        case _:
            return json.dumps(response, ensure_ascii=False)
