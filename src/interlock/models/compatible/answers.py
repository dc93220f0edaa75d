"""Answers in the words of OpenAI's protocol, made into ours. Servers differ: what is missing or odd is taken as it is.

Whatever is no answer at all is a `ValueError`, whose text says what was there instead.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import msgspec

from interlock.core.messages import Finish
from interlock.core.values import is_list, is_map
from interlock.models.asked_calls import HeardCall, asked_calls
from interlock.models.provider import Answer
from interlock.models.sdk.sound_usage import sound_usage
from interlock.models.tool_names import ToolNames
from interlock.models.usage_checks import NOT_SAID, SaidUsage

_FINISHES: Final[dict[str, Finish]] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "filtered",
    "tool_calls": "calls",
    "function_call": "calls",
}
_THOUGHTS: Final = re.compile(r"<think>.*?</think>\s*", re.DOTALL)


def read_completion(body: bytes) -> dict[str, Any]:
    """A completion that came in one piece."""
    try:
        said: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = json.loads(body)  # perhaps half a character stands in it, which only this takes
    if not is_map(said) or not is_list(said.get("choices")) or not said["choices"] or not is_map(said["choices"][0]):
        raise ValueError("it is no chat completion, or an empty one")
    return said


def answer_of(said: dict[str, Any], names: ToolNames) -> Answer:
    """A completion in our words."""
    choice: Any = said["choices"][0]
    message = choice.get("message")
    if not is_map(message):
        raise ValueError("it is a chat completion without a message")
    usage = said_usage(said.get("usage"))
    if message.get("refusal"):
        return Answer(text="", finish="filtered", usage=usage)
    calls = asked_calls(_heard(each, names) for each in message.get("tool_calls") or () if is_map(each))
    finish = _FINISHES.get(str(choice.get("finish_reason") or ""), "stop")
    return Answer(
        text=_whole(_without_thoughts(_text_of(message.get("content")))),
        calls=calls,
        finish="calls" if calls and finish == "stop" else finish,
        usage=usage,
    )


def said_usage(said: object) -> SaidUsage:
    """The server's counts, as they were said."""
    sound = sound_usage(said)
    if sound is None:
        return NOT_SAID
    details = sound.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if is_map(details) else None
    return SaidUsage(input=sound["prompt_tokens"], output=sound["completion_tokens"], cached=cached or 0)


def _heard(call: dict[str, Any], names: ToolNames) -> HeardCall:
    function = call.get("function")
    if not is_map(function):
        function = {}
    arguments = function.get("arguments")
    said = arguments if arguments is None or isinstance(arguments, str) or is_map(arguments) else json.dumps(arguments)
    return HeardCall(_text(call.get("id")), names.ours(_text(function.get("name"))), said)


def _text_of(content: object) -> str:
    """What is said; some servers send a list of parts, of which some are text."""
    if is_list(content):
        return "".join(_text(part.get("text")) for part in content if is_map(part))
    return _text(content)


def _without_thoughts(text: str) -> str:
    """Some servers send a model's thoughts as text, between two marks."""
    return _THOUGHTS.sub("", text) if "<think>" in text else text


def _text(said: object) -> str:
    return said if isinstance(said, str) else ""


def _whole(text: str) -> str:
    """Half of a surrogate pair can be kept by nobody."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
