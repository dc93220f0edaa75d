"""The words that a movement is told in on a command line. They are few and known, so that `--help` can list them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from interlock.cli.failures import CommandError

POINTS: Final = ("run", "edge", "model", "tool", "gate", "memory")
EFFECTS: Final = ("read", "idempotent", "once", "paid")
RISKS: Final = ("low", "medium", "high")
SAFETY_TIERS: Final = ("basic", "enhanced", "maximum")
ACCESSES: Final = ("read", "write")


def checked_word(given: str, known: Sequence[str], what: str) -> str:
    """One of the known words."""
    if given in known:
        return given
    from interlock.core.problems import nearest

    meant = nearest(given, known)
    advice = f"did you mean `{meant}`?" if meant else f"there are: {', '.join(known)}"
    raise CommandError(f"{given!r} is no {what}; {advice}")
