"""What was found, while calls were made, to be no longer what a person had approved.

It stays so while the process lives: who approves the change writes it where tools are read anew.
"""

from __future__ import annotations

from interlock.tools.pinning.definition import Definition


def change_told(name: str) -> str:
    """What is said of a tool that has changed."""
    return f"it changed since it was approved: `interlock tools approve {name}` shows what has changed"


class Quarantine:
    """Tools by name, each with the reason for which it is kept away."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

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
