"""The files that a run has made, for whoever wants to have them: listed, and read piece by piece.

They lie on the machine where the run was driven: elsewhere it has none. Nothing is opened through a link, and nothing
outside the run's workspace.
"""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
import os
from collections.abc import AsyncIterator
from typing import Final

from msgspec import Struct

from interlock.artifacts.artifact import UNKNOWN_TYPE
from interlock.tools.workspace import Workspaces
from interlock.tools.workspace.errors import ChangedMeanwhile, FileMissing, WorkspaceError
from interlock.tools.workspace.names import WorkspacePath, parse_path
from interlock.tools.workspace.workspace import Workspace

PIECE_BYTES: Final = 256 * 1024


class WorkspaceFile(Struct, frozen=True, kw_only=True):
    """A file as it was found."""

    path: str
    bytes: int
    type: str
    """Its media type, as far as its name says."""
    digest: str
    """The SHA-256 of what it holds."""
    changed: int
    """When it was last written, in nanoseconds, as the file system has it."""


class WorkspaceFiles:
    """The files of one run."""

    def __init__(self, workspaces: Workspaces, run: str) -> None:
        self._workspaces = workspaces
        self._run = run

    async def listed(self, *, after: str = "", limit: int) -> tuple[list[WorkspaceFile], str | None]:
        """Some of the files in the order of their paths, and the path behind which there are more."""
        return await asyncio.to_thread(self._listed, after, limit)

    async def get(self, path: str) -> WorkspaceFile:
        """One file. Raises `FileMissing`, or `PathRefused` for a path that leads to none of the run's files."""
        return await asyncio.to_thread(self._get, path)

    async def read(self, file: WorkspaceFile, *, first: int = 0, after: int | None = None) -> AsyncIterator[bytes]:
        """Its bytes, or those from number `first` on and before number `after`; `ChangedMeanwhile` if it is another."""
        end = file.bytes if after is None else min(after, file.bytes)
        with self._workspace(file.path).opened(parse_path(file.path)) as descriptor:
            while first < end:
                _refuse_changed(descriptor, file)
                piece = await asyncio.to_thread(os.pread, descriptor, min(PIECE_BYTES, end - first), first)
                if not piece:
                    raise ChangedMeanwhile(file.path)
                yield piece
                first += len(piece)

    def _listed(self, after: str, limit: int) -> tuple[list[WorkspaceFile], str | None]:
        workspace = self._workspaces.find(self._run)
        if workspace is None:
            return [], None
        paths = sorted(str(entry.path) for entry in workspace.entries() if entry.size is not None)
        left = [path for path in paths if path > after]
        found = (_find_file(workspace, path) for path in left[:limit])
        return [file for file in found if file is not None], left[limit - 1] if len(left) > limit else None

    def _get(self, path: str) -> WorkspaceFile:
        return _file(self._workspace(path), parse_path(path))

    def _workspace(self, path: str) -> Workspace:
        found = self._workspaces.find(self._run)
        if found is None:
            raise FileMissing(path, advice=f"run {self._run} has made no files on this machine")
        return found


def _find_file(workspace: Workspace, path: str) -> WorkspaceFile | None:
    """None for what is none of its files, or has gone since it was seen."""
    try:
        return _file(workspace, parse_path(path))
    except WorkspaceError:
        return None


def _file(workspace: Workspace, path: WorkspacePath) -> WorkspaceFile:
    with workspace.opened(path) as descriptor:
        status = os.fstat(descriptor)
        whole, read = hashlib.sha256(), 0
        while piece := os.pread(descriptor, PIECE_BYTES, read):
            whole.update(piece)
            read += len(piece)
        return WorkspaceFile(
            path=str(path),
            bytes=read,
            type=mimetypes.guess_type(path.name)[0] or UNKNOWN_TYPE,
            digest=whole.hexdigest(),
            changed=status.st_mtime_ns,
        )


def _refuse_changed(descriptor: int, file: WorkspaceFile) -> None:
    status = os.fstat(descriptor)
    if (status.st_size, status.st_mtime_ns) != (file.bytes, file.changed):
        raise ChangedMeanwhile(file.path)
