"""What a job left, member by member, into the folder that its files came from: nothing in it is taken on trust.

Only plain files and folders with harmless names come back; nothing is written through a link, and nothing is deleted
that was not sent in. What git itself would run or obey (`.git`) is never changed from inside a sandbox.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import tarfile
import unicodedata
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO, Final

from msgspec import Struct

from interlock.tools.archive_entries import bounded_entries
from interlock.tools.sandbox.inside.archive import DEPTH_MAX, MEMBERS_MAX

NAME_BYTES_MAX: Final = 1_024
_PART_BYTES_MAX: Final = 255
_GUARDED: Final = ".git"
_COPY_BYTES: Final = 256 * 1024
_KINDS: Final = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.CONTTYPE: "no plain file",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}


class Returned(Struct, frozen=True, kw_only=True):
    """What came back, and what did not."""

    changed: tuple[str, ...]
    deleted: tuple[str, ...]
    refused: tuple[str, ...]
    is_cut: bool
    """Whether something is missing because it was too much or could not be read."""


class _Refused(Exception):
    """A member is not taken; the message says why."""


def take_back(
    archive: BinaryIO, folder: Path, *, sent: Mapping[str, str], gone: Sequence[str], bytes_max: int
) -> Returned:
    """Write what a job changed into the folder, delete what it deleted.

    `sent` are the names that went in, each with the digest of its file or an empty text.
    """
    taker = _Taker(archive, folder, sent, bytes_max)
    with _opened(folder) as root:
        taker.delete(root, gone)
        taker.take_all(root)
    return Returned(
        changed=tuple(sorted(taker.changed)),
        deleted=tuple(sorted(taker.deleted)),
        refused=tuple(taker.refused),
        is_cut=taker.is_cut,
    )


def why_not(name: str) -> str | None:
    """Why a name that a job chose is not used on this machine; None if it may be."""
    parts = name.split("/")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        return "its name holds characters that are not printed"
    if name.startswith("/"):
        return "its name is absolute"
    if any(part in {"", ".", ".."} for part in parts):
        return "its name leads elsewhere"
    if len(name.encode()) > NAME_BYTES_MAX or any(len(part.encode()) > _PART_BYTES_MAX for part in parts):
        return "its name is too long"
    if len(parts) > DEPTH_MAX + 1:
        return "it lies too deep"
    if any(unicodedata.normalize("NFKC", part).casefold().rstrip(". ") == _GUARDED for part in parts):
        return "what git obeys is not changed from inside a sandbox"
    return None


class _Taker:
    """One archive on its way into one folder."""

    def __init__(self, archive: BinaryIO, folder: Path, sent: Mapping[str, str], bytes_max: int) -> None:
        self._archive, self._folder, self._sent = archive, folder, sent
        self._left = bytes_max
        self.changed: list[str] = []
        self.deleted: list[str] = []
        self.refused: list[str] = []
        self.is_cut = False

    def delete(self, root: int, gone: Sequence[str]) -> None:
        """What was sent in and is gone; the deepest first, and folders only when they are empty."""
        for name in sorted(set(gone) & self._sent.keys(), key=lambda name: (-name.count("/"), name)):
            try:
                _check_name(name)
                with _parent(root, name, make=False) as (parent, entry):
                    _remove(parent, entry)
            except (_Refused, OSError) as error:
                self._refuse(name, error)
            else:
                self.deleted.append(name)

    def take_all(self, root: int) -> None:
        """Every member that may be taken."""
        try:
            entry = bounded_entries()
            with tarfile.open(fileobj=self._archive, mode="r:", errorlevel=1, tarinfo=entry) as members:
                for count, member in enumerate(members):
                    if count >= MEMBERS_MAX:
                        raise tarfile.TarError(f"more than {MEMBERS_MAX:,} members")  # noqa: TRY301 - one way out
                    self._take_or_refuse(root, members, member)
                # A head that makes no sense is taken for the end by what reads archives.
                self._archive.seek(members.offset)
                if self._archive.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                    raise tarfile.TarError("it has no end")  # noqa: TRY301 - one way out
        # What reads archives was not written for hostile ones: it stumbles in each of these ways.
        except (tarfile.TarError, ValueError, OverflowError, RecursionError, EOFError, MemoryError) as error:
            self.is_cut = True
            self.refused.append(f"the rest: it is not an archive ({error})")

    def _take_or_refuse(self, root: int, members: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        try:
            _check_name(member.name)
            self._take(root, members, member)
        except (_Refused, OSError) as error:
            self._refuse(member.name, error)

    def _take(self, root: int, members: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        if member.isdir():
            with _parent(root, member.name, make=True) as (parent, entry):
                if _made_folder(parent, entry, may_replace=bool(self._sent.get(member.name))):
                    self.changed.append(member.name)
            return
        if not member.isreg() or member.issparse():
            raise _Refused(f"it is {_KINDS.get(member.type, 'of an unknown kind')}")
        if member.size > self._left:
            self.is_cut = True
            raise _Refused(f"its {member.size:,} bytes are too much")
        self._left -= member.size
        content = members.extractfile(member)
        assert content is not None
        with _parent(root, member.name, make=True) as (parent, entry):
            digest = _replaced(parent, entry, content, member, self._sent.get(member.name))
        if digest:
            self.changed.append(member.name)

    def _refuse(self, name: str, error: Exception) -> None:
        why = error.strerror if isinstance(error, OSError) else str(error)
        self.refused.append(f"{printable(name)}: {why}")


def printable(name: str) -> str:
    """A name that somebody hostile chose, fit to be shown."""
    shown = name.encode("utf-8", "backslashreplace").decode()
    short = shown if len(shown) <= NAME_BYTES_MAX // 8 else f"{shown[: NAME_BYTES_MAX // 8]}…"
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in short)


def _check_name(name: str) -> None:
    reason = why_not(name)
    if reason:
        raise _Refused(reason)


@contextmanager
def _opened(path: Path | str, *, within: int | None = None) -> Generator[int]:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=within)
    try:
        yield folder
    finally:
        os.close(folder)


@contextmanager
def _parent(root: int, name: str, *, make: bool) -> Generator[tuple[int, str]]:
    """The open folder that the name lies in, reached without following any link, and its last part."""
    *folders, entry = name.split("/")
    here = os.dup(root)
    try:
        for part in folders:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, 0o755, dir_fd=here)
            try:
                below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
            except NotADirectoryError:
                raise _Refused("a folder above it is a link or a file") from None
            os.close(here)
            here = below
        yield here, entry
    finally:
        os.close(here)


def _remove(parent: int, entry: str) -> None:
    try:
        found = os.stat(entry, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return
    if stat.S_ISDIR(found.st_mode):
        os.rmdir(entry, dir_fd=parent)
    else:
        os.unlink(entry, dir_fd=parent)


def _made_folder(parent: int, entry: str, *, may_replace: bool) -> bool:
    try:
        os.mkdir(entry, 0o755, dir_fd=parent)
    except FileExistsError:
        if stat.S_ISDIR(os.stat(entry, dir_fd=parent, follow_symlinks=False).st_mode):
            return False
        if not may_replace:
            raise _Refused("something else has its name") from None
        os.unlink(entry, dir_fd=parent)
        os.mkdir(entry, 0o755, dir_fd=parent)
    return True


def _replaced(parent: int, entry: str, content: IO[bytes], member: tarfile.TarInfo, known: str | None) -> bool:
    """Write beside it and rename, so that a link in its place is replaced and never followed. Whether it is news."""
    beside = f".interlock-{secrets.token_hex(8)}"
    mode = 0o755 if member.mode & 0o100 else 0o644
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=parent)
    try:
        with open(file, "wb") as written:  # noqa: PTH123 - it is open already
            seen = hashlib.sha256()
            while data := content.read(_COPY_BYTES):
                seen.update(data)
                written.write(data)
        with suppress(NotADirectoryError, FileNotFoundError):
            os.rmdir(entry, dir_fd=parent)
        os.rename(beside, entry, src_dir_fd=parent, dst_dir_fd=parent)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside, dir_fd=parent)
        raise
    return seen.hexdigest() != known
