"""Counts of tokens as a provider has said them, before its library reads them: it warns of those that are none."""

from __future__ import annotations

from typing import Any, Final

from interlock.core.values import is_map

_COUNTS: Final = ("prompt_tokens", "completion_tokens")


def sound_usage(said: object) -> dict[str, Any] | None:
    """What is said of a call's usage, if each count in it is one; else nothing is known of it, and it is estimated."""
    if not is_map(said) or any(said.get(each) is None for each in _COUNTS):
        return None
    return said if _is_sound(said) else None


def _is_sound(said: dict[str, Any]) -> bool:
    return all(_is_sound(each) if is_map(each) else _may_be(each, of=name) for name, each in said.items())


def _may_be(said: object, *, of: str) -> bool:
    """Whether a count is one; what else is said has another name."""
    return not of.endswith("_tokens") or said is None or (isinstance(said, int) and said >= 0)
