"""What was found, while calls were made, to be no longer what a person had approved.

It stays so while the process lives: who approves the change writes it where tools are read anew.
"""

from __future__ import annotations

from typing import Final

from interlock.tools.pinning.definition import Definition

NOT_APPROVED: Final = "was approved yet: `interlock tools approve` asks what it offers, and shows it"
"""What is said of a tool, or of anything, of a source that only says when it is asked."""


def change_told(name: str) -> str:
    """What is said of a tool that has changed."""
    return f"it changed since it was approved: `interlock tools approve {name}` shows what has changed"


class Quarantine:
    """Tools by name, each with the reason for which it is kept away; and the sources that only say when asked."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}
        self._asked: dict[str, str] = {}

    def note_asked(self, prefix: str, source: str) -> None:
        """A source has to be asked what it offers; the names of its tools begin so."""
        self._asked[prefix] = source

    @property
    def asked_sources(self) -> list[str]:
        """The sources that have to be asked what they offer."""
        return list(self._asked.values())

    def source_of(self, name: str) -> str:
        """The source that may offer a tool of that name, if one may; of several, the one that is named most closely."""
        fitting = [prefix for prefix in self._asked if name.startswith(prefix)]
        return self._asked[max(fitting, key=len)] if fitting else ""

    def why(self, name: str) -> str:
        """Why a tool is kept away; nothing if it is not."""
        return self._reasons.get(name, "")

    def compare(self, approved: Definition, now: Definition | None) -> str:
        """Why a tool is kept away, now that its server has been asked what it says of it."""
        if now is None:
            return "its server does not offer it any more"
        if now.pin != approved.pin:
            self._reasons[approved.name] = change_told(approved.name)
        return self.why(approved.name)
