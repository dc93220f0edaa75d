"""Opening what lies below a folder, name by name and never through a link, so that nothing can be swapped between.

Every look at a file is a look at what was opened: the path is not walked twice. Knows no limits and no locks.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from interlock.core.problems import nearest
from interlock.tools.workspace.errors import FileMissing, PathRefused, WorkspaceFull
from interlock.tools.workspace.names import DEPTH_MAX, ROOT, WorkspacePath, check_new_name, is_repository_name

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a fifo waits for somebody to write into it.
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_FOLDER: Final = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EMLINK})


class FileContent(Struct, frozen=True, gc=False):
    """What a file holds."""

    data: bytes
    executable: bool = False

    @property
    def stamp(self) -> str:
        """The same for the same content: its SHA-256, and whether it may be run."""
        return digest_of_bytes(self.data) + ("+x" if self.executable else "")


def digest_of_bytes(data: bytes) -> str:
    """Bytes by their SHA-256."""
    return hashlib.sha256(data).hexdigest()


class Entry(Struct, frozen=True, gc=False):
    """A plain file or a folder that was met while walking; `size` is None for a folder."""

    path: WorkspacePath
    size: int | None


@contextmanager
def opened_root(folder: Path) -> Generator[int]:
    """The folder itself, which must be one and no link to one."""
    descriptor = os.open(folder, _FOLDER)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def opened_folder(root: int, path: WorkspacePath, *, makes: bool = False) -> Generator[int]:
    """The folder at a path, opened name by name. With `makes`, those that are missing are made."""
    descriptor = os.dup(root)
    try:
        for depth, name in enumerate(path.names, start=1):
            inner = _step(descriptor, name, WorkspacePath(path.names[:depth]), makes=makes)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def _step(descriptor: int, name: str, path: WorkspacePath, *, makes: bool) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=descriptor)
    except FileNotFoundError:
        if not makes:
            raise FileMissing(str(path), advice=_advice(descriptor, name)) from None
    except OSError as error:
        raise _refused(path, error) from error
    os.mkdir(name, 0o755, dir_fd=descriptor)
    return os.open(name, _FOLDER, dir_fd=descriptor)


@contextmanager
def opened_file(root: int, path: WorkspacePath) -> Generator[int]:
    """A plain file, opened for reading; `FileMissing`, or `PathRefused` for whatever is none."""
    with opened_folder(root, path.folder) as folder:
        try:
            descriptor = os.open(path.name, _FILE, dir_fd=folder)
        except FileNotFoundError:
            raise FileMissing(str(path), advice=_advice(folder, path.name)) from None
        except OSError as error:
            raise _refused(path, error) from error
    try:
        _check_is_plain(path, os.fstat(descriptor))
        yield descriptor
    finally:
        os.close(descriptor)


def read_content(root: int, path: WorkspacePath, *, bytes_max: int) -> FileContent:
    """What a plain file holds; `FileMissing`, or `PathRefused` for whatever is none."""
    with opened_file(root, path) as descriptor:
        status = os.fstat(descriptor)
        if status.st_size > bytes_max:
            raise WorkspaceFull(f"`{path}` is {status.st_size:,} bytes long, and {bytes_max:,} are the most")
        # It is not read further than it was long, should somebody write to it for ever.
        return FileContent(_read(descriptor, status.st_size), bool(status.st_mode & stat.S_IXUSR))


def find_content(root: int, path: WorkspacePath, *, bytes_max: int) -> FileContent | None:
    """What a plain file holds; None if nothing lies there."""
    try:
        return read_content(root, path, bytes_max=bytes_max)
    except FileMissing:
        return None


def check_can_be_put(root: int, path: WorkspacePath) -> None:
    """Refuse a path at which no file could be put: below a file, at a folder, or beside a twin of it."""
    there = _deepest_there(root, path.folder)
    with opened_folder(root, there) as folder:
        if there == path.folder:
            try:
                _check_is_plain(path, os.stat(path.name, dir_fd=folder, follow_symlinks=False))
            except FileNotFoundError:
                check_new_name(path, path.name, _names_in(folder))
            return
        first, *rest = path.names[len(there.names) :]
        check_new_name(path, first, _names_in(folder))
    for name in rest:
        check_new_name(path, name, [])


def _deepest_there(root: int, path: WorkspacePath) -> WorkspacePath:
    """The path as far as there are folders."""
    for depth in range(len(path.names), 0, -1):
        try:
            with opened_folder(root, WorkspacePath(path.names[:depth])):
                return WorkspacePath(path.names[:depth])
        except FileMissing:
            continue
    return ROOT


def write_new(folder: int, name: str, content: FileContent, *, is_durable: bool = False) -> None:
    """A new file, which must not be there yet. One that is durable is on the disk when this returns."""
    descriptor = os.open(name, _NEW_FILE, 0o755 if content.executable else 0o644, dir_fd=folder)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.data)
        if is_durable:
            file.flush()
            os.fsync(descriptor)


def walk(root: int, *, on_left_out: Callable[[WorkspacePath], None] = lambda _: None) -> Iterator[Entry]:
    """Every plain file and folder below, folders before what is in them, sorted by name.

    What is neither, a repository's own folder, and what lies too deep is left out.
    """
    yield from _walk(root, ROOT, on_left_out)


def _walk(folder: int, path: WorkspacePath, on_left_out: Callable[[WorkspacePath], None]) -> Iterator[Entry]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda each: each.name)
    for entry in entries:
        inner = path.below(entry.name)
        if is_repository_name(entry.name) or len(inner.names) > DEPTH_MAX:
            on_left_out(inner)
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk_into(folder, inner, on_left_out)
        elif entry.is_file(follow_symlinks=False):
            yield Entry(inner, entry.stat(follow_symlinks=False).st_size)
        else:
            on_left_out(inner)


def _walk_into(folder: int, path: WorkspacePath, on_left_out: Callable[[WorkspacePath], None]) -> Iterator[Entry]:
    try:
        inner = os.open(path.name, _FOLDER, dir_fd=folder)
    except OSError:
        return  # it was taken away, or made a link, since it was seen
    try:
        yield Entry(path, None)
        yield from _walk(inner, path, on_left_out)
    finally:
        os.close(inner)


def _read(descriptor: int, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := os.read(descriptor, size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _check_is_plain(path: WorkspacePath, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise PathRefused(str(path), "is a folder: name a file in it")
    if stat.S_ISLNK(status.st_mode):
        raise PathRefused(str(path), "is a link, and links are not followed: name the file itself")
    if not stat.S_ISREG(status.st_mode):
        raise PathRefused(str(path), "is no plain file")
    if status.st_nlink > 1:
        raise PathRefused(str(path), "has another name, which may lie outside the workspace")


def _refused(path: WorkspacePath, error: OSError) -> PathRefused:
    if error.errno in _NO_FOLDER:
        return PathRefused(str(path), "leads through a link or a file, which are not followed")
    return PathRefused(str(path), f"cannot be opened: {error.strerror}")


def _advice(folder: int, name: str) -> str:
    near = nearest(name, _names_in(folder))
    return f"did you mean `{near}`?" if near else "list_files shows what is there"


def _names_in(folder: int) -> list[str]:
    with os.scandir(folder) as found:
        return sorted(entry.name for entry in found)
