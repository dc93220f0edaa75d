"""Requests to models, as a cassette knows them: a digest by which they are found, and lines by which people read them.

Known secrets are struck out before either is made. So are the marks around what somebody outside may have written:
they are drawn from the run, and a cassette is played by another one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from interlock.core.messages import Answered, AskedCall, Instructions, Message, ModelRequest, Said, Told
from interlock.core.redaction import Redaction
from interlock.core.values import Value, digest_of, is_list, is_map
from interlock.tools.marking import MARK_LENGTH

SHOWN_MAX: Final = 160
"""How much of a message is shown: it is all in the digest, and the next request repeats it."""
_DIGEST_SHOWN: Final = 8
_MARK: Final = re.compile(rf'mark="[0-9a-f]{{{MARK_LENGTH}}}"')
_NO_MARK: Final = 'mark="…"'


class AskedRequest(Struct, frozen=True):
    """A request: its name, and a line for each of its messages and terms."""

    digest: str
    lines: tuple[str, ...] = ()


def asked_request(request: ModelRequest, redaction: Redaction) -> AskedRequest:
    """A request without what differs between two runs that ask the same."""
    plain = _unmarked(redaction.value(as_data(request)))
    return AskedRequest(digest_of(plain), tuple(_lines(msgspec.convert(plain, ModelRequest))))


def as_data(part: Struct) -> Value:
    """What a struct holds as JSON data, in one order of its keys."""
    return _with_lists(msgspec.to_builtins(part, order="deterministic", enc_hook=repr))


def _with_lists(value: Any) -> Value:  # noqa: ANN401 - what structs hold: their tuples are no data
    if isinstance(value, dict):
        return {key: _with_lists(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_with_lists(item) for item in cast("Sequence[Any]", value)]
    return value


def _unmarked(value: Value) -> Value:
    if isinstance(value, str):
        return _MARK.sub(_NO_MARK, value)
    if is_map(value):
        # In one order: what is struck out is put together anew.
        return {key: _unmarked(value[key]) for key in sorted(value)}
    if is_list(value):
        return [_unmarked(item) for item in value]
    return value


def _lines(request: ModelRequest) -> Iterator[str]:
    yield from map(_message, request.messages)
    if request.tools:
        offer = [as_data(tool) for tool in request.tools]
        yield f"offers {', '.join(tool.name for tool in request.tools)} {_digest(offer)}"
    if request.output is not None:
        yield f"wants data {_digest(request.output)}"
    heat = "" if request.temperature is None else f", at temperature {request.temperature}"
    yield f"wants {request.tokens_max:,} tokens at most{heat}"


def _message(message: Message) -> str:
    match message:
        case Instructions(text=text):
            return _shown("instructions", text)
        case Told(text=text):
            return _shown("told", text)
        case Said(text=text, calls=calls):
            return _shown("said", " ".join(filter(None, [text, *map(_call, calls)])))
        case Answered(tool=tool, text=text, failed=failed):
            return _shown(f"{tool} {'failed' if failed else 'answered'}", text)


def _call(call: AskedCall) -> str:
    return f"→ {call.tool}({call.raw or json.dumps(call.arguments, ensure_ascii=False)})"


def _shown(who: str, text: str) -> str:
    """One line. What is cut carries a digest, so that two lines are alike only if the messages are."""
    line = f"{who}: {text}".replace("\n", "⏎")
    return line if len(line) <= SHOWN_MAX else f"{line[:SHOWN_MAX]}… {_digest(text)}"


def _digest(value: Any) -> str:  # noqa: ANN401 - JSON data
    return f"#{digest_of(value)[:_DIGEST_SHOWN]}"
