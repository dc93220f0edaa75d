"""Answers that a person gives in a chat to what a run asks: a choice, a form, or the word about what is held."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from interlock.api.desks import Desk
from interlock.api.errors import ApiError
from interlock.embedded.handle import Remedy, RunHandle, Verdict
from interlock.store.rows import QuestionRow


async def answer_run(desk: Desk, run_id: str, words: str) -> RunHandle:
    """Give the answer that the words are. Raises what keeps it from being one."""
    desk.refuse_unless("act", "questions")
    run = await desk.interlock.open(run_id)
    row, said = _question_meant(run_id, await run.questions(), words)
    by, detach = desk.caller.name, desk.detaches
    match row.reason:
        case "hold":
            await run.verdict(row.path, cast("Verdict", _choice(row, said)), by=by, detach=detach)
        case "failure":
            await run.remedy(row.path, cast("Remedy", _choice(row, said)), by=by, detach=detach)
        case "reconcile":
            raise ApiError("invalid_request", "what became of an effect is said at POST /v1/runs/{run}/settlements")
        case _ if row.question.form is not None:
            await run.answer(row.path, by=by, form=_form(said), detach=detach)
        case _:
            await run.answer(row.path, by=by, choice=_choice(row, said), detach=detach)
    return run


def choice_meant(choices: Sequence[str], said: str) -> str | None:
    """The choice that somebody writes, however it is spelled."""
    spelled = said.strip().strip("`'\".!").casefold()
    return next((choice for choice in choices if choice.casefold() == spelled), None)


def _question_meant(run: str, rows: Sequence[QuestionRow], words: str) -> tuple[QuestionRow, str]:
    first, _, rest = words.partition(" ")
    named = next((row for row in rows if row.path == first), None)
    if named is not None and rest.strip():
        return named, rest.strip()
    match rows:
        case []:
            raise ApiError("question_not_found", f"run {run} asks nothing just now")
        case [only]:
            return only, words
        case _:
            paths = ", ".join(f"`{row.path}`" for row in rows)
            raise ApiError("invalid_request", f"run {run} asks several things: say which, of {paths}")


def _choice(row: QuestionRow, said: str) -> str:
    if not row.question.choices:
        return said
    choice = choice_meant(row.question.choices, said)
    if choice is None:
        listed = ", ".join(row.question.choices)
        raise ApiError("invalid_request", f"{said!r} is none of the choices: {listed}")
    return choice


def _form(said: str) -> Any:  # noqa: ANN401 - what a form asks for
    try:
        return json.loads(said)
    except (ValueError, RecursionError) as error:
        raise ApiError("invalid_request", f"a form is answered with a JSON object: {error}") from error
