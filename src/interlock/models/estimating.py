"""How many tokens a text probably is: an estimate, made offline and on the safe side, never a provider's own count.

Counted from the bytes of UTF-8: three of them for a token is a little more tokens than today's models make of English
and code, and about right for scripts whose letters are three bytes long. A token is never less than one byte, which
gives the bound above which a count cannot be true.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from interlock.core.messages import ModelRequest

_BYTES_PER_TOKEN: Final = 3
_TOKENS_PER_MESSAGE: Final = 8
_TOKENS_PER_CALL: Final = 16

_ENCODER: Final = msgspec.json.Encoder()


class Size(Struct, frozen=True, gc=False):
    """How large a request is: what it probably takes, and what it cannot pass."""

    tokens: int
    bytes: int


def estimated_tokens(text: str) -> int:
    """What a text probably takes, at least one token if there is any text."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // _BYTES_PER_TOKEN)


def size_of(request: ModelRequest) -> Size:
    """The size of everything that is sent: messages, offered tools, the schema of the answer."""
    length = len(_ENCODER.encode(request))
    tokens = -(-length // _BYTES_PER_TOKEN) + _TOKENS_PER_MESSAGE * len(request.messages) + _TOKENS_PER_CALL
    return Size(tokens, length)
