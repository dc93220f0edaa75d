"""OpenAI's library with a shorter way to chat completions: a request is sent as it was made, a stream is read here.

The library walks through every message and tool by their types to rename keys that need no renaming, and makes objects
of every few letters of a stream: both take longer than all that a gateway does. Connections, keys, errors and the
answer itself stay the library's.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, cast

from httpx2 import RemoteProtocolError, RequestError
from openai import APIConnectionError, APIError, AsyncOpenAI, AsyncStream, NotGiven, Omit
from openai.resources.chat import AsyncChat
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from interlock.models.pieces import BROKEN_OFF, OnPiece
from interlock.models.sdk.server_events import data_of
from interlock.models.sdk.sound_usage import sound_usage
from interlock.models.sdk.streamed_completion import StreamedCompletion, StreamProblem

_PATH: Final = "/chat/completions"

_LISTENER: ContextVar[OnPiece | None] = ContextVar("listener", default=None)
"""Who listens to the request that this task makes: the classes between it and here have no place for it."""


@contextmanager
def heard_by(on_piece: OnPiece) -> Generator[None]:
    """Whatever is asked for in here is streamed, and told piece by piece before the whole comes back."""
    token = _LISTENER.set(on_piece)
    try:
        yield
    finally:
        _LISTENER.reset(token)


class OpenAIClient(AsyncOpenAI):
    """OpenAI's client, but for how chat completions are asked for."""

    @property
    def chat(self) -> AsyncChat:
        """Its chat completions."""
        return cast("AsyncChat", _Chat(self))  # whoever asks uses nothing of it but `completions.create`


class _Chat:
    def __init__(self, client: AsyncOpenAI) -> None:
        self.completions = _Completions(client)


class _Completions:
    """What stands in for the library's own resource."""

    def __init__(self, client: AsyncOpenAI) -> None:
        self._client = client

    async def create(
        self,
        *,
        extra_headers: Mapping[str, str] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: Any = None,  # noqa: ANN401, ASYNC109 - the library's, handed on
        stream: bool = False,  # noqa: ARG002 - the library's: what is streamed is heard here, and handed on whole
        **parameters: Any,  # noqa: ANN401 - the library's
    ) -> ChatCompletion:
        """Ask for a completion."""
        body = {name: each for name, each in parameters.items() if not isinstance(each, Omit | NotGiven)}
        options: dict[str, Any] = {"headers": extra_headers or {}}
        if timeout is not None and not isinstance(timeout, NotGiven):
            options["timeout"] = timeout
        if extra_body:
            options["extra_json"] = extra_body
        listener = _LISTENER.get()
        if listener is not None:
            return await self._heard(listener, body, options)
        completion: Any = await self._client.post(
            _PATH, cast_to=ChatCompletion, body=body, options=cast("Any", options), stream=False
        )
        if not isinstance(completion, ChatCompletion) or not completion.choices:
            raise ValueError("it is no chat completion, or an empty one")
        usage: Any = completion.usage
        if sound_usage(usage.to_dict(warnings=False) if isinstance(usage, CompletionUsage) else usage) is None:
            completion.usage = None
        return completion

    async def _heard(self, listener: OnPiece, body: dict[str, Any], options: dict[str, Any]) -> ChatCompletion:
        """Ask for a stream, and give the whole of it once it has ended."""
        stream = await self._client.post(
            _PATH,
            cast_to=ChatCompletion,
            body=body | {"stream": True, "stream_options": {"include_usage": True}},
            options=cast("Any", options),
            stream=True,
            stream_cls=AsyncStream[ChatCompletionChunk],
        )
        completion = StreamedCompletion(listener)
        try:
            async for data in data_of(stream.response.aiter_bytes()):
                completion.take(data)
            if completion.has_broken_off:
                raise RemoteProtocolError(BROKEN_OFF)
            return ChatCompletion.construct(**completion.whole())
        except StreamProblem as problem:
            raise APIError(str(problem), stream.response.request, body=problem.body) from problem
        except RequestError as error:
            raise APIConnectionError(request=stream.response.request) from error
        finally:
            await stream.close()
