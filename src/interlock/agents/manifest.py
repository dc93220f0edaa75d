"""The manifest of one model call: what its context is made of, what was left out and why, and how much room it takes.

Plain data, recorded beside the request that it describes. It repeats none of the text.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

Why: TypeAlias = Literal["over_budget", "over_section_limit", "not_selected", "compacted", "transformed"]


class SectionUse(Struct, frozen=True, omit_defaults=True):
    """A section that went in. `cut`: not the whole of it."""

    name: str
    source: str
    tokens: int
    items: int = 1
    cut: bool = False


class LeftOut(Struct, frozen=True, omit_defaults=True):
    """What did not go in, or only in part."""

    section: str
    what: str
    why: Why
    tokens: int = 0
    """What it would have taken besides."""


class Manifest(Struct, frozen=True, omit_defaults=True):
    """What a request is made of. `estimated`: the tokens were reckoned, not counted with the model's own vocabulary."""

    request: str
    """The digest of the request."""
    tokens: int
    budget: int
    sections: tuple[SectionUse, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    tools_tokens: int = 0
    """What the offered tools and the schema of the answer take of `tokens`."""
    prompt: str = ""
    """The digest of the template of the instructions."""
    estimated: bool = True
