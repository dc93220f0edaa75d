"""What a model was asked, as lines that people read and that can be compared. Pure."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import assert_never

from interlock.cli.output import plain, plain_lines
from interlock.core.messages import Answered, AskedCall, Instructions, Message, ModelReply, ModelRequest, Said, Told
from interlock.core.values import Value


def request_lines(request: ModelRequest) -> Iterator[str]:
    """Everything that was sent, in its order: messages, tools, what the answer has to be."""
    for message in request.messages:
        yield from _message_lines(message)
    for tool in request.tools:
        yield f"── may call {plain(tool.name)} ──"
        yield from plain_lines(tool.description).splitlines()
        yield from _json_lines(tool.input)
    if request.output is not None:
        yield "── the answer has to be ──"
        yield from _json_lines(request.output)
    warmth = "" if request.temperature is None else f", temperature {request.temperature}"
    yield f"── {request.tokens_max:,} tokens at most{warmth} ──"


def reply_lines(reply: ModelReply) -> Iterator[str]:
    """What the model said, and the calls it asked for."""
    yield from plain_lines(reply.text).splitlines()
    yield from map(_call_line, reply.calls)


def changed_lines(before: ModelRequest, after: ModelRequest, *, names: tuple[str, str]) -> list[str]:
    """In what two requests differ, as a unified diff; nothing if they are the same."""
    left, right = list(request_lines(before)), list(request_lines(after))
    return list(difflib.unified_diff(left, right, *names, lineterm="", n=2))


def _message_lines(message: Message) -> Iterator[str]:
    match message:
        case Instructions():
            yield "── instructions ──"
            yield from plain_lines(message.text).splitlines()
        case Told():
            yield "── told ──"
            yield from plain_lines(message.text).splitlines()
        case Said():
            yield "── the model said ──"
            yield from plain_lines(message.text).splitlines()
            yield from map(_call_line, message.calls)
        case Answered():
            failed = ", which failed" if message.failed else ""
            yield f"── {plain(message.tool)} answered {plain(message.call)}{failed} ──"
            yield from plain_lines(message.text).splitlines()
        case _ as never:
            assert_never(never)


def _call_line(call: AskedCall) -> str:
    given = call.raw if call.problem else json.dumps(call.arguments, ensure_ascii=False, default=str)
    problem = f"  ({plain(call.problem)})" if call.problem else ""
    return f"calls {plain(call.tool)} {plain(given)}  [{plain(call.id)}]{problem}"


def _json_lines(value: Value) -> list[str]:
    return plain_lines(json.dumps(value, indent=1, ensure_ascii=False, default=str)).splitlines()
