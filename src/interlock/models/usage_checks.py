"""Whether a provider's count of tokens can be true. One that cannot is replaced by our own, and marked as estimated.

A wrong count is money: a negative one would give some back, a huge one would eat a budget, none would be free.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from interlock.core.messages import Usage
from interlock.models.estimating import Size

_ADDED_INPUT: Final = 4_096
"""What providers put before a request by themselves: how tools are called, how an answer is shaped."""
_ADDED_OUTPUT: Final = 1_024


class SaidUsage(Struct, frozen=True, gc=False):
    """Tokens as the provider counted them: unchecked, and None where it did not say."""

    input: int | None = None
    output: int | None = None
    cached: int | None = None


NOT_SAID: Final = SaidUsage()


def checked_usage(said: SaidUsage, size: Size, *, answer_tokens: int, tokens_max: int) -> Usage:
    """What a call used: as the provider says where that can be true, else as it is estimated here."""
    given = _possible(said.input, least=1, most=size.bytes + _ADDED_INPUT)
    answered = _possible(said.output, least=0, most=max(tokens_max, 3 * answer_tokens) + _ADDED_OUTPUT)
    # An answer that has text was not made of no tokens.
    is_silent = answered == 0 and answer_tokens > 0
    output = answer_tokens if answered is None or is_silent else answered
    input_tokens = size.tokens if given is None else given
    cached = _possible(said.cached, least=0, most=input_tokens)
    is_estimated = given is None or answered is None or is_silent or (said.cached is not None and cached is None)
    return Usage(input=input_tokens, output=output, cached=cached or 0, estimated=is_estimated)


def _possible(count: int | None, *, least: int, most: int) -> int | None:
    return count if count is not None and least <= count <= most else None
