"""Archives that somebody sent: plain files come out, and nothing else does."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from interlock.tools.workspace.archives import unpack_archive
from interlock.tools.workspace.errors import WorkspaceError
from interlock.tools.workspace.limits import WorkspaceLimits

SMALL = WorkspaceLimits(bytes_max=10_000, files_max=10, file_bytes_max=5_000)


def entry(name: str, data: bytes = b"", **about: object) -> tuple[tarfile.TarInfo, bytes]:
    """An entry of an archive; `about` is what else it says of itself."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in about.items():
        setattr(info, field, value)
    return info, data


def archive_of(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """A tar archive."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


def unpacked(archive: bytes, folder: Path, limits: WorkspaceLimits = SMALL) -> dict[str, bytes]:
    """The files that come out of it, by their names."""
    unpack_archive(io.BytesIO(archive), folder, limits)
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.mark.parametrize("packed", [bytes, gzip.compress], ids=["tar", "tar.gz"])
def test_files_and_folders_come_out_as_they_went_in(packed: type[bytes], tmp_path: Path) -> None:
    """`tar c folder` is what everybody has at hand, and most pack it."""
    archive = archive_of(
        entry("app", type=tarfile.DIRTYPE),
        entry("./app/main.py", b"print(1)"),
        entry("run.sh", b"#!/bin/sh", mode=0o755),
    )

    found = unpacked(packed(archive), tmp_path)

    assert found == {"app/main.py": b"print(1)", "run.sh": b"#!/bin/sh"}
    assert (tmp_path / "run.sh").stat().st_mode & 0o100
    assert not (tmp_path / "app/main.py").stat().st_mode & 0o100


def test_links_and_devices_stay_in(tmp_path: Path) -> None:
    """A link leads wherever who made it wanted."""
    archive = archive_of(
        entry("passwd", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        entry("hard", type=tarfile.LNKTYPE, linkname="../../etc/passwd"),
        entry("null", type=tarfile.CHRTYPE),
        entry("fine", b"1"),
    )

    found = unpacked(archive, tmp_path)

    assert found == {"fine": b"1"}


MISPACKED = bytearray(gzip.compress(archive_of(entry("a", b"x" * 1_000))))
MISPACKED[30:50] = b"\xff" * 20


def header(kind: bytes, *, size: bytes) -> bytes:
    """The bytes before what an entry holds, with this for its size as it is written."""
    plain = bytearray(tarfile.TarInfo("a").tobuf(tarfile.GNU_FORMAT))
    plain[124:136], plain[148:157] = size, b" " * 8 + kind
    plain[148:156] = b"%06o\0 " % sum(plain)
    return bytes(plain)


HOSTILE = {
    "up": (archive_of(entry("../out", b"1")), r"has `\.\.` in it"),
    "absolute": (archive_of(entry("/etc/passwd", b"1")), "is absolute"),
    "below a file": (archive_of(entry("a", b"1"), entry("a/b", b"1")), "`a`"),
    "twice": (archive_of(entry("a", b"1"), entry("a", b"2")), "holds `a` twice"),
    "repository": (archive_of(entry(".git/config", b"1")), ".git"),
    "many": (archive_of(*(entry(str(number)) for number in range(11))), "more than the 10 files"),
    "long": (archive_of(entry("a", b"x" * 5_001)), "5,001 bytes long"),
    "large": (archive_of(*(entry(str(number), b"x" * 4_000) for number in range(3))), "or 10,000 bytes"),
    "bomb": (
        gzip.compress(archive_of(entry("a", b"x" * 1_000_000, type=tarfile.XHDTYPE))),
        "1,000,000 bytes of itself",
    ),
    "long-winded": (header(tarfile.XHDTYPE, size=b"%011o\0" % 200_000_000), "says 200,000,000 bytes of itself"),
    "long-named": (header(tarfile.GNUTYPE_LONGNAME, size=b"%011o\0" % 5_000), "says 5,000 bytes of itself"),
    "saying on and on": (header(tarfile.GNUTYPE_LONGNAME, size=b"%011o\0" % 0) * 2_000, "unpacks to more"),
    "shorter than nothing": (header(tarfile.REGTYPE, size=b"\xff" * 12), "shorter than nothing"),
    "longer than anything": (header(tarfile.REGTYPE, size=b"\x80" + b"\x7f" * 11), "or 10,000 bytes"),
    "mispacked": (MISPACKED, "no tar archive"),
    "cut off": (archive_of(entry("a", b"1"))[:512], "no tar archive"),
    "packed and cut off": (gzip.compress(archive_of(entry("a", b"1")))[:-20], "no tar archive"),
    "text": (b"not an archive", "no tar archive"),
    "nothing": (b"", "no tar archive"),
}


@pytest.mark.parametrize(("archive", "why"), HOSTILE.values(), ids=HOSTILE)
def test_what_leads_elsewhere_or_is_too_much_is_refused(archive: bytes, why: str, tmp_path: Path) -> None:
    """Whoever made it may mean no good, and a packed one grows a thousandfold."""
    with pytest.raises(WorkspaceError, match=why):
        unpacked(archive, tmp_path)
