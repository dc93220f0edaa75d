"""Unpacking an archive that somebody sent, as a folder that a workspace can begin with. Nothing in it is believed.

Only plain files and folders come out; links and devices stay in. Names lead nowhere but down, and neither the number of
entries, their sizes, nor what a packed archive grows to passes the bounds of a workspace.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from interlock.tools.archive_entries import bounded_entries
from interlock.tools.workspace.errors import WorkspaceError, WorkspaceFull, shown_path
from interlock.tools.workspace.folders import FileContent, opened_folder, opened_root, write_new
from interlock.tools.workspace.limits import WorkspaceLimits
from interlock.tools.workspace.names import parse_folder, parse_path

_GZIP: Final = b"\x1f\x8b"
_ENTRY_BYTES_MAX: Final = 4 * 1024
"""How much an archive may say of an entry besides what it holds."""
_EXECUTABLE: Final = 0o100


def unpack_archive(archive: IO[bytes], target: Path, limits: WorkspaceLimits) -> None:
    """The files of a tar archive, packed by gzip or not, into an empty folder. Raises `WorkspaceError`."""
    begins = archive.read(len(_GZIP))
    archive.seek(0)
    plain = gzip.GzipFile(fileobj=archive) if begins == _GZIP else archive
    bounded = _Bounded(plain, limits.bytes_max + limits.files_max * _ENTRY_BYTES_MAX)
    try:
        stream = io.BufferedReader(bounded)
        with opened_root(target) as root, tarfile.open(fileobj=stream, mode="r|", tarinfo=bounded_entries()) as entries:
            for entry in _plain_entries(entries, limits):
                _put(root, entry, entries)
    # What reads archives was not written for hostile ones: it stumbles in each of these ways.
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, ValueError, OverflowError, RecursionError) as error:
        raise WorkspaceError(f"that is no tar archive that can be read: {error}") from error


def _plain_entries(entries: tarfile.TarFile, limits: WorkspaceLimits) -> Iterator[tarfile.TarInfo]:
    size = 0
    for count, entry in enumerate(entries, start=1):
        size += entry.size
        if count > limits.files_max or size > limits.bytes_max:
            most = f"{limits.files_max:,} files or {limits.bytes_max:,} bytes"
            raise WorkspaceFull(f"the archive holds more than the {most} of a workspace")
        if entry.size > limits.file_bytes_max:
            name, most = shown_path(entry.name), limits.file_bytes_max
            raise WorkspaceFull(f"`{name}` is {entry.size:,} bytes long, and {most:,} are the most")
        if entry.isdir() or entry.isreg():
            yield entry


def _put(root: int, entry: tarfile.TarInfo, entries: tarfile.TarFile) -> None:
    if entry.isdir():
        with opened_folder(root, parse_folder(entry.name), makes=True):
            return
    path = parse_path(entry.name)
    held = entries.extractfile(entry)
    assert held is not None, "a plain file holds something"
    content = FileContent(held.read(), executable=bool(entry.mode & _EXECUTABLE))
    with opened_folder(root, path.folder, makes=True) as folder:
        try:
            write_new(folder, path.name, content)
        except FileExistsError as error:
            raise WorkspaceError(f"the archive holds `{path}` twice") from error


class _Bounded(io.RawIOBase):
    """A stream that ends in an error where it is longer than it may be: packed bytes may grow a thousandfold."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, bytes_max: int) -> None:
        self._stream = stream
        self._left = bytes_max

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        piece = self._stream.read(len(buffer))
        self._left -= len(piece)
        if self._left < 0:
            raise WorkspaceFull("the archive unpacks to more than a workspace holds")
        buffer[: len(piece)] = piece
        return len(piece)
