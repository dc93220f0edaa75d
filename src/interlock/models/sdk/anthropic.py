"""Anthropic."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient, Timeout
from httpx2 import RemoteProtocolError
from pydantic_ai.exceptions import ModelConnectionError
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.settings import ModelSettings

from interlock.models.keys import ModelKey
from interlock.models.pieces import BROKEN_OFF, OnPiece
from interlock.models.sdk.bounded_answers import bounding
from interlock.models.sdk.pieces import text_in, unseen_in

_LOG_OF_LIBRARY: Final = "anthropic._base_client"
_WHOLE_REQUEST: Final = "Request options"


class AnthropicConnection:
    """Anthropic itself, or at an address a server that is as good as it."""

    def __init__(self, *, url: str, key: ModelKey | None, headers: Mapping[str, str], connect_seconds: float) -> None:
        # Adding it again changes nothing.
        logging.getLogger(_LOG_OF_LIBRARY).addFilter(_is_without_prompts)
        self._client = AsyncAnthropic(
            base_url=url or "https://api.anthropic.com",
            api_key="" if key is None else key.reveal(),
            default_headers=headers,
            max_retries=0,
            timeout=Timeout(None, connect=connect_seconds),
            # Wherever a server sends requests on to, nobody has declared it, and no policy was asked about it.
            http_client=DefaultAsyncHttpxClient(follow_redirects=False, **bounding()),
        )
        self._provider = AnthropicProvider(anthropic_client=self._client)

    def model(self, name: str) -> Model[Any]:
        """What asks a model of that name."""
        return AnthropicModel(name, provider=self._provider)

    async def streamed(
        self,
        model: Model[Any],
        messages: list[ModelMessage],
        settings: ModelSettings,
        parameters: ModelRequestParameters,
        on_piece: OnPiece,
    ) -> ModelResponse:
        """The answer, told piece by piece before it comes back whole."""
        async with model.request_stream(messages, settings, parameters) as stream:
            async for event in stream:
                text = text_in(event)
                on_piece(text or unseen_in(event), bool(text))
            return _whole(stream.get())

    async def close(self) -> None:
        """Let the connections go."""
        await self._client.close()


def _is_without_prompts(record: logging.LogRecord) -> bool:
    """Whether a line of the library may be logged: those that hold a whole request may not, at any level."""
    return not str(record.msg).startswith(_WHOLE_REQUEST)


def _whole(response: ModelResponse) -> ModelResponse:
    """The response, if its model has said why it ended. The library takes a stream that only stops for one too."""
    if not (response.provider_details or {}).get("finish_reason"):
        broken_off = RemoteProtocolError(BROKEN_OFF)
        raise ModelConnectionError(response.model_name or "", BROKEN_OFF, phase="read") from broken_off
    return response
