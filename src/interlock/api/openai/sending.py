"""Sending an answer while whoever asked is there: in one piece, or as the pieces come.

Waiting counts as listening, and as no request under way. Who has gone is told of to whoever makes the answer.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Final

from msgspec import Struct
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from interlock.api.answers import JSON
from interlock.api.errors import ApiError
from interlock.api.guard import LISTENS, REQUEST
from interlock.api.openai.errors import in_their_words
from interlock.api.openai.telling import DONE, frame
from interlock.api.openai.waiting import ClientGone, while_there
from interlock.api.problems import problem_of

RUN: Final = "x-interlock-run"
SIMULATED: Final = "x-interlock-simulated"
STREAM_HEADERS: Final = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store"}


class WholeBody(Struct, frozen=True):
    """A body, and what its headers say of it."""

    body: bytes
    simulated: bool = False


async def leave_be() -> None:
    """What nobody hears goes on all the same."""


class InOnePiece(Response):
    """An answer that is sent once all of it is there."""

    def __init__(
        self,
        made: Callable[[], Awaitable[WholeBody]],
        headers: Mapping[str, str],
        *,
        when_gone: Callable[[], Awaitable[None]] = leave_be,
    ) -> None:
        super().__init__(headers=headers, media_type=JSON)
        self._made = made
        self._when_gone = when_gone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for it, and send it."""
        with scope[LISTENS](scope):
            try:
                whole = await while_there(receive, self._made())
            except ClientGone:
                await self._when_gone()
                return
        self.body = whole.body
        self.headers["content-length"] = str(len(whole.body))
        if whole.simulated:
            self.headers[SIMULATED] = "true"
        await super().__call__(scope, receive, send)


class PieceByPiece(Response):
    """An answer that is sent as it comes. An error that comes first of all is one of the request."""

    def __init__(
        self,
        frames: AsyncGenerator[bytes | ApiError],
        headers: Mapping[str, str],
        *,
        when_gone: Callable[[], Awaitable[None]] = leave_be,
    ) -> None:
        super().__init__(headers={**headers, **STREAM_HEADERS})
        del self.headers["content-length"]
        self._frames = frames
        self._when_gone = when_gone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send pieces as they come."""
        with scope[LISTENS](scope):
            try:
                await while_there(receive, self._send(scope[REQUEST], send))
            except ClientGone:
                await self._when_gone()

    async def _send(self, request: str, send: Send) -> None:
        has_begun = False
        async with aclosing(self._frames) as frames:
            async for each in frames:
                if isinstance(each, ApiError) and not has_begun:
                    raise each
                if not has_begun:
                    has_begun = True
                    await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                told = _error_in_stream(each, request) if isinstance(each, ApiError) else each
                await send({"type": "http.response.body", "body": told, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _error_in_stream(error: ApiError, request: str) -> bytes:
    return frame(in_their_words(problem_of(error, request))) + DONE
