"""The sections that a context is made of: where each comes from, and which there are unless a profile names others.

What a source holds is a list of items, each with a name: selectors choose among the items, transforms change their
text. How much of it fits is not decided here.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

from interlock.core.agent_contract import ContextProfile, ContextSection

Source: TypeAlias = Literal[
    "instructions", "task", "input", "prefetched", "memory", "earlier_turns", "turns", "errors", "notices"
]
SOURCES: Final[tuple[str, ...]] = get_args(Source)

DEFAULT_SECTIONS: Final = (
    ContextSection(name="instructions", source="instructions", priority=100),
    ContextSection(name="task", source="task", priority=95),
    ContextSection(name="facts", source="prefetched", priority=70),
    ContextSection(name="memory", source="memory", priority=60),
    ContextSection(name="earlier", source="earlier_turns", priority=50),
    ContextSection(name="turns", source="turns", priority=80),
    ContextSection(name="errors", source="errors", priority=85),
    ContextSection(name="notices", source="notices", priority=90),
)
"""In the order in which a model reads them."""

ALWAYS: Final[tuple[str, ...]] = ("instructions", "turns", "notices")
"""The sources without which no agent could go on: a profile that names none of them has them all the same."""


def sections_of(profile: ContextProfile) -> tuple[ContextSection, ...]:
    """The sections of a profile, in its order."""
    if not profile.sections:
        return DEFAULT_SECTIONS
    named = {section.source for section in profile.sections}
    added = tuple(each for each in DEFAULT_SECTIONS if each.source in ALWAYS and each.source not in named)
    return (*profile.sections, *added)
