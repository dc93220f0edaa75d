"""A provider behind one of `pydantic-ai`'s model classes: a request out, an answer or a failure back.

Connections are kept; the library's own retries are off, since `retrying` is the only place for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol

from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings

from interlock.core.messages import ModelRequest
from interlock.core.plan import Micros
from interlock.models.provider import Answer, Asking, RequestFailed
from interlock.models.sdk.failures import request_failed
from interlock.models.sdk.pieces import OnPiece
from interlock.models.sdk.wire import answer_of, names_of, request_parameters, sent_messages
from interlock.models.tool_names import ToolNames

_SECOND: Final = 1_000_000


class Connection(Protocol):
    """A provider's client: models by name, and an end."""

    def model(self, name: str) -> Model[object]:
        """What asks a model of that name."""
        ...

    async def streamed(
        self,
        model: Model[Any],
        messages: list[ModelMessage],
        settings: ModelSettings,
        parameters: ModelRequestParameters,
        on_piece: OnPiece,
    ) -> ModelResponse:
        """Its answer, told piece by piece before it comes back whole."""
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
        return await _Sending(self._connection, self._model(asking.model), asking, self._now).answer()

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
    """One request on its way, and what has been heard of its answer."""

    def __init__(self, connection: Connection, model: Model[object], asking: Asking, now: Callable[[], Micros]) -> None:
        self._connection = connection
        self._model = model
        self._asking = asking
        self._now = now
        self._heard: list[str] = []
        self._has_begun = False

    async def answer(self) -> Answer:
        """The answer; whatever goes wrong is a failure of ours, since it is in what a library or a provider does."""
        try:
            return await self._answered()
        except TimeoutError:
            raise self._too_late() from None
        except Exception as error:  # noqa: BLE001 - a boundary: a library may raise anything over what it cannot read
            raise request_failed(
                error, now=self._now(), heard="".join(self._heard), has_begun=self._has_begun
            ) from None

    async def _answered(self) -> Answer:
        asking, request = self._asking, self._asking.request
        names = names_of(request)
        is_native = asking.structured == "native" and _keeps_to_schemas(self._model, asking)
        messages = sent_messages(request, names, schema_told=not is_native)
        parameters = request_parameters(request, names, is_native=is_native)
        response = await self._response(messages, _settings(request, names), parameters)
        return answer_of(response, names)

    async def _response(
        self, messages: list[ModelMessage], settings: ModelSettings, parameters: ModelRequestParameters
    ) -> ModelResponse:
        """At once, or piece by piece where somebody listens."""
        whole, on_token = self._asking.whole / _SECOND, self._asking.on_token
        if on_token is None:
            async with asyncio.timeout(whole):
                return await self._model.request(messages, settings, parameters)
        ends_at = asyncio.get_running_loop().time() + whole
        async with asyncio.timeout(min(self._asking.first_token / _SECOND, whole)) as waiting:

            def hear(text: str, is_said: bool) -> None:  # noqa: FBT001 - see OnPiece
                waiting.reschedule(ends_at)
                self._has_begun = True
                self._heard.append(text)
                if is_said and text:
                    on_token(text)

            return await self._connection.streamed(self._model, messages, settings, parameters, hear)

    def _too_late(self) -> RequestFailed:
        if self._has_begun:
            return RequestFailed(
                "timeout", "its answer did not end in time", billed="heard", heard="".join(self._heard)
            )
        return RequestFailed("timeout", "it did not answer in time", billed="worst")


def _settings(request: ModelRequest, names: ToolNames) -> ModelSettings:
    settings = ModelSettings(max_tokens=request.tokens_max)
    if request.temperature is not None:
        settings["temperature"] = request.temperature
    if request.top_p is not None:
        settings["top_p"] = request.top_p
    if request.seed is not None:
        settings["seed"] = request.seed
    if request.stop:
        settings["stop_sequences"] = list(request.stop)
    match request.tool_choice:
        case "":
            pass
        case "none" | "required" as choice:
            settings["tool_choice"] = choice
        case tool:
            settings["tool_choice"] = [names.sent(tool)]
    return settings
