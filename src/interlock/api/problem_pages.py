"""What the codes of problems mean: the `type` of a problem leads here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.errors import ApiError
from interlock.api.problems import MEANINGS
from interlock.wire.problems import ProblemKind, ProblemKinds

router = APIRouter(tags=["problems"])


@router.get("/problems", **answers(ProblemKinds, "Every code there is."))
async def list_problems() -> Response:
    """The codes of all problems, and what each means."""
    return told(ProblemKinds(problems=[_kind(code) for code in MEANINGS]))


@router.get("/problems/{code}", **answers(ProblemKind, "What the code means."))
async def get_problem(code: Annotated[str, Path(max_length=100, description="The code of a problem.")]) -> Response:
    """What a code means, and what to do."""
    if code not in MEANINGS:
        raise ApiError("thing_not_found", f"no problem has the code {code}")
    return told(_kind(code))


def _kind(code: str) -> ProblemKind:
    status, title, advice = MEANINGS[code]
    return ProblemKind(code=code, status=status, title=title, advice=advice)
