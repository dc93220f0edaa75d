"""Our messages in the words of `pydantic-ai`, and its answers in ours. Nothing here contacts anybody."""

from __future__ import annotations

from typing import Any, Final, assert_never

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequestPart,
    ModelResponse,
    ModelResponsePart,
    SystemPromptPart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.messages import (
    ModelRequest as SentRequest,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.usage import RequestUsage

from interlock.core.messages import (
    Answered,
    AskedCall,
    Finish,
    Instructions,
    ModelRequest,
    OfferedTool,
    Said,
    Told,
)
from interlock.models.asked_calls import HeardCall, asked_calls
from interlock.models.coherence import coherent
from interlock.models.provider import Answer
from interlock.models.schema_telling import with_schema_told
from interlock.models.tool_names import ToolNames
from interlock.models.usage_checks import NOT_SAID, SaidUsage

_ANSWER_NAME: Final = "answer"
_FINISHES: Final[dict[str, Finish]] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "filtered",
    "tool_call": "calls",
}


# --- What is sent ----------------------------------------------------------------------------------------------------


def sent_messages(request: ModelRequest, names: ToolNames, *, schema_told: bool) -> list[ModelMessage]:
    """The messages of a request. `schema_told`: its instructions say what the answer has to look like."""
    messages = with_schema_told(request) if schema_told else request.messages
    sent: list[ModelMessage] = []
    parts: list[ModelRequestPart] = []
    for message in coherent(messages):
        if isinstance(message, Said):
            if parts:
                sent.append(SentRequest(parts=parts))
                parts = []
            sent.append(ModelResponse(parts=_said(message, names)))
        else:
            _add(parts, _part(message, names))
    if parts:
        sent.append(SentRequest(parts=parts))
    return sent


def _add(parts: list[ModelRequestPart], part: ModelRequestPart) -> None:
    """Instructions that follow one another are one: some servers take no second message of the system."""
    last = parts[-1] if parts else None
    if isinstance(part, SystemPromptPart) and isinstance(last, SystemPromptPart):
        parts[-1] = SystemPromptPart(f"{last.content}\n\n{part.content}")
    else:
        parts.append(part)


def _part(message: Instructions | Told | Answered, names: ToolNames) -> ModelRequestPart:
    match message:
        case Instructions():
            return SystemPromptPart(message.text)
        case Told():
            return UserPromptPart(message.text)
        case Answered():
            tool = names.sent(message.tool)
            outcome = "failed" if message.failed else "success"
            return ToolReturnPart(tool, message.text, tool_call_id=message.call, outcome=outcome)
        case _:
            assert_never(message)


def _said(message: Said, names: ToolNames) -> list[ModelResponsePart]:
    calls = [ToolCallPart(names.sent(call.tool), _arguments(call), tool_call_id=call.id) for call in message.calls]
    return [*([TextPart(message.text)] if message.text else []), *calls]


def _arguments(call: AskedCall) -> dict[str, Any]:
    """Arguments as they were read. Providers refuse a history with arguments that are no JSON: those are quoted."""
    return {"unreadable": call.raw} if call.problem else call.arguments or {}


def request_parameters(request: ModelRequest, names: ToolNames, *, is_native: bool) -> ModelRequestParameters:
    """The tools that are offered, and the schema of the answer where the provider keeps to it by its own means."""
    tools = [_tool(tool, names) for tool in request.tools]
    if not is_native or request.output is None:
        return ModelRequestParameters(function_tools=tools)
    output = OutputObjectDefinition(json_schema=request.output, name=_ANSWER_NAME)
    return ModelRequestParameters(function_tools=tools, output_mode="native", output_object=output)


def _tool(tool: OfferedTool, names: ToolNames) -> ToolDefinition:
    return ToolDefinition(
        name=names.sent(tool.name), description=tool.description, parameters_json_schema=tool.input, strict=False
    )


# --- What comes back -------------------------------------------------------------------------------------------------


def answer_of(response: ModelResponse, names: ToolNames) -> Answer:
    """An answer in our words."""
    text = "".join(part.content for part in response.parts if isinstance(part, TextPart))
    heard = [
        HeardCall(part.tool_call_id, names.ours(part.tool_name), part.args)
        for part in response.parts
        if isinstance(part, ToolCallPart)
    ]
    calls = asked_calls(heard)
    finish = _FINISHES.get(response.finish_reason or "", "stop")
    return Answer(
        text=_whole(text),
        calls=calls,
        finish="calls" if calls and finish == "stop" else finish,
        usage=said_usage(response.usage),
    )


def _whole(text: str) -> str:
    """Half of a surrogate pair can be kept by nobody."""
    return text.encode("utf-8", "replace").decode()


def said_usage(usage: RequestUsage) -> SaidUsage:
    """The provider's counts, as they were said."""
    if usage.unmeasured_requests:
        return NOT_SAID
    return SaidUsage(input=usage.input_tokens, output=usage.output_tokens, cached=usage.cache_read_tokens)
