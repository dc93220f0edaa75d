"""What is raised at whoever sets models up. What goes wrong with a call is an outcome, and raised at nobody.

ModelsError
├── ScriptsNotRead      a file of scripted answers
└── PackageMissing      what speaks to a provider is not installed
"""

from __future__ import annotations

from interlock.core.errors import InterlockError


class ModelsError(InterlockError):
    """Models cannot be called as it was declared."""


class ScriptsNotRead(ModelsError):
    """A file of scripted answers cannot be used. The message has every problem with its line."""


class PackageMissing(ModelsError):
    """What speaks to a provider is an extra that is not installed."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"models of kind {kind} need packages that are not installed: pip install 'interlock[models]'")
        self.kind = kind
