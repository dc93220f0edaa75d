"""Answers of models as OpenAI's clients read them: whole, or as the pieces of a stream."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import UNSET

from interlock.core.messages import AskedCall, Finish, ModelReply, Usage
from interlock.wire.openai import (
    CachedTokens,
    ChatChoice,
    ChatChunk,
    ChatChunkChoice,
    ChatCompletion,
    ChatDelta,
    ChatErrorAnswer,
    ChatFunction,
    ChatMessage,
    ChatToolCall,
    ChatUsage,
    FinishReason,
)

DONE: Final = b"data: [DONE]\n\n"
_FINISHES: Final[dict[Finish, FinishReason]] = {
    "stop": "stop",
    "calls": "tool_calls",
    "length": "length",
    "filtered": "content_filter",
}
_ENCODER: Final = msgspec.json.Encoder()


class Telling:
    """What is the same in everything that is told of one answer."""

    def __init__(self, run: str, *, model: str, created: int) -> None:
        self._id = f"chatcmpl-{run}"
        self._model = model
        self._created = created

    def whole(self, reply: ModelReply) -> bytes:
        """The answer in one piece."""
        calls = _calls(reply.calls)
        content = reply.text if reply.text or not calls else None
        message = ChatMessage(content=content, tool_calls=calls or UNSET)
        completion = ChatCompletion(
            id=self._id,
            created=self._created,
            model=reply.model or self._model,
            choices=[ChatChoice(message=message, finish_reason=_FINISHES[reply.finish])],
            usage=_usage(reply.usage),
            simulated=reply.simulated or UNSET,
        )
        return _ENCODER.encode(completion)

    def begins(self) -> bytes:
        """The first piece of a stream."""
        return self._piece(ChatDelta(role="assistant", content=""))

    def says(self, text: str) -> bytes:
        """A piece of text."""
        return self._piece(ChatDelta(content=text))

    def ends(self, reply: ModelReply, *, with_usage: bool) -> bytes:
        """What is left once the text was told: calls, why it ended, what it took."""
        calls = _calls(reply.calls, indexed=True)
        asked = self._piece(ChatDelta(tool_calls=calls)) if calls else b""
        end = self._piece(ChatDelta(), finish=_FINISHES[reply.finish], simulated=reply.simulated)
        usage = b"" if not with_usage else frame(self._chunk([], _usage(reply.usage), simulated=reply.simulated))
        return asked + end + usage + DONE

    def _piece(self, delta: ChatDelta, *, finish: FinishReason | None = None, simulated: bool = False) -> bytes:
        return frame(self._chunk([ChatChunkChoice(delta=delta, finish_reason=finish)], simulated=simulated))

    def _chunk(
        self, choices: list[ChatChunkChoice], usage: ChatUsage | None = None, *, simulated: bool = False
    ) -> ChatChunk:
        return ChatChunk(
            id=self._id,
            created=self._created,
            model=self._model,
            choices=choices,
            usage=usage or UNSET,
            simulated=simulated or UNSET,
        )


def frame(shape: ChatChunk | ChatErrorAnswer) -> bytes:
    """Something told in a stream."""
    return b"data: %b\n\n" % _ENCODER.encode(shape)


def _calls(calls: Sequence[AskedCall], *, indexed: bool = False) -> list[ChatToolCall]:
    return [
        ChatToolCall(
            index=number if indexed else UNSET,
            id=call.id,
            function=ChatFunction(name=call.tool, arguments=_arguments(call)),
        )
        for number, call in enumerate(calls)
    ]


def _arguments(call: AskedCall) -> str:
    """As the model wrote them, where they could not be read."""
    return call.raw if call.problem else json.dumps(call.arguments or {}, ensure_ascii=False, separators=(",", ":"))


def _usage(usage: Usage) -> ChatUsage:
    return ChatUsage(
        prompt_tokens=usage.input,
        completion_tokens=usage.output,
        total_tokens=usage.input + usage.output,
        prompt_tokens_details=CachedTokens(cached_tokens=usage.cached),
    )
