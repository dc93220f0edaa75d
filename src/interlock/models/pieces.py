"""Pieces of an answer while it is made, as whoever makes it tells them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

OnPiece: TypeAlias = Callable[[str, bool], None]
"""A piece, and whether it is text of the answer: thoughts and arguments of calls are on the bill, and told nobody."""
BROKEN_OFF: Final = "the stream ended before its answer"
"""What is told of pieces that came to an end in good order, though not to that of the answer."""
