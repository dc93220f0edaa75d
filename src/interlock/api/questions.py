"""What waits for people: `GET /v1/questions`. Answers are given at the run."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from interlock.api.actions import actions_of_question
from interlock.api.answers import answers, told
from interlock.api.desks import ReadsQuestions
from interlock.api.pages import LIMIT, Cursor, Limit, cursor_at, number_of
from interlock.showing.questions import question
from interlock.wire.questions import QuestionPage

router = APIRouter(tags=["questions"])


@router.get("/questions", **answers(QuestionPage, "What waits for people, the longest waiting first."))
async def list_questions(
    desk: ReadsQuestions,
    run: Annotated[str | None, Query(max_length=100, description="Only of this run.")] = None,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
) -> Response:
    """Everything that only a person can move on: questions, held gates and failures, effects in doubt."""
    begin = number_of(cursor, of=run) or 0
    rows = await desk.interlock.questions() if run is None else await (await desk.interlock.open(run)).questions()
    page = rows[begin : begin + limit]
    following = cursor_at(str(begin + limit), of=run) if len(rows) > begin + limit else None
    told_rows = [question(row, actions=actions_of_question(row, desk.caller)) for row in page]
    return told(QuestionPage(questions=told_rows, next=following))
