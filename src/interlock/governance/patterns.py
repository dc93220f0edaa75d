"""Patterns of names, hosts and files: `*` stands for any text, also for none, and nothing else is special.

There is no other wildcard, so that a pattern that a tool asks for can be compared with one that is granted: whatever
text a pattern stands for, a pattern that matches it *as text* matches too. Matching never goes back, so no pattern
takes long on any text.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from msgspec import Struct

ANY: Final = "*"


class Pattern(Struct, frozen=True, gc=False):
    """What stands before the first star, between the stars and behind the last one; without a star, the text alone."""

    text: str
    head: str
    middle: tuple[str, ...]
    tail: str
    is_exact: bool

    def matches(self, word: str) -> bool:
        """Whether a word is what the pattern stands for."""
        if self.is_exact:
            return word == self.text
        end = len(word) - len(self.tail)
        at = len(self.head)
        if at > end or not word.startswith(self.head) or not word.endswith(self.tail):
            return False
        for part in self.middle:
            found = word.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return True

    def may_meet(self, other: Pattern) -> bool:
        """Whether some word is what both patterns stand for."""
        if self.is_exact:
            return other.matches(self.text)
        if other.is_exact:
            return self.matches(other.text)
        # Stars take up whatever lies between, so only the fixed ends can keep two patterns apart.
        heads = self.head.startswith(other.head) or other.head.startswith(self.head)
        tails = self.tail.endswith(other.tail) or other.tail.endswith(self.tail)
        return heads and tails


Patterns: TypeAlias = tuple[Pattern, ...]


def pattern(text: str) -> Pattern:
    """The pattern that a text says."""
    head, *rest = text.split(ANY)
    if not rest:
        return Pattern(text, text, (), "", is_exact=True)
    *middle, tail = rest
    return Pattern(text, head, tuple(part for part in middle if part), tail, is_exact=False)


def any_matches(patterns: Patterns, word: str) -> bool:
    """Whether one of the patterns stands for the word."""
    for each in patterns:  # noqa: SIM110 - a generator would cost more than the matching
        if each.matches(word):
            return True
    return False
