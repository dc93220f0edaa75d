"""OpenAI, and whatever speaks its protocol: vLLM, Ollama, RunPod, OpenRouter and others, by their address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai import DefaultAsyncHttpxClient, Timeout
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.settings import ModelSettings

from interlock.models.keys import ModelKey
from interlock.models.pieces import OnPiece
from interlock.models.sdk.bounded_answers import bounding
from interlock.models.sdk.chat_completions import OpenAIClient, heard_by

_NO_KEY = "none"
"""The library insists on one; servers without keys do not look at it."""


class OpenAIConnection:
    """OpenAI itself, or a server that speaks as it does."""

    def __init__(
        self,
        name: str,
        *,
        url: str,
        key: ModelKey | None,
        headers: Mapping[str, str],
        connect_seconds: float,
        is_openai: bool,
    ) -> None:
        self._client = OpenAIClient(
            base_url=url or "https://api.openai.com/v1",
            api_key=_NO_KEY if key is None else key.reveal(),
            default_headers=headers,
            max_retries=0,
            # How long a whole answer may take is watched by whoever asks.
            timeout=Timeout(None, connect=connect_seconds),
            # Wherever a server sends requests on to, nobody has declared it, and no policy was asked about it.
            http_client=DefaultAsyncHttpxClient(follow_redirects=False, **bounding()),
        )
        self._profile: OpenAIModelProfile | None = None
        if is_openai:
            self._provider: Any = OpenAIProvider(openai_client=self._client)
        else:
            # The library takes these from the environment: they are meant for OpenAI, and nobody else's business.
            self._client.organization = self._client.project = None
            self._provider = OpenAICompatibleProvider(name, openai_client=self._client)
            # The newer name of `max_tokens` is passed over by some servers, whose answers then have no end. And no
            # schema is made over: none of it is asked to be strict, and tools are told as they were declared.
            self._profile = OpenAIModelProfile(
                openai_chat_supports_max_completion_tokens=False, json_schema_transformer=None
            )

    def model(self, name: str) -> Model[Any]:
        """What asks a model of that name."""
        return OpenAIChatModel(name, provider=self._provider, profile=self._profile)

    async def streamed(
        self,
        model: Model[Any],
        messages: list[ModelMessage],
        settings: ModelSettings,
        parameters: ModelRequestParameters,
        on_piece: OnPiece,
    ) -> ModelResponse:
        """The answer, told piece by piece before it comes back whole."""
        with heard_by(on_piece):
            return await model.request(messages, settings, parameters)

    async def close(self) -> None:
        """Let the connections go."""
        await self._client.close()
