"""Chat completions of models: one call, whole or streamed, on record as a run of its own."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from interlock.api.answers import JSON
from interlock.api.desks import Desk
from interlock.api.errors import ApiError
from interlock.api.guard import LISTENS, REQUEST
from interlock.api.openai.bodies import ChatBody
from interlock.api.openai.errors import call_failed, in_their_words
from interlock.api.openai.labels import labels_of
from interlock.api.openai.reading import model_request
from interlock.api.openai.telling import DONE, Telling, frame
from interlock.api.openai.waiting import ClientGone, while_there
from interlock.api.problems import problem_of
from interlock.core.event_parts import Error
from interlock.core.messages import ModelReply
from interlock.embedded.model_calls import ModelCall

RUN: Final = "x-interlock-run"
SIMULATED: Final = "x-interlock-simulated"
GONE: Final = "whoever asked has gone"
STREAM_HEADERS: Final = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store"}


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
    if not is_streamed:
        return _Whole(desk, call, telling, headers)
    with_usage = body.stream_options is not None and bool(body.stream_options.include_usage)
    return _Streamed(desk, call, telling, headers, with_usage=with_usage)


class _Whole(Response):
    """An answer in one piece, waited for while somebody is there to be told it."""

    def __init__(self, desk: Desk, call: ModelCall, telling: Telling, headers: Mapping[str, str]) -> None:
        super().__init__(headers=headers, media_type=JSON)
        self._desk = desk
        self._call = call
        self._telling = telling

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait as a listener: it counts as no request meanwhile."""
        with scope[LISTENS]():
            try:
                answer = await while_there(receive, self._call.answer())
            except BaseException as error:
                await self._call.give_up(by=self._desk.caller.name, why=GONE)
                if isinstance(error, ClientGone):
                    return
                raise
        if isinstance(answer, Error):
            raise call_failed(answer, self._call.run)
        self.body = self._telling.whole(answer)
        self.headers["content-length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


class _Streamed(Response):
    """An answer piece by piece. What goes wrong before the first of them is an error of the request."""

    def __init__(
        self, desk: Desk, call: ModelCall, telling: Telling, headers: Mapping[str, str], *, with_usage: bool
    ) -> None:
        super().__init__(headers={**headers, **STREAM_HEADERS})
        del self.headers["content-length"]
        self._desk = desk
        self._call = call
        self._telling = telling
        self._with_usage = with_usage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send pieces as they come."""
        with scope[LISTENS]():
            try:
                await while_there(receive, self._send(scope, send))
            except BaseException as error:
                await self._call.give_up(by=self._desk.caller.name, why=GONE)
                if not isinstance(error, ClientGone):
                    raise

    async def _send(self, scope: Scope, send: Send) -> None:
        has_begun = False
        async with aclosing(self._frames(scope[REQUEST])) as frames:
            async for each in frames:
                if isinstance(each, ApiError):
                    raise each
                if not has_begun:
                    has_begun = True
                    await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                await send({"type": "http.response.body", "body": each, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _frames(self, request: str) -> AsyncGenerator[bytes | ApiError]:
        """What is told; an error only as long as nothing was."""
        told = ""
        async for piece in self._call.pieces():
            yield self._telling.says(piece) if told else self._telling.begins() + self._telling.says(piece)
            told += piece
        answer = await self._call.answer()
        if isinstance(answer, Error):
            failed = call_failed(answer, self._call.run)
            yield _in_stream(failed, request) if told else failed
        elif not answer.text.startswith(told):
            # Another model was asked after one had broken off: what stands in the record is its answer alone.
            broken = ApiError("answer_broken_off", f"run {self._call.run} has the whole answer", run=self._call.run)
            yield _in_stream(broken, request)
        else:
            yield self._the_rest(answer, told)

    def _the_rest(self, answer: ModelReply, told: str) -> bytes:
        left = answer.text[len(told) :]
        begins = b"" if told else self._telling.begins()
        return (
            begins
            + (self._telling.says(left) if left else b"")
            + self._telling.ends(answer, with_usage=self._with_usage)
        )


def _in_stream(error: ApiError, request: str) -> bytes:
    return frame(in_their_words(problem_of(error, request))) + DONE
