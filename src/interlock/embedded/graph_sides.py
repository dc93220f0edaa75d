"""A version or a draft of a graph as one side of a comparison."""

from __future__ import annotations

from msgspec import Struct

from interlock.core.bundle import BundleContent
from interlock.embedded.graph_texts import text_anew


class GraphSide(Struct, frozen=True, kw_only=True):
    """One of two. Without a content it has errors, and there is only its text."""

    graph: str
    called: str
    """`version 3`, or `draft`."""
    bundle: str
    content: BundleContent | None
    text: str | None
    """How it was written, where that is known."""


def texts_alike(before: GraphSide, after: GraphSide) -> tuple[str, str]:
    """The texts of both, written in one way: both as they were written, or, where that is not known of one, anew.

    A text that somebody wrote beside one that a program wrote differs in every line, and says nothing.
    """
    if before.text is not None and after.text is not None:
        return before.text, after.text
    return _anew(before), _anew(after)


def _anew(side: GraphSide) -> str:
    return side.text or "" if side.content is None else text_anew(side.content)
