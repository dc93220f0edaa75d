"""A provider behind one of `pydantic-ai`'s model classes: a request out, an answer or a failure back.

Connections are kept; the library's own retries are off, since `retrying` is the only place for them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings

from interlock.core.messages import ModelRequest
from interlock.core.plan import Micros
from interlock.models.pieces import OnPiece
from interlock.models.provider import Answer, Asking
from interlock.models.sdk.failures import request_failed
from interlock.models.sdk.wire import answer_of, request_parameters, sent_messages
from interlock.models.sending import sent
from interlock.models.tool_names import ToolNames, names_of


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
        return await sent(asking, lambda hear: self._answer(asking, hear), partial(request_failed, now=self._now()))

    async def _answer(self, asking: Asking, hear: OnPiece | None) -> Answer:
        request, model = asking.request, self._model(asking.model)
        names = names_of(request)
        is_native = asking.structured == "native" and _keeps_to_schemas(model, asking)
        messages = sent_messages(request, names, schema_told=not is_native)
        parameters = request_parameters(request, names, is_native=is_native)
        settings = _settings(request, names)
        if hear is None:
            response = await model.request(messages, settings, parameters)
        else:
            response = await self._connection.streamed(model, messages, settings, parameters, hear)
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
