"""What a tool needs of the world, in a few words: for people who judge whether it may have that."""

from __future__ import annotations

from interlock.core.plan import ToolTerms


def needs_in_words(terms: ToolTerms) -> str:
    """The hosts it reaches, the files it reads and writes, and whether it changes things elsewhere."""
    permissions = terms.permissions
    parts = {
        "reach ": ", ".join(permissions.hosts),
        "read ": ", ".join(permissions.reads),
        "write ": ", ".join(permissions.writes),
    }
    told = [word + needed for word, needed in parts.items() if needed]
    told += ["change things elsewhere"] if permissions.external else []
    told += ["in a sandbox"] if terms.sandbox else []
    return "; ".join(told)
