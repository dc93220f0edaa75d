"""What can go wrong while a document is written or rewritten, where the caller was promised a result.

    AuthoringError
    ├── InvalidDocumentError    the document has problems: they are attributes, and the message shows them all
    ├── CannotFormatError       the document was left as it is, rather than damaged
    ├── BuildError              a graph was built in Python in a way that cannot be meant
    └── NoTextInputError        plain words were given to what takes none, or more than one thing

Reading itself raises nothing: a `Document` carries its problems, so that they can be shown with those of `compile`.
"""

from __future__ import annotations

from collections.abc import Sequence

from interlock.core.errors import InterlockError
from interlock.core.problems import Problem


class AuthoringError(InterlockError):
    """Something about a document that a person wrote."""


class InvalidDocumentError(AuthoringError):
    """A document cannot be used as it is. Every problem that was found is listed."""

    def __init__(self, source: str, problems: Sequence[Problem], *, rendered: str) -> None:
        super().__init__(rendered)
        self.source = source
        self.problems = tuple(problems)


class CannotFormatError(AuthoringError):
    """A document was not formatted, because its layout could not be changed without changing more than that."""

    def __init__(self, source: str, why: str) -> None:
        super().__init__(f"{source} was left as it is: {why}")
        self.source = source
        self.why = why


class NoTextInputError(AuthoringError):
    """Plain words were given to something that takes none, or more than one thing."""

    def __init__(self, what: str, inputs: Sequence[str]) -> None:
        takes = f"it takes {', '.join(inputs)}: give them by name" if inputs else "it takes nothing"
        super().__init__(f"{what} cannot be given words alone: {takes}")
        self.inputs = tuple(inputs)


class BuildError(AuthoringError):
    """A line that builds a graph cannot be meant so. It is raised at that line, with what to write instead."""
