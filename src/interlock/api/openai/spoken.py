"""What is told of runs in a chat, as a completion: its text is ours, and no model's."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from secrets import token_hex

from starlette.responses import Response

from interlock.api.errors import ApiError
from interlock.api.openai.bodies import ChatBody
from interlock.api.openai.sending import RUN, InOnePiece, PieceByPiece, WholeBody
from interlock.api.openai.talking import Talk
from interlock.api.openai.telling import Telling
from interlock.core.messages import ModelReply


def spoken(talk: Talk, body: ChatBody) -> Response:
    """The answer. A run that nobody hears any more goes on."""
    headers = {RUN: talk.run} if talk.run else {}
    telling = Telling(talk.run or token_hex(8), model=body.model, created=int(time.time()))
    if body.stream:
        return PieceByPiece(_frames(talk, telling, with_usage=body.wants_usage), headers)
    return InOnePiece(lambda: _whole(talk, telling), headers)


async def _whole(talk: Talk, telling: Telling) -> WholeBody:
    pieces = [each async for each in talk.pieces]
    text = "".join(each.text for each in pieces if not each.is_progress)
    simulated = any(each.simulated for each in pieces)
    return WholeBody(telling.whole(ModelReply(text, simulated=simulated)), simulated=simulated)


async def _frames(talk: Talk, telling: Telling, *, with_usage: bool) -> AsyncGenerator[bytes | ApiError]:
    yield telling.begins()
    simulated = False
    async for each in talk.pieces:
        simulated |= each.simulated
        yield telling.says(each.text)
    yield telling.ends(ModelReply("", simulated=simulated), with_usage=with_usage)
