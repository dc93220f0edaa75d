"""The word that moves on what waits for a person, whatever kind of word that takes: an answer, a verdict, a remedy."""

from __future__ import annotations

from typing import cast

from interlock.api.errors import ApiError
from interlock.core.values import Value
from interlock.embedded.handle import Remedy, RunHandle, Verdict
from interlock.engine.submitting import Submitted
from interlock.store.rows import QuestionRow


async def give_answer(
    run: RunHandle, row: QuestionRow, *, choice: str, form: Value, by: str, why: str = "", detach: bool = False
) -> Submitted:
    """Say a choice or a filled form to what waits; `ApiError` where that is no word for it."""
    match row.reason:
        case "hold":
            return await run.verdict(row.path, cast("Verdict", _one_of(row, choice)), by=by, why=why, detach=detach)
        case "failure":
            act = cast("Remedy", _one_of(row, choice))
            return await run.remedy(row.path, act, by=by, input=form, why=why, detach=detach)
        case "reconcile":
            raise ApiError("refused", f"what became of the effect at {row.path} is said with `interlock settle`")
        case _:
            return await run.answer(row.path, by=by, choice=choice, form=form, why=why, detach=detach)


def _one_of(row: QuestionRow, choice: str) -> str:
    if choice not in row.question.choices:
        listed = ", ".join(row.question.choices)
        raise ApiError("invalid_request", f"{choice!r} is none of the choices at {row.path}: {listed}")
    return choice
