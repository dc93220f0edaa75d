"""A provider behind one of `pydantic-ai`'s model classes: a request out, an answer or a failure back.

Connections are kept; the library's own retries are off, since `retrying` is the only place for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final, Protocol

from pydantic_ai.exceptions import AgentRunError, UserError
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings

from interlock.core.plan import Micros
from interlock.models.provider import Answer, Asking, OnToken, RequestFailed
from interlock.models.sdk.failures import request_failed
from interlock.models.sdk.wire import answer_of, names_of, request_parameters, sent_messages

_SECOND: Final = 1_000_000


class Connection(Protocol):
    """A provider's client: models by name, and an end."""

    def model(self, name: str) -> Model[object]:
        """What asks a model of that name."""
        ...

    async def close(self) -> None:
        """Let the connections go."""
        ...


class SdkProvider:
    """A provider that is reached through its library."""

    def __init__(self, connection: Connection, *, now: Callable[[], Micros]) -> None:
        self._connection = connection
        self._now = now
        self._models: dict[str, Model[object]] = {}

    async def ask(self, asking: Asking) -> Answer:
        """The model's answer, or `RequestFailed`."""
        model = self._model(asking.model)
        request = asking.request
        names = names_of(request)
        is_native = asking.structured == "native" and _keeps_to_schemas(model, asking)
        messages = sent_messages(request, names, schema_told=not is_native)
        parameters = request_parameters(request, names, is_native=is_native)
        settings = ModelSettings(max_tokens=request.tokens_max)
        if request.temperature is not None:
            settings["temperature"] = request.temperature
        sending = _Sending(model, messages, settings, parameters, self._now)
        if asking.on_token is None:
            response = await sending.whole(asking.whole)
        else:
            response = await sending.streamed(asking.first_token, asking.whole, asking.on_token)
        return answer_of(response, names)

    def _model(self, name: str) -> Model[object]:
        if name not in self._models:
            self._models[name] = self._connection.model(name)
        return self._models[name]

    async def close(self) -> None:
        """Let the connections go."""
        await self._connection.close()


def _keeps_to_schemas(model: Model[object], asking: Asking) -> bool:
    """Whether the provider itself sees to it that the answer is of this schema; only objects are taken by all."""
    output = asking.request.output
    return bool(
        output is not None and output.get("type") == "object" and model.profile.get("supports_json_schema_output")
    )


class _Sending:
    """One request on its way."""

    def __init__(
        self,
        model: Model[object],
        messages: list[ModelMessage],
        settings: ModelSettings,
        parameters: ModelRequestParameters,
        now: Callable[[], Micros],
    ) -> None:
        self._model = model
        self._messages = messages
        self._settings = settings
        self._parameters = parameters
        self._now = now
        self._heard: list[str] = []
        self._has_begun = False

    async def whole(self, within: Micros) -> ModelResponse:
        """The answer at once."""
        async with self._told_as_ours(), asyncio.timeout(within / _SECOND):
            return await self._model.request(self._messages, self._settings, self._parameters)

    async def streamed(self, first: Micros, within: Micros, on_token: OnToken) -> ModelResponse:
        """The answer piece by piece: each piece of its text is told as it comes."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + within / _SECOND
        async with (
            self._told_as_ours(),
            asyncio.timeout(min(first, within) / _SECOND) as waiting,
            self._model.request_stream(self._messages, self._settings, self._parameters) as stream,
        ):
            async for piece in self._pieces(stream):
                waiting.reschedule(ends_at)
                if piece:
                    on_token(piece)
            return stream.get()

    async def _pieces(self, stream: StreamedResponse) -> AsyncGenerator[str]:
        async for event in stream:
            text, is_told = "", True
            match event:
                case (
                    PartStartEvent(part=TextPart(content=content))
                    | PartDeltaEvent(delta=TextPartDelta(content_delta=content))
                ):
                    text = content
                case PartStartEvent(part=ToolCallPart(args=str(arguments))):
                    text, is_told = arguments, False
                case PartDeltaEvent(delta=ToolCallPartDelta(args_delta=str(arguments))):
                    text, is_told = arguments, False
                case _:
                    pass
            self._has_begun = True
            self._heard.append(text)
            yield text if is_told else ""

    @asynccontextmanager
    async def _told_as_ours(self) -> AsyncGenerator[None]:
        try:
            yield
        except TimeoutError:
            raise self._too_late() from None
        except (AgentRunError, UserError) as error:
            raise self._failed(error) from None
        except Exception as error:  # noqa: BLE001 - a boundary: what a library raises of an answer it cannot read
            raise self._failed(error) from None

    def _failed(self, error: Exception) -> RequestFailed:
        return request_failed(error, now=self._now(), heard="".join(self._heard), has_begun=self._has_begun)

    def _too_late(self) -> RequestFailed:
        heard = "".join(self._heard)
        if self._has_begun:
            return RequestFailed("timeout", "its answer did not end in time", billed="heard", heard=heard)
        return RequestFailed("timeout", "it did not answer in time", billed="worst")
