"""Requests for chat completions, as OpenAI's clients write them. Strict: what is not here is refused by its name.

Only what is spelled: which of it can be honoured is said where it is read.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from interlock.api.errors import ApiError

MESSAGES_MAX: Final = 10_000
TOOLS_MAX: Final = 1_000
LABELS_MAX: Final = 64

Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
Heat: TypeAlias = Annotated[float, Meta(ge=0, le=2)]
Tokens: TypeAlias = Annotated[int, Meta(ge=1, le=10_000_000)]
Penalty: TypeAlias = Annotated[float, Meta(ge=-2, le=2)]


class _Strict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a request that refuses what it does not know."""


class NamedFunction(_Strict, frozen=True, kw_only=True):
    """A function, by its name."""

    name: Annotated[str, Meta(min_length=1, max_length=500)]


class OfferedFunction(_Strict, frozen=True, kw_only=True):
    """A function that the model may want called."""

    name: Annotated[str, Meta(min_length=1, max_length=500)]
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class OfferedTool(_Strict, frozen=True, kw_only=True):
    """A tool that is offered: of functions alone can be told what comes of them."""

    type: Literal["function"]
    function: OfferedFunction


class ChosenTool(_Strict, frozen=True, kw_only=True):
    """The one tool that has to be called."""

    type: Literal["function"]
    function: NamedFunction


class MadeFunction(_Strict, frozen=True, kw_only=True):
    """A call that was asked for before: its arguments are text."""

    name: Annotated[str, Meta(min_length=1, max_length=500)]
    arguments: str = ""
    parsed_arguments: Any = None
    """What a client has made of them for itself."""


class MadeCall(_Strict, frozen=True, kw_only=True):
    """The same, with its id. Its index stands in pieces of streams, and clients send it back."""

    id: Annotated[str, Meta(min_length=1, max_length=500)]
    type: Literal["function"] = "function"
    function: MadeFunction
    index: int | None = None


class Part(_Strict, frozen=True, kw_only=True):
    """A part of what is said. Of those that are no text only the kind matters, to name it."""

    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: Any = None
    input_audio: Any = None
    file: Any = None


class Message(_Strict, frozen=True, kw_only=True):
    """A message of any role."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Part] | None = None
    name: str | None = None
    tool_calls: list[MadeCall] | None = None
    tool_call_id: str | None = None
    # What clients send back of an answer as they got it.
    refusal: str | None = None
    audio: Any = None
    annotations: list[Any] | None = None
    function_call: Any = None
    parsed: Any = None


class SchemaOfAnswer(_Strict, frozen=True, kw_only=True):
    """The JSON Schema that an answer is to be of."""

    name: str = ""
    description: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None


class ResponseFormat(_Strict, frozen=True, kw_only=True):
    """How the answer is to be written."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: SchemaOfAnswer | None = None


class StreamOptions(_Strict, frozen=True, kw_only=True):
    """What a stream brings besides the answer. Its pieces are never padded."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class ChatBody(_Strict, frozen=True, kw_only=True):
    """A request for a chat completion."""

    model: Annotated[str, Meta(min_length=1, max_length=500)]
    messages: Annotated[list[Message], Meta(min_length=1, max_length=MESSAGES_MAX)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: Annotated[list[OfferedTool], Meta(max_length=TOOLS_MAX)] | None = None
    tool_choice: Literal["none", "auto", "required"] | ChosenTool | None = None
    temperature: Heat | None = None
    top_p: Share | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    stop: str | Annotated[list[str], Meta(max_length=16)] | None = None
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    response_format: ResponseFormat | None = None
    user: Annotated[str, Meta(max_length=1_000)] | None = None
    metadata: Annotated[dict[str, str], Meta(max_length=LABELS_MAX)] | None = None
    # Taken where they change nothing: see `reading`.
    n: int | None = None
    parallel_tool_calls: bool | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    logit_bias: dict[str, float] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    modalities: list[str] | None = None
    store: bool | None = None
    # Hints to OpenAI's own servers, which ask nothing of an answer.
    service_tier: str | None = None
    prompt_cache_key: str | None = None
    safety_identifier: str | None = None

    @property
    def wants_usage(self) -> bool:
        """Whether a stream is to tell in the end how many tokens it took."""
        return self.stream_options is not None and bool(self.stream_options.include_usage)


_DECODER: Final = msgspec.json.Decoder(ChatBody)


def parse_chat(body: bytes) -> ChatBody:
    """A request, or `ApiError` naming what does not fit."""
    try:
        return _DECODER.decode(body)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        unknown = message.removeprefix("Object contains unknown field `")
        if unknown != message:
            field = (place.rstrip("`").lstrip(".") + "." + unknown.rstrip("`")).lstrip(".")
            told = f"`{field}` is not known here: leave it out, since it would be ignored"
            raise ApiError("invalid_request", told, field=field) from error
        field = place.rstrip("`").lstrip(".")
        raise ApiError("invalid_request", f"{field or 'the body'}: {message}", field=field) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError("unreadable_body", f"the body is not JSON: {error}") from error
