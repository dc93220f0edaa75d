"""The workspace of a run: one folder in which its tools read, write and run programs, and which they cannot leave.

A workspace lies on the machine of the worker that made it. Who may use it is decided elsewhere.
"""

from interlock.tools.workspace.changes import FileChange
from interlock.tools.workspace.errors import (
    ChangedMeanwhile,
    FileMissing,
    PathRefused,
    WorkspaceError,
    WorkspaceFull,
)
from interlock.tools.workspace.limits import WorkspaceLimits
from interlock.tools.workspace.names import WorkspacePath, parse_folder, parse_path
from interlock.tools.workspace.repository import Repository
from interlock.tools.workspace.seeding import Seeded, seed_from_folder, seed_from_repository
from interlock.tools.workspace.workspace import Workspace
from interlock.tools.workspace.workspaces import Workspaces

__all__ = [
    "ChangedMeanwhile",
    "FileChange",
    "FileMissing",
    "PathRefused",
    "Repository",
    "Seeded",
    "Workspace",
    "WorkspaceError",
    "WorkspaceFull",
    "WorkspaceLimits",
    "WorkspacePath",
    "Workspaces",
    "parse_folder",
    "parse_path",
    "seed_from_folder",
    "seed_from_repository",
]
