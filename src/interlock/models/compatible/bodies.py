"""Our messages in the words of OpenAI's protocol. Pure: nothing here contacts anybody."""

from __future__ import annotations

from typing import Any, Final, assert_never

import msgspec

from interlock.core.messages import (
    Answered,
    AskedCall,
    Instructions,
    Message,
    ModelRequest,
    OfferedTool,
    Said,
    Told,
)
from interlock.models.coherence import coherent
from interlock.models.schema_telling import with_schema_told
from interlock.models.tool_names import ToolNames

ANSWER_NAME: Final = "answer"

_ENCODER: Final = msgspec.json.Encoder()


def sent_body(request: ModelRequest, names: ToolNames, *, model: str, is_native: bool, is_streamed: bool) -> bytes:
    """The body of a request. `is_native`: the server itself sees to it that the answer is of the schema."""
    body: dict[str, Any] = {
        "model": model,
        "messages": _messages(request, names, schema_told=not is_native),
        "max_tokens": request.tokens_max,
    }
    if request.tools:
        body["tools"] = [_tool(each, names) for each in request.tools]
        body["tool_choice"] = _choice(request.tool_choice, names)
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if request.seed is not None:
        body["seed"] = request.seed
    if request.stop:
        body["stop"] = list(request.stop)
    if is_native and request.output is not None:
        schema = {"name": ANSWER_NAME, "schema": request.output}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    if is_streamed:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return _encoded(body)


def _encoded(body: dict[str, Any]) -> bytes:
    try:
        return _ENCODER.encode(body)
    except UnicodeEncodeError:
        # Half a character that stands alone can be sent to nobody.
        return _ENCODER.encode(_mended(body))


def _mended(part: Any) -> Any:  # noqa: ANN401 - JSON
    match part:
        case str():
            return part.encode("utf-8", "replace").decode()
        case dict():
            return {_mended(name): _mended(each) for name, each in part.items()}  # pyright: ignore[reportUnknownVariableType] - JSON
        case list() | tuple():
            return [_mended(each) for each in part]  # pyright: ignore[reportUnknownVariableType] - JSON
        case _:
            return part


def _messages(request: ModelRequest, names: ToolNames, *, schema_told: bool) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    for message in coherent(with_schema_told(request) if schema_told else request.messages):
        last = sent[-1] if sent else None
        if isinstance(message, Instructions) and last is not None and last["role"] == "system":
            # Some servers take no second message of the system.
            last["content"] += f"\n\n{message.text}"
        else:
            sent.append(_message(message, names))
    return sent


def _message(message: Message, names: ToolNames) -> dict[str, Any]:
    match message:
        case Instructions():
            return {"role": "system", "content": message.text}
        case Told():
            return {"role": "user", "content": message.text}
        case Said(calls=()):
            return {"role": "assistant", "content": message.text}
        case Said():
            calls = [_call(each, names) for each in message.calls]
            return {"role": "assistant", "content": message.text or None, "tool_calls": calls}
        case Answered():
            content = _ENCODER.encode({"error": message.text}).decode() if message.failed else message.text
            return {"role": "tool", "tool_call_id": message.call, "content": content}
        case _:
            assert_never(message)


def _call(call: AskedCall, names: ToolNames) -> dict[str, Any]:
    """A call that was asked for. Servers refuse a history with arguments that are no JSON: those are quoted."""
    arguments: Any = {"unreadable": call.raw} if call.problem else call.arguments or {}
    function = {"name": names.sent(call.tool), "arguments": _ENCODER.encode(arguments).decode()}
    return {"id": call.id, "type": "function", "function": function}


def _tool(tool: OfferedTool, names: ToolNames) -> dict[str, Any]:
    function = {"name": names.sent(tool.name), "description": tool.description, "parameters": tool.input}
    return {"type": "function", "function": function}


def _choice(choice: str, names: ToolNames) -> Any:  # noqa: ANN401 - JSON
    match choice:
        case "":
            return "auto"
        case "none" | "required":
            return choice
        case tool:
            return {"type": "function", "function": {"name": names.sent(tool)}}
