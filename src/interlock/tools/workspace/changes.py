"""Changing files of a workspace as one: all of it or nothing, once for each effect, whatever is killed meanwhile.

What is to be put in place is first written beside the workspace. One rename begins the change; from there on it is
only finished, by this process or by the next one that comes. A change that is done leaves what it came to under the id
of its effect: who repeats the effect gets that, and nothing is changed again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from interlock.core.values import Value
from interlock.tools.workspace.errors import ChangedMeanwhile, FileMissing, PathRefused, WorkspaceFull
from interlock.tools.workspace.folders import (
    FileContent,
    check_can_be_put,
    find_content,
    opened_folder,
    opened_root,
    walk,
    write_new,
)
from interlock.tools.workspace.limits import WorkspaceLimits
from interlock.tools.workspace.names import WorkspacePath, twin_key

_STAGED: Final = ".staged"
_BEGUN: Final = ".begun"
_DONE: Final = ".done"
_TOLD: Final = "change.json"


class FileChange(Struct, frozen=True):
    """A file as it was looked at (its stamp) and as it is to be; None is no file."""

    path: WorkspacePath
    before: str | None
    after: FileContent | None


class ChangeMade(Struct, frozen=True):
    """What is kept of a change: its files in order, whether each is put or taken away, and what it came to."""

    files: list[tuple[WorkspacePath, bool]]
    out: Value


class Changes:
    """The changes of one workspace. Everything here is done by who holds its lock."""

    def __init__(self, files: Path, folder: Path, limits: WorkspaceLimits) -> None:
        self._files = files
        self._folder = folder
        self._limits = limits

    def recover(self) -> None:
        """Finish what a process that is gone had begun."""
        for begun in sorted(self._folder.glob(f"*{_BEGUN}")):
            self._finish(begun)

    def find_done(self, effect: str) -> ChangeMade | None:
        """What an effect came to, if it is done."""
        try:
            return _read(self._place(effect, _DONE))
        except FileNotFoundError:
            return None

    def make(self, effect: str, files: Sequence[FileChange], out: Value) -> None:
        """Make a change, or refuse it and leave everything as it is."""
        with opened_root(self._files) as root:
            self._check(root, files)
        staged = self._stage(effect, files, out)
        begun = self._place(effect, _BEGUN)
        staged.rename(begun)
        self._finish(begun)

    def _check(self, root: int, files: Sequence[FileChange]) -> None:
        for change in files:
            if self._stamp(root, change.path) != change.before:
                raise ChangedMeanwhile(str(change.path))
            if change.after is not None:
                check_can_be_put(root, change.path)
                self._check_size(change.path, change.after)
        _check_no_twins([each.path for each in files if each.after is not None])
        self._check_fits(root, files)

    def _stamp(self, root: int, path: WorkspacePath) -> str | None:
        there = find_content(root, path, bytes_max=self._limits.file_bytes_max)
        return None if there is None else there.stamp

    def _check_size(self, path: WorkspacePath, content: FileContent) -> None:
        size, most = len(content.data), self._limits.file_bytes_max
        if size > most:
            raise WorkspaceFull(f"`{path}` would be {size:,} bytes long, and {most:,} are the most")

    def _check_fits(self, root: int, files: Sequence[FileChange]) -> None:
        limits = self._limits
        sizes = {entry.path: entry.size or 0 for entry in walk(root)}
        count = len(sizes)
        for change in files:
            if change.after is None:
                sizes[change.path] = 0
            else:
                sizes |= dict.fromkeys((path for path in _folders_of(change.path) if path not in sizes), 0)
                sizes[change.path] = len(change.after.data)
        size = sum(sizes.values())
        if size > limits.bytes_max:
            raise WorkspaceFull(f"the workspace would hold {size:,} bytes, and {limits.bytes_max:,} are the most")
        if len(sizes) > max(count, limits.files_max):
            raise WorkspaceFull(f"the workspace would hold {len(sizes):,} files, and {limits.files_max:,} are the most")

    def _stage(self, effect: str, files: Sequence[FileChange], out: Value) -> Path:
        staged = self._place(effect, _STAGED)
        if staged.exists():
            shutil.rmtree(staged)
        staged.mkdir(parents=True)
        written = ChangeMade([(each.path, each.after is not None) for each in files], out)
        with opened_root(staged) as folder:
            for number, each in enumerate(files):
                if each.after is not None:
                    write_new(folder, str(number), each.after, is_durable=True)
            write_new(folder, _TOLD, FileContent(msgspec.json.encode(written)), is_durable=True)
            os.fsync(folder)
        return staged

    def _finish(self, begun: Path) -> None:
        """Put in place what is not in place yet: as often as it is begun again, it ends the same."""
        with opened_root(self._files) as root, opened_root(begun) as staged:
            files = _read(begun).files
            for path, is_put in files:
                if not is_put:
                    _take_away(root, path)
            for number, (path, is_put) in enumerate(files):
                if is_put:
                    _put(staged, str(number), root, path)
        begun.rename(begun.with_suffix(_DONE))

    def _place(self, effect: str, state: str) -> Path:
        return self._folder / f"{effect}{state}"


def _read(folder: Path) -> ChangeMade:
    return msgspec.json.decode((folder / _TOLD).read_bytes(), type=ChangeMade)


def _put(staged: int, number: str, root: int, path: WorkspacePath) -> None:
    with opened_folder(root, path.folder, makes=True) as folder:
        try:
            os.rename(number, path.name, src_dir_fd=staged, dst_dir_fd=folder)
        except FileNotFoundError:
            return  # it was put in place before this change was begun again


def _take_away(root: int, path: WorkspacePath) -> None:
    """Take a file away, and the folders in which nothing is left."""
    try:
        with opened_folder(root, path.folder) as folder:
            os.unlink(path.name, dir_fd=folder)
    except (FileNotFoundError, FileMissing):
        return  # it was taken away before this change was begun again
    _take_away_empty(root, path.folder)


def _take_away_empty(root: int, path: WorkspacePath) -> None:
    while path.names:
        with opened_folder(root, path.folder) as folder:
            try:
                os.rmdir(path.name, dir_fd=folder)
            except OSError:
                return  # something is left in it
        path = path.folder


def _check_no_twins(paths: Sequence[WorkspacePath]) -> None:
    """Names that are all new may be twins of each other."""
    known: dict[tuple[str, ...], WorkspacePath] = {}
    for path in (prefix for each in paths for prefix in (*_folders_of(each), each)):
        other = known.setdefault(tuple(map(twin_key, path.names)), path)
        if other != path:
            raise PathRefused(str(path), f"and `{other}` are one name on other systems: choose one of them")


def _folders_of(path: WorkspacePath) -> list[WorkspacePath]:
    return [WorkspacePath(path.names[:depth]) for depth in range(1, len(path.names))]
