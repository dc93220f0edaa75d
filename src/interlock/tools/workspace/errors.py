"""What a workspace refuses. Each is told to the caller of the tool as it stands, and none is worth trying again as is.

WorkspaceError            what is asked for cannot be done in this workspace
├── PathRefused           a path that leads outside, through a link, or to no plain file
├── FileMissing           nothing lies at the path
├── WorkspaceFull         a limit of the workspace would be passed
├── ChangedMeanwhile      somebody else changed the file since it was looked at
└── WorkspaceBusy         another call changes the workspace for too long
"""

from __future__ import annotations

from interlock.core.events import ErrorClass
from interlock.tools.errors import ToolFailed


class WorkspaceError(ToolFailed):
    """What is asked for cannot be done in this workspace."""

    kind: ErrorClass = "invalid"

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message, kind=type(self).kind, retryable=retryable)


class PathRefused(WorkspaceError):
    """A path that leads outside, through a link, or to what is no plain file."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"`{shown_path(path)}` {problem}")
        self.path = path


class FileMissing(WorkspaceError):
    """Nothing lies at the path."""

    def __init__(self, path: str, *, advice: str = "") -> None:
        super().__init__(f"there is no file `{shown_path(path)}` in the workspace{advice and f': {advice}'}")
        self.path = path


class WorkspaceFull(WorkspaceError):
    """A limit of the workspace would be passed."""

    kind: ErrorClass = "exhausted"


class ChangedMeanwhile(WorkspaceError):
    """Somebody else changed a file since it was looked at. Look again, and decide anew."""

    kind: ErrorClass = "failed"

    def __init__(self, path: str) -> None:
        super().__init__(f"`{shown_path(path)}` was changed by another call meanwhile: read it again", retryable=True)
        self.path = path


class WorkspaceBusy(WorkspaceError):
    """Another call holds the workspace for too long."""

    kind: ErrorClass = "unavailable"


_SHOWN_MAX = 200


def shown_path(path: str) -> str:
    """A path as it may stand in a message: on one line, not endless, and with nothing in it that cannot be seen."""
    told = path if path.isprintable() else path.encode("unicode_escape").decode()
    return told if len(told) <= _SHOWN_MAX else f"{told[:_SHOWN_MAX]}…"
