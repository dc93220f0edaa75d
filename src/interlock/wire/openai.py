"""Chat completions as OpenAI's clients read them. Instants are seconds here, as they have it.

Besides what those clients know there is `simulated`: no model gave the answer, scripts did.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType


class ChatFunction(Struct, frozen=True, kw_only=True):
    """A function that the model wants called, with its arguments as JSON text."""

    name: str
    arguments: str


class ChatToolCall(Struct, frozen=True, kw_only=True):
    """A call that the model asks for. In a stream it has an index, and comes whole."""

    index: int | UnsetType = UNSET
    id: str
    type: Literal["function"] = "function"
    function: ChatFunction


class ChatMessage(Struct, frozen=True, kw_only=True):
    """What the model has said."""

    role: Literal["assistant"] = "assistant"
    content: str | None
    refusal: None = None
    tool_calls: list[ChatToolCall] | UnsetType = UNSET


class CachedTokens(Struct, frozen=True, kw_only=True):
    """How many tokens of the prompt the provider had at hand."""

    cached_tokens: int


class ChatUsage(Struct, frozen=True, kw_only=True):
    """How many tokens a call has taken."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: CachedTokens


FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]


class ChatChoice(Struct, frozen=True, kw_only=True):
    """The one answer."""

    index: int = 0
    message: ChatMessage
    logprobs: None = None
    finish_reason: FinishReason


class ChatCompletion(Struct, frozen=True, kw_only=True):
    """A whole answer."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[ChatChoice]
    usage: ChatUsage
    simulated: bool | UnsetType = UNSET


class ChatDelta(Struct, frozen=True, kw_only=True):
    """What a piece of an answer adds to it."""

    role: Literal["assistant"] | UnsetType = UNSET
    content: str | UnsetType = UNSET
    tool_calls: list[ChatToolCall] | UnsetType = UNSET


class ChatChunkChoice(Struct, frozen=True, kw_only=True):
    """A piece of the one answer."""

    index: int = 0
    delta: ChatDelta
    logprobs: None = None
    finish_reason: FinishReason | None = None


class ChatChunk(Struct, frozen=True, kw_only=True):
    """A piece of an answer, as it is streamed."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChatChunkChoice]
    usage: ChatUsage | UnsetType | None = UNSET
    simulated: bool | UnsetType = UNSET


class AskedModel(Struct, frozen=True, kw_only=True):
    """Something that can be asked: a pool, a model, or a graph or agent that is talked to."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str
    simulated: bool | UnsetType = UNSET


class AskedModels(Struct, frozen=True, kw_only=True):
    """Everything that can be asked."""

    object: Literal["list"] = "list"
    data: list[AskedModel]


class ChatError(Struct, frozen=True, kw_only=True):
    """What was not done, and why."""

    message: str
    type: str
    param: str | None
    code: str


class ChatErrorAnswer(Struct, frozen=True, kw_only=True):
    """An error as those clients read it."""

    error: ChatError
