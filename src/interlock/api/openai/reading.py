"""What a request for a chat completion means here. What cannot be honoured is refused by name, and never passed over.

Says nothing of who is asked: pools, models, graphs and agents are told apart elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NoReturn

import msgspec

from interlock.api.errors import ApiError
from interlock.api.openai.bodies import ChatBody, ChosenTool, MadeCall, Message, Part, ResponseFormat
from interlock.core.messages import Answered, AskedCall, Instructions, ModelRequest, OfferedTool, Said, Told
from interlock.core.messages import Message as Heard
from interlock.core.schemas import check_schema
from interlock.core.values import JsonSchema, Value

_ANY_OBJECT: Final[JsonSchema] = {"type": "object"}
_NOTHING_GIVEN: Final[JsonSchema] = {"type": "object", "properties": {}}
_TOKENS_MAX: Final = ModelRequest(messages=()).tokens_max


def model_request(body: ChatBody) -> ModelRequest:
    """The request that a model is asked."""
    refuse_what_is_not_here(body)
    return ModelRequest(
        messages=_messages(body.messages),
        tools=_tools(body),
        output=_output(body.response_format),
        temperature=body.temperature,
        tokens_max=_tokens_max(body),
        top_p=body.top_p,
        stop=(body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ()),
        seed=body.seed,
        tool_choice=_choice(body),
    )


def refuse_what_is_not_here(body: ChatBody) -> None:
    """Refuse what asks for something that is not given; at a value that asks for nothing, it is harmless."""
    asked = {
        "n": body.n not in {None, 1},
        "parallel_tool_calls": body.parallel_tool_calls is False,
        "frequency_penalty": bool(body.frequency_penalty),
        "presence_penalty": bool(body.presence_penalty),
        "logit_bias": bool(body.logit_bias),
        "logprobs": bool(body.logprobs),
        "top_logprobs": bool(body.top_logprobs),
        "modalities": body.modalities not in (None, ["text"]),
        "store": body.store is True,
    }
    for field, is_asked in asked.items():
        if is_asked:
            _refuse(field, f"`{field}` is not given here at this value: leave it out")


def text_of(content: str | list[Part] | None, where: str) -> str:
    """What a message says, if that is text."""
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(_text_of_part(part, f"{where}[{number}]") for number, part in enumerate(content))


def _text_of_part(part: Part, where: str) -> str:
    if part.type == "refusal":
        return part.refusal or ""
    if part.type != "text" or part.text is None:
        _refuse(where, f"{where}: a part of the kind `{part.type}` cannot be passed on: models are given text alone")
    return part.text


# --- messages ---------------------------------------------------------------------------------------------------------


def _messages(messages: Sequence[Message]) -> tuple[Heard, ...]:
    called: dict[str, str] = {}
    return tuple(_heard(each, f"messages[{number}]", called) for number, each in enumerate(messages))


def _heard(message: Message, where: str, called: dict[str, str]) -> Heard:
    """One message. `called`: the tools by the ids of the calls that came before."""
    if message.name is not None:
        _refuse(f"{where}.name", f"{where}.name: nobody is told who of several speaks: write it into the content")
    if message.audio or message.function_call:
        _refuse(where, f"{where}: sound, and calls of the kind before `tool_calls`, cannot be passed on")
    text = text_of(message.content, f"{where}.content")
    match message.role:
        case "system" | "developer":
            return Instructions(text)
        case "user":
            return Told(text)
        case "assistant":
            calls = tuple(map(_call, message.tool_calls or ()))
            called.update({call.id: call.tool for call in calls})
            return Said(text or message.refusal or "", calls)
        case "tool":
            tool = called.get(message.tool_call_id or "")
            if tool is None:
                told = f"{where}.tool_call_id: no message before it asks for a call {message.tool_call_id!r}"
                _refuse(f"{where}.tool_call_id", told)
            return Answered(message.tool_call_id or "", tool, text)


def _call(made: MadeCall) -> AskedCall:
    written = made.function.arguments
    try:
        arguments: Value = msgspec.json.decode(written) if written.strip() else {}
    except (msgspec.DecodeError, RecursionError) as error:
        return AskedCall(made.id, made.function.name, raw=written, problem=f"the arguments are not JSON: {error}")
    return AskedCall(made.id, made.function.name, arguments)


# --- what else is asked -----------------------------------------------------------------------------------------------


def _tools(body: ChatBody) -> tuple[OfferedTool, ...]:
    names: set[str] = set()
    tools: list[OfferedTool] = []
    for number, each in enumerate(body.tools or ()):
        function, where = each.function, f"tools[{number}].function"
        if function.name in names:
            _refuse(f"{where}.name", f"{where}.name: two tools are called {function.name}")
        names.add(function.name)
        schema = _NOTHING_GIVEN if function.parameters is None else function.parameters
        _check_schema(schema, f"{where}.parameters")
        tools.append(OfferedTool(function.name, function.description or "", schema))
    return tuple(tools)


def _choice(body: ChatBody) -> str:
    match body.tool_choice:
        case ChosenTool(function=function):
            if function.name not in {each.function.name for each in body.tools or ()}:
                _refuse("tool_choice", f"tool_choice: no tool called {function.name} is offered")
            return function.name
        case "required" if not body.tools:
            return _refuse("tool_choice", "tool_choice: a call is required, and no tool is offered")
        case "none" | "required" as word if body.tools:
            return word
        case _:
            return ""


def _output(written: ResponseFormat | None) -> JsonSchema | None:
    if written is None or written.type == "text":
        return None
    if written.type == "json_object":
        return _ANY_OBJECT
    if written.json_schema is None or written.json_schema.schema is None:
        _refuse("response_format.json_schema", "response_format.json_schema: a schema is needed")
    _check_schema(written.json_schema.schema, "response_format.json_schema.schema")
    return written.json_schema.schema


def _check_schema(schema: JsonSchema, where: str) -> None:
    problems = check_schema(schema)
    if problems:
        _refuse(where, f"{where}: {problems[0].message}")


def _tokens_max(body: ChatBody) -> int:
    old, new = body.max_tokens, body.max_completion_tokens
    if old is not None and new is not None and old != new:
        _refuse("max_tokens", "max_tokens and max_completion_tokens say two things: send one")
    return new or old or _TOKENS_MAX


def _refuse(field: str, detail: str) -> NoReturn:
    raise ApiError("invalid_request", detail, field=field)
