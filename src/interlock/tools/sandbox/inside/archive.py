"""A folder as an archive and back: how files go into a sandbox and out of it.

Packing follows no link and opens nothing but regular files, so it can be let loose on what a job has left. Unpacking is
for archives that the door itself made: what comes out of a sandbox is read by `returning`, which trusts nothing.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import IO, Final, Protocol, cast

MEMBERS_MAX: Final = 20_000
DEPTH_MAX: Final = 48
"""How deep folders may lie in one another. A deeper one is left out."""
_READ_BYTES: Final = 256 * 1024
_OTHER_TYPES: Final = {
    stat.S_IFLNK: tarfile.SYMTYPE,
    stat.S_IFIFO: tarfile.FIFOTYPE,
    stat.S_IFCHR: tarfile.CHRTYPE,
    stat.S_IFBLK: tarfile.BLKTYPE,
}

Mark = tuple[int, ...]
"""What tells that a file is still the one it was."""


@dataclass
class Packing:
    """What is left out of an archive and why, and what was seen. It is filled while the archive is made."""

    bytes_max: int
    left_out: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    seen: dict[str, Mark] = field(default_factory=dict[str, Mark])
    is_full: bool = False
    """Whether something was left out because it would have been too much."""
    taken_bytes: int = 0

    def leave_out(self, name: str, why: str, *, full: bool = False) -> None:
        """Note what is missing."""
        self.left_out.append((name, why))
        self.is_full = self.is_full or full


def packed(
    root: str,
    packing: Packing,
    *,
    known: Mapping[str, Mark] | None = None,
    on_file: Callable[[str, bytes], None] | None = None,
) -> Generator[bytes]:
    """The archive of a folder in pieces, without what is as it was `known` to be; `on_file` hears each file's bytes."""
    known = known or {}
    for name, folder, entry in _walked(root, packing):
        found = os.stat(entry, dir_fd=folder, follow_symlinks=False)
        mark = packing.seen[name] = mark_of(found)
        if known.get(name) == mark:
            continue
        member = tarfile.TarInfo(name)
        member.mode, member.mtime = stat.S_IMODE(found.st_mode) & 0o777, int(found.st_mtime)
        if stat.S_ISDIR(found.st_mode):
            member.type = tarfile.DIRTYPE
            yield _header(member)
        elif stat.S_ISREG(found.st_mode):
            yield from _file(member, folder, entry, packing, on_file)
        elif stat.S_IFMT(found.st_mode) in _OTHER_TYPES:
            member.type = _OTHER_TYPES[stat.S_IFMT(found.st_mode)]
            if stat.S_ISLNK(found.st_mode):
                member.linkname = os.readlink(entry, dir_fd=folder)
            yield _header(member)
        else:
            packing.leave_out(name, "is neither a file nor a folder")
    yield bytes(2 * tarfile.BLOCKSIZE)


class Readable(Protocol):
    """Bytes that come one after another."""

    def read(self, size: int, /) -> bytes:
        """At most that many; none at the end."""
        ...


def unpack(archive: Readable, root: str) -> dict[str, Mark]:
    """Make the files of an archive in an empty folder, and say how each can be told to be unchanged."""
    stream = cast("IO[bytes]", archive)  # all that a stream of members is asked for is to be read
    links: list[tuple[str, str]] = []
    names: list[str] = []
    with tarfile.open(fileobj=stream, mode="r|") as members:
        for member in members:
            path = os.path.join(root, member.name)
            if member.isdir():
                os.makedirs(path, mode=0o755, exist_ok=True)
            elif member.issym():
                links.append((member.linkname, path))
            elif content := members.extractfile(member):
                _write(path, content, member)
            else:
                continue  # pipes and devices are of no use inside
            names.append(member.name)
    # Last, so that nothing is ever written through one.
    for target, path in links:
        os.symlink(target, path)
    return {name: mark_of(os.lstat(os.path.join(root, name))) for name in names}


def mark_of(found: os.stat_result) -> Mark:
    """What of a file changes when somebody changes it; of a folder, only that it is one."""
    if stat.S_ISDIR(found.st_mode):
        return (stat.S_IFDIR,)
    return (found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _walked(root: str, packing: Packing) -> Generator[tuple[str, int, str]]:
    """Each name below the folder, with the open folder that it lies in: folders before what is in them."""
    members = 0
    for path, folders, files, here in os.fwalk(root, follow_symlinks=False, onerror=_refuse):
        below = os.path.relpath(path, root)
        depth = 0 if below == "." else below.count("/") + 1
        folders.sort()
        for entry in sorted([*folders, *files]):
            name = entry if depth == 0 else f"{below}/{entry}"
            members += 1
            if members > MEMBERS_MAX:
                packing.leave_out(name, f"it and all after it are more than {MEMBERS_MAX:,} files", full=True)
                return
            yield name, here, entry
        if depth >= DEPTH_MAX and folders:
            packing.leave_out(below, "what is below it lies too deep", full=True)
            folders.clear()


def _refuse(error: OSError) -> None:
    raise error


def _file(
    member: tarfile.TarInfo,
    folder: int,
    entry: str,
    packing: Packing,
    on_file: Callable[[str, bytes], None] | None,
) -> Generator[bytes]:
    # A pipe that was put in its place in the meantime would otherwise keep us waiting for ever.
    descriptor = os.open(entry, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with open(descriptor, "rb", buffering=0) as content:
        found = os.fstat(descriptor)
        member.size = found.st_size
        if not stat.S_ISREG(found.st_mode):
            packing.leave_out(member.name, "is not a file any more")
            return
        if packing.taken_bytes + member.size > packing.bytes_max:
            packing.leave_out(member.name, f"its {member.size:,} bytes are too much", full=True)
            return
        packing.taken_bytes += member.size
        yield _header(member)
        left = member.size
        while left:
            # A file that has become shorter is filled up: the archive has promised its length.
            data = content.read(min(left, _READ_BYTES)) or bytes(min(left, _READ_BYTES))
            left -= len(data)
            if on_file is not None:
                on_file(member.name, data)
            yield data
        if not member.size and on_file is not None:
            on_file(member.name, b"")
        yield bytes(-member.size % tarfile.BLOCKSIZE)


def _header(member: tarfile.TarInfo) -> bytes:
    return member.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _write(path: str, content: Readable, member: tarfile.TarInfo) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as file:
        while data := content.read(_READ_BYTES):
            file.write(data)
        file.flush()
        os.fchmod(descriptor, 0o755 if member.mode & 0o100 else 0o644)
        os.utime(descriptor, (member.mtime, member.mtime))
