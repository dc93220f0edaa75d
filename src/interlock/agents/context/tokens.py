"""How many tokens a text takes: reckoned, the same in every installation, and on the careful side.

Which model answers is chosen after the context is compiled, each has a vocabulary of its own, and some are not public:
a count by one of them would be an estimate for the others. More weighty still, requests must be byte-equal when a
run is replayed years later, so what decides what is left out must not change with a library. Hence this estimate.

Measured against o200k_base, cl100k_base and llama3: prose 1.05, source code 1.14, JSON 1.00, stack traces 1.12 times
the true count; Cyrillic and Chinese, Japanese or Thai text 1.0 to 2.8 times; random base64, the worst, 0.80 times.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import msgspec

from interlock.core.messages import AskedCall, Message, ModelRequest, OfferedTool, Said
from interlock.core.plan import JsonSchema

_PIECE: Final = re.compile(
    r"[A-Z]?[a-z]{1,7}|[A-Z]{1,2}|[ ](?=[0-9])|[0-9]{1,3}"
    r"|[\t ]*[\r\n][\t\r\n ]*|[\t ]{2,}"
    r"|[!-/:-@\[-`{-~]{1,2}|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
    r"|[\u0370-\u03ff\u0400-\u052f\u0590-\u06ff]{1,2}|[^\x00-\x7f]"
)
"""What is taken for one token: a short word or half a long one, three digits, a line's end with its indent, …"""

_PIECE_CHARS_MAX: Final = 8
_CHARS_LOOKED_AT_MIN: Final = 65_536
CLIPPED_CHARS_MAX: Final = 400_000
"""About as much as a hundred thousand tokens."""

_WIDE: Final = re.compile(r"[\u200b-\u200f\u2190-\u2bff\ufe00-\ufe0f]|[^\x00-\uffff]")
"""Pictures and what joins them: three tokens each."""
_WIDE_TOKENS: Final = 3

MESSAGE_TOKENS: Final = 4
"""What a message takes besides its text."""
TOOL_TOKENS: Final = 8
"""What an offered tool takes besides its name, description and schema."""


COUNTS_KEPT_MAX: Final = 2_048
CHARS_KEPT_MAX: Final = 16_384
"""Of texts, for the counts that are kept: the turns of an agent are counted anew for each of its calls."""


def tokens_of(text: str) -> int:
    """How many tokens a text takes, about."""
    return _counted_once(text) if len(text) <= CHARS_KEPT_MAX else _counted(text)


COUNTED_CHARS_MAX: Final = 1_000_000
"""What is longer fits into no context: of the rest each character is taken for a token, or for three."""


def _counted(text: str) -> int:
    rest = text[COUNTED_CHARS_MAX:]
    if rest:
        return _counted(text[:COUNTED_CHARS_MAX]) + len(rest) * (1 if rest.isascii() else _WIDE_TOKENS)
    pieces = len(_PIECE.findall(text))
    return pieces if text.isascii() else pieces + (_WIDE_TOKENS - 1) * len(_WIDE.findall(text))


_counted_once: Final = lru_cache(maxsize=COUNTS_KEPT_MAX)(_counted)


def shortened(text: str, tokens: int) -> str:
    """As much of the text as fits, from its beginning and its end, with a mark where something is left out."""
    whole = tokens_of(text)
    if whole <= tokens:
        return text
    mark = f"\n[… {whole - tokens} or more tokens are left out here …]\n"
    room = tokens - tokens_of(mark) - 2
    if room <= 0:
        return ""
    before, after = room - room // 3, room // 3
    beginning, end = text[: _chars_for(before)], text[-_chars_for(after) :]
    head = beginning[: _last_within(_piece_ends(beginning), before)]
    tail = end[_first_leaving(_piece_ends(end), after) :]
    return f"{head}{mark}{tail}"


def _chars_for(tokens: int) -> int:
    """In how many characters so many tokens are surely found, unless they are blanks: no more has to be looked at."""
    return _CHARS_LOOKED_AT_MIN + _PIECE_CHARS_MAX * tokens


def clipped(text: str) -> str:
    """The text with its middle left out where no context could hold the whole: it is kept, and counted in each turn."""
    if len(text) <= CLIPPED_CHARS_MAX:
        return text
    after = CLIPPED_CHARS_MAX // 3
    before = CLIPPED_CHARS_MAX - after
    return f"{text[:before]}\n[… {len(text) - CLIPPED_CHARS_MAX:,} characters are left out here …]\n{text[-after:]}"


def _piece_ends(text: str) -> list[tuple[int, int]]:
    """Where each piece ends, and how many tokens have passed by then."""
    passed, ends = 0, list[tuple[int, int]]()
    for piece in _PIECE.finditer(text):
        passed += _WIDE_TOKENS if _WIDE.match(piece[0]) else 1
        ends.append((piece.end(), passed))
    return ends


def _last_within(ends: list[tuple[int, int]], tokens: int) -> int:
    return max((end for end, passed in ends[: tokens + 1] if passed <= tokens), default=0)


def _first_leaving(ends: list[tuple[int, int]], tokens: int) -> int:
    """Where the last so many tokens begin."""
    whole = ends[-1][1] if ends else 0
    return next((end for end, passed in ends if whole - passed <= tokens), 0)


# --- Of requests -----------------------------------------------------------------------------------------------------


def tokens_of_message(message: Message) -> int:
    """How many tokens a message takes, with the calls it asks for."""
    calls = sum(map(_tokens_of_call, message.calls)) if isinstance(message, Said) else 0
    return MESSAGE_TOKENS + tokens_of(message.text) + calls


def _tokens_of_call(call: AskedCall) -> int:
    return MESSAGE_TOKENS + tokens_of(call.tool) + tokens_of(call.raw or json_text(call.arguments))


def tokens_of_offer(tools: tuple[OfferedTool, ...], output: JsonSchema | None) -> int:
    """What the offered tools and the schema of the answer take."""
    offered = sum(
        TOOL_TOKENS + tokens_of(tool.name) + tokens_of(tool.description) + tokens_of(json_text(tool.input))
        for tool in tools
    )
    return offered + (0 if output is None else TOOL_TOKENS + tokens_of(json_text(output)))


def tokens_of_request(request: ModelRequest) -> int:
    """What a model has to read of a request."""
    return sum(map(tokens_of_message, request.messages)) + tokens_of_offer(request.tools, request.output)


def json_text(value: object) -> str:
    """A value as a model reads it: JSON without blanks, its keys in order, and opaque parts by their name."""
    return msgspec.json.encode(value, order="sorted", enc_hook=repr).decode()
