"""One run's workspace: its files, read and changed under its limits; whatever is asked for, nothing outside is touched.

Blocking: whoever runs an event loop calls it in a thread. Runs nothing (see the sandbox).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from interlock.core.values import Value
from interlock.tools.workspace.changes import ChangeMade, Changes, FileChange
from interlock.tools.workspace.errors import WorkspaceError
from interlock.tools.workspace.folders import (
    Entry,
    FileContent,
    find_content,
    opened_file,
    opened_folder,
    opened_root,
    read_content,
    walk,
    write_new,
)
from interlock.tools.workspace.limits import WorkspaceLimits
from interlock.tools.workspace.locking import locked
from interlock.tools.workspace.names import ROOT, WorkspacePath

_FILES: Final = "files"
_REPOSITORY: Final = "repository"
_CHANGES: Final = "changes"
_COPIES: Final = "copies"
_LOCK: Final = "lock"


class Copy(Struct, frozen=True):
    """A copy of a workspace's files as they were at one instant, and the stamp that each had."""

    folder: Path
    stamps: dict[WorkspacePath, str]


class Workspace:
    """The folder of one run. Its files lie in `files`; beside them lies what its tools must not reach through them."""

    def __init__(self, home: Path, limits: WorkspaceLimits) -> None:
        self.home = home
        self.limits = limits
        self.files: Final = home / _FILES
        self.repository: Final = home / _REPOSITORY
        """The git repository of these files, kept apart so that no file can pass for its settings."""
        self._copies = home / _COPIES
        self._changes = Changes(self.files, home / _CHANGES, limits)

    def make(self) -> None:
        """Make its folders, if they are not there."""
        try:
            for folder in (self.files, self._copies, self.home / _CHANGES):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WorkspaceError(f"the workspace {self.home} cannot be made: {error.strerror}") from error

    def read(self, path: WorkspacePath) -> FileContent:
        """What a file holds."""
        with opened_root(self.files) as root:
            return read_content(root, path, bytes_max=self.limits.file_bytes_max)

    @contextmanager
    def opened(self, path: WorkspacePath) -> Generator[int]:
        """A file, opened for reading, for whoever reads it piece by piece."""
        with opened_root(self.files) as root, opened_file(root, path) as descriptor:
            yield descriptor

    def find(self, path: WorkspacePath) -> FileContent | None:
        """What a file holds; None if nothing lies there."""
        with opened_root(self.files) as root:
            return find_content(root, path, bytes_max=self.limits.file_bytes_max)

    def entries(self, folder: WorkspacePath = ROOT) -> list[Entry]:
        """The files and folders below a folder, sorted, with their paths from the workspace's folder on."""
        with opened_root(self.files) as root, opened_folder(root, folder) as opened:
            return [Entry(WorkspacePath(folder.names + each.path.names), each.size) for each in walk(opened)]

    def find_done(self, effect: str) -> ChangeMade | None:
        """The change of that effect, if it was made."""
        with self.held():
            return self._changes.find_done(effect)

    def change(self, effect: str, files: Sequence[FileChange], out: Value = None) -> Value:
        """Make a change under the id of its effect, or refuse it as a whole. If it was made before, it stays so.

        `out` is kept with it and given back, also to who repeats the effect: JSON data.
        """
        with self.held():
            done = self._changes.find_done(effect)
            if done is not None:
                return done.out
            self._changes.make(effect, files, out)
            return out

    @contextmanager
    def held(self) -> Generator[None]:
        """Nobody else changes the workspace meanwhile, and nothing in it is half changed."""
        with locked(self.home / _LOCK):
            self._changes.recover()
            yield

    @contextmanager
    def copied(self) -> Generator[Copy]:
        """A copy of the files, thrown away in the end."""
        folder = Path(tempfile.mkdtemp(dir=self._copies))
        try:
            with self.held(), opened_root(self.files) as root, opened_root(folder) as target:
                stamps = copy_files(root, target, file_bytes_max=self.limits.file_bytes_max)
            yield Copy(folder, stamps)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def changes_in(self, copy: Copy) -> list[FileChange]:
        """What became of the files in a copy, as changes to the workspace that it was made of."""
        with opened_root(copy.folder) as root:
            contents = {path: read_content(root, path, bytes_max=self.limits.bytes_max) for path in _files_below(root)}
        changed = {path: content for path, content in contents.items() if copy.stamps.get(path) != content.stamp}
        paths = sorted({*changed, *(copy.stamps.keys() - contents.keys())}, key=str)
        return [FileChange(path, copy.stamps.get(path), changed.get(path)) for path in paths]


def _files_below(root: int) -> list[WorkspacePath]:
    return [entry.path for entry in walk(root) if entry.size is not None]


def copy_files(root: int, target: int, *, file_bytes_max: int) -> dict[WorkspacePath, str]:
    """Copy every plain file and folder from one opened folder into another; the stamps of the files."""
    stamps: dict[WorkspacePath, str] = {}
    for entry in walk(root):
        with opened_folder(target, entry.path.folder) as folder:
            if entry.size is None:
                os.mkdir(entry.path.name, 0o755, dir_fd=folder)
            else:
                content = read_content(root, entry.path, bytes_max=file_bytes_max)
                write_new(folder, entry.path.name, content)
                stamps[entry.path] = content.stamp
    return stamps
