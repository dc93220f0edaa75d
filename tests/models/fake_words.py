"""Replies in the words of OpenAI and of Anthropic, at once or as the events of a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.models.fake_replies import FakeCall, FakeReply

Events = Iterator[tuple[str, str]]
"""Name and data of the events of a stream."""

_PIECE_LENGTH = 8


def _pieces(text: str) -> list[str]:
    return [text[start : start + _PIECE_LENGTH] for start in range(0, len(text), _PIECE_LENGTH)]


# --- OpenAI's words ---------------------------------------------------------------------------------------------------


def _openai_finish(reply: FakeReply) -> str:
    return reply.finish or ("tool_calls" if reply.calls else "stop")


def openai_answer(reply: FakeReply) -> dict[str, Any]:
    """A chat completion."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None}
    if reply.calls:
        message["tool_calls"] = [_openai_call(call) for call in reply.calls]
    answer: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "fake",
        "choices": [{"index": 0, "message": message, "finish_reason": _openai_finish(reply)}],
    }
    return answer if reply.usage is None else answer | {"usage": _total(reply.usage)}


def _total(usage: Mapping[str, Any]) -> dict[str, Any]:
    total = sum(each for each in usage.values() if isinstance(each, int))
    return {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": max(0, total)} | dict(usage)


def _openai_call(call: FakeCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.tool, "arguments": call.arguments}}


def openai_events(reply: FakeReply) -> Events:
    """A chat completion, chunk by chunk."""

    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> tuple[str, str]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return "", json.dumps(_CHUNK | {"choices": [choice]})

    yield chunk({"role": "assistant", "content": ""})
    for piece in _pieces(reply.text):
        yield chunk({"content": piece})
    for index, call in enumerate(reply.calls):
        yield chunk({"tool_calls": [{"index": index, **_openai_call(FakeCall(call.tool, "", call.id))}]})
        for piece in _pieces(call.arguments):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk({}, _openai_finish(reply))
    if reply.usage is not None:
        yield "", json.dumps(_CHUNK | {"choices": [], "usage": _total(reply.usage)})
    yield "", "[DONE]"


_CHUNK = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "fake"}


# --- Anthropic's words ------------------------------------------------------------------------------------------------


def _anthropic_usage(reply: FakeReply) -> dict[str, Any]:
    usage = reply.usage or {}
    return {"input_tokens": usage.get("prompt_tokens", 0), "output_tokens": usage.get("completion_tokens", 0)}


def _anthropic_finish(reply: FakeReply) -> str:
    return reply.finish or ("tool_use" if reply.calls else "end_turn")


def anthropic_answer(reply: FakeReply) -> dict[str, Any]:
    """A message."""
    text = [{"type": "text", "text": reply.text}] if reply.text else []
    calls = [
        {"type": "tool_use", "id": call.id, "name": call.tool, "input": json.loads(call.arguments)}
        for call in reply.calls
    ]
    return _anthropic_message(reply) | {"content": [*text, *calls], "stop_reason": _anthropic_finish(reply)}


def _anthropic_message(reply: FakeReply) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "fake",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _anthropic_usage(reply),
    }


def anthropic_events(reply: FakeReply) -> Events:
    """A message, event by event."""

    def event(name: str, **data: Any) -> tuple[str, str]:  # noqa: ANN401 - JSON
        return name, json.dumps({"type": name, **data})

    yield event("message_start", message=_anthropic_message(reply))
    blocks: list[tuple[str, str, dict[str, Any]]]
    blocks = [("text", reply.text, {"type": "text", "text": ""})] if reply.text else []
    blocks += [
        ("input_json", call.arguments, {"type": "tool_use", "id": call.id, "name": call.tool, "input": {}})
        for call in reply.calls
    ]
    for index, (kind, whole, block) in enumerate(blocks):
        yield event("content_block_start", index=index, content_block=block)
        for piece in _pieces(whole):
            key = "text" if kind == "text" else "partial_json"
            yield event("content_block_delta", index=index, delta={"type": f"{kind}_delta", key: piece})
        yield event("content_block_stop", index=index)
    delta = {"stop_reason": _anthropic_finish(reply), "stop_sequence": None}
    yield event("message_delta", delta=delta, usage=_anthropic_usage(reply))
    yield event("message_stop")
