"""The container of a run file: a plain tar archive (POSIX ustar) of regular files, and nothing that is not one.

Written so that the same parts give the same bytes, and read so strictly that each byte of the file counts: a header has
to be the very one that would be written for its name and size. What a part may be called or hold is not known here.
Nothing is unpacked to a disk, and nothing is compressed, so a file takes no more room read than it has bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from msgspec import Struct

from interlock.audit.errors import RunFileError

BLOCK_BYTES: Final = 512
PART_BYTES_MAX: Final = 96 * 1024 * 1024
"""How large one part may be; a part is held in memory as a whole. The largest value there can be is 64 MiB."""
END: Final = bytes(2 * BLOCK_BYTES)
"""How a tar archive ends."""

_NAME_BYTES_MAX: Final = 100
_NAME: Final = re.compile(rb"[A-Za-z0-9_.\-/]{1,100}")
_SIZE: Final = re.compile(rb"[0-7]{11}")


class Part(Struct, frozen=True):
    """One file of the archive."""

    name: str
    data: bytes


def written(part: Part) -> bytes:
    """A part as it stands in the archive."""
    return header(part.name, len(part.data)) + part.data + bytes(_padding(len(part.data)))


def header(name: str, size: int) -> bytes:
    """The one header there is for a part of this name and size: no times, no owners."""
    assert len(name) <= _NAME_BYTES_MAX, name
    before = b"".join(
        (
            name.encode("ascii").ljust(100, b"\0"),
            b"0000644\0",  # who may read it
            b"0000000\0" * 2,  # whose it is
            b"%011o\0" % size,
            b"%011o\0" % 0,  # when it was changed
        )
    )
    after = b"".join(
        (
            b"0",  # a regular file
            bytes(100),
            b"ustar\x0000",
            bytes(64),
            b"0000000\0" * 2,
            bytes(167),
        )
    )
    checksum = sum(before) + sum(after) + 8 * ord(" ")
    return before + b"%06o\0 " % checksum + after


def read_parts(file: BinaryIO) -> Iterator[Part]:
    """The parts of an archive in their order, and that nothing stands behind its end. Raises `RunFileError`."""
    before = ""
    while (block := _read(file, BLOCK_BYTES, after=before)) != bytes(BLOCK_BYTES):
        name, size = _name_and_size(block, after=before)
        if size > PART_BYTES_MAX:
            raise RunFileError(f"{name} has {size:,} bytes, more than the {PART_BYTES_MAX:,} of any part", part=name)
        data = _read(file, size, inside=name)
        if any(_read(file, _padding(size), inside=name)):
            raise RunFileError(f"something stands between {name} and the part behind it", part=name)
        yield Part(name, data)
        before = name
    if any(_read(file, BLOCK_BYTES, after=before)) or file.read(1):
        raise RunFileError("something stands behind the end of the file", part="the end")


def _name_and_size(block: bytes, *, after: str) -> tuple[str, int]:
    name, size = block[:100].rstrip(b"\0"), block[124:135]
    if _NAME.fullmatch(name) and _SIZE.fullmatch(size):
        told = name.decode("ascii")
        if block == header(told, int(size, 8)):
            return told, int(size, 8)
        raise RunFileError(f"the tar header of {told} is not the one that was written", part=told)
    raise _no_part(after)


def _read(file: BinaryIO, size: int, *, after: str = "", inside: str = "") -> bytes:
    data = file.read(size)
    if len(data) == size:
        return data
    if inside:
        raise RunFileError(f"the file ends in the middle of {inside}: it was cut off", part=inside)
    if not after:
        raise _no_part(after)
    raise RunFileError(f"the file ends behind {after}: it was cut off", part=after)


def _no_part(after: str) -> RunFileError:
    if not after:
        return RunFileError("this is no run file, as `interlock export` writes one", part="the beginning")
    return RunFileError(f"what stands behind {after} is no part of a run file", part=after)


def _padding(size: int) -> int:
    return -size % BLOCK_BYTES
