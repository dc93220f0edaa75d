"""Chat completions of models: one call, whole or streamed, on record as a run of its own."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from typing import Final

from starlette.responses import Response

from interlock.api.desks import Desk
from interlock.api.errors import ApiError
from interlock.api.openai.bodies import ChatBody
from interlock.api.openai.errors import call_failed
from interlock.api.openai.labels import labels_of
from interlock.api.openai.reading import model_request
from interlock.api.openai.sending import RUN, SIMULATED, InOnePiece, PieceByPiece, WholeBody
from interlock.api.openai.telling import Telling
from interlock.core.event_parts import Error
from interlock.embedded.model_calls import ModelCall

GONE: Final = "whoever asked has gone"


async def completion_of_model(desk: Desk, body: ChatBody) -> Response:
    """The answer of a pool or a model."""
    request = model_request(body)
    is_streamed = bool(body.stream)
    call = await desk.interlock.model_calls.begin(
        body.model,
        request,
        by=desk.caller.name,
        labels=await labels_of(desk, body),
        # The schema of an answer is kept to once all of it is there: what comes before that is of no use.
        hears=is_streamed and request.output is None,
    )
    headers = {RUN: call.run}
    if desk.interlock.model_calls.is_simulated(body.model):
        headers[SIMULATED] = "true"
    telling = Telling(call.run, model=body.model, created=int(time.time()))

    async def give_up() -> None:
        await call.give_up(by=desk.caller.name, why=GONE)

    if is_streamed:
        frames = _frames(call, telling, with_usage=body.wants_usage)
        return PieceByPiece(frames, headers, when_gone=give_up)
    return InOnePiece(lambda: _whole(call, telling), headers, when_gone=give_up)


async def _whole(call: ModelCall, telling: Telling) -> WholeBody:
    answer = await call.answer()
    if isinstance(answer, Error):
        raise call_failed(answer, call.run)
    return WholeBody(telling.whole(answer))


async def _frames(call: ModelCall, telling: Telling, *, with_usage: bool) -> AsyncGenerator[bytes | ApiError]:
    told = ""
    async for piece in call.pieces():
        yield telling.says(piece) if told else telling.begins() + telling.says(piece)
        told += piece
    answer = await call.answer()
    if isinstance(answer, Error):
        yield call_failed(answer, call.run)
    elif not answer.text.startswith(told):
        # Another model was asked after one had broken off: what stands in the record is its answer alone.
        yield ApiError("answer_broken_off", f"run {call.run} has the whole answer", run=call.run)
    else:
        left = answer.text[len(told) :]
        begins = b"" if told else telling.begins()
        yield begins + (telling.says(left) if left else b"") + telling.ends(answer, with_usage=with_usage)
