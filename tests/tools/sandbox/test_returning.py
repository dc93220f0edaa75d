"""What a job left comes back member by member, and nothing that could hurt whoever keeps it."""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.tools.sandbox.returning import Returned, printable, take_back, why_not

BYTES_MAX = 10_000


def a_member(name: str, content: bytes = b"x", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    """A plain file, or whatever else its fields make of it."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for field, value in fields.items():
        setattr(member, field, value)
    return member, content


def an_archive(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """An archive as somebody hostile would write it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for member, content in members:
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def taken(archive: bytes, folder: Path, *, sent: Sequence[str] = (), gone: Sequence[str] = ()) -> Returned:
    """What comes back of it."""
    return take_back(io.BytesIO(archive), folder, sent=dict.fromkeys(sent, "digest"), gone=gone, bytes_max=BYTES_MAX)


@contextmanager
def two_folders() -> Generator[tuple[Path, Path]]:
    """A folder in an otherwise empty one, new for each example."""
    with tempfile.TemporaryDirectory() as outside:
        inside = Path(outside, "inside")
        inside.mkdir()
        yield Path(outside), inside


def files_of(folder: Path) -> dict[str, str]:
    """All files below a folder, links told as such."""
    return {
        str(path.relative_to(folder)): f"-> {path.readlink()}" if path.is_symlink() else path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def test_new_and_changed_files_come_back(tmp_path: Path) -> None:
    """Nobody would run anything in a sandbox otherwise."""
    (tmp_path / "old").write_text("before")
    archive = an_archive(
        a_member("old", b"after"), a_member("folder", b"", type=tarfile.DIRTYPE), a_member("folder/new")
    )

    came = taken(archive, tmp_path, sent=["old"])

    assert came == Returned(changed=("folder", "folder/new", "old"), deleted=(), refused=(), is_cut=False)
    assert files_of(tmp_path) == {"folder/new": "x", "old": "after"}


def test_what_was_sent_in_and_is_gone_is_deleted_and_nothing_else(tmp_path: Path) -> None:
    """A job names what it deleted; what it never had is not its to name."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/sent").write_text("x")
    (tmp_path / "kept").write_text("x")

    came = taken(an_archive(), tmp_path, sent=["folder", "folder/sent"], gone=["folder", "folder/sent", "kept"])

    assert (came.deleted, files_of(tmp_path)) == (("folder", "folder/sent"), {"kept": "x"})
    assert not (tmp_path / "folder").exists()


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (a_member("/etc/cron.d/x"), "/etc/cron.d/x: its name is absolute"),
        (a_member("../outside"), "../outside: its name leads elsewhere"),
        (a_member("a/../../outside"), "a/../../outside: its name leads elsewhere"),
        (a_member("./a"), "./a: its name leads elsewhere"),
        (a_member("new\nline"), "new\\nline: its name holds characters that are not printed"),
        (a_member("bad-\udcff"), "bad-\\udcff: its name holds characters that are not printed"),
        (a_member("n" * 300), f"{'n' * 128}…: its name is too long"),
        (a_member("/".join("d" * 60)), f"{'/'.join('d' * 60)}: it lies too deep"),
        (
            a_member(".git/hooks/post-checkout"),
            ".git/hooks/post-checkout: what git obeys is not changed from inside a sandbox",
        ),
        (a_member("sub/.GIT"), "sub/.GIT: what git obeys is not changed from inside a sandbox"),
        (a_member("link", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "link: it is a symbolic link"),
        (a_member("link", b"", type=tarfile.LNKTYPE, linkname="kept"), "link: it is a hard link"),
        (a_member("disk", b"", type=tarfile.BLKTYPE), "disk: it is a device"),
        (a_member("null", b"", type=tarfile.CHRTYPE), "null: it is a device"),
        (a_member("pipe", b"", type=tarfile.FIFOTYPE), "pipe: it is a pipe"),
        (a_member("odd", b"", type=b"Z"), "odd: it is of an unknown kind"),
    ],
)
def test_whatever_is_no_plain_file_with_a_plain_name_is_refused(
    tmp_path: Path, member: tuple[tarfile.TarInfo, bytes], reason: str
) -> None:
    """It is named with the reason, and what comes after it is still taken."""
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "kept").write_text("kept")

    came = taken(an_archive(member, a_member("after")), inside)

    assert (came.refused, came.changed) == ((reason,), ("after",))
    assert files_of(tmp_path) == {"inside/kept": "kept", "inside/after": "x"}


def test_nothing_is_written_through_a_link_that_waits_in_the_folder(tmp_path: Path) -> None:
    """Somebody may have swapped a folder for a link while the job ran."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "file").write_text("untouched")
    (inside / "folder").symlink_to(outside)
    (inside / "file").symlink_to(outside / "file")

    came = taken(an_archive(a_member("folder/file", b"hurt"), a_member("file", b"new")), inside, gone=["folder"])

    assert (came.changed, came.refused) == (("file",), ("folder/file: a folder above it is a link or a file",))
    assert files_of(outside) == {"file": "untouched"}
    assert (inside / "file").read_text() == "new"


def test_more_bytes_than_a_workspace_may_hold_are_not_taken(tmp_path: Path) -> None:
    """Neither one large file nor many small ones, nor one that is small until it is unpacked."""
    large = [a_member(f"part-{number}", b"x" * 4_000) for number in range(4)]

    came = taken(an_archive(*large), tmp_path)

    assert (came.is_cut, came.changed) == (True, ("part-0", "part-1"))
    assert came.refused == ("part-2: its 4,000 bytes are too much", "part-3: its 4,000 bytes are too much")


def test_an_archive_that_promises_holes_is_not_filled_with_them(tmp_path: Path) -> None:
    """A few bytes can stand for a terabyte."""
    member, content = a_member("hole", type=tarfile.GNUTYPE_SPARSE)
    header = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    header[386:410] = b"00000000000\0" + b"00000000001\0"
    header[483:495] = b"77777777777\0"
    header[148:156] = b"%06o\0 " % sum([*header[:148], *(b" " * 8), *header[156:512]])

    came = taken(bytes(header) + content.ljust(512, b"\0") + bytes(1024), tmp_path)

    assert (came.changed, files_of(tmp_path)) == ((), {})
    assert came.refused in [("hole: it is a sparse file",), ("hole: its 8,589,934,591 bytes are too much",)]


def test_an_archive_that_breaks_off_gives_what_was_whole(tmp_path: Path) -> None:
    """What is missing is said, so that nobody takes half for all."""
    archive = an_archive(a_member("whole"), a_member("half", b"x" * 3_000))

    came = taken(archive[:2_600], tmp_path)

    assert (came.changed, came.is_cut, files_of(tmp_path)) == (("whole",), True, {"whole": "x"})


def test_an_archive_with_nonsense_in_it_is_said_to_be_cut(tmp_path: Path) -> None:
    """What reads archives takes nonsense for the end."""
    archive = an_archive(a_member("whole"))[:1_024] + b"nonsense" * 64 + an_archive(a_member("after"))

    came = taken(archive, tmp_path)

    assert (came.changed, came.is_cut, came.refused) == (
        ("whole",),
        True,
        ("the rest: it is not an archive (it has no end)",),
    )


def test_a_file_may_become_a_folder_and_the_other_way_round(tmp_path: Path) -> None:
    """Programs do that, and a later step expects what they left."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    archive = an_archive(a_member("file", b"", type=tarfile.DIRTYPE), a_member("file/in"), a_member("folder", b"now"))

    came = taken(archive, tmp_path, sent=["file", "folder"])

    assert (came.changed, came.refused) == (("file", "file/in", "folder"), ())
    assert files_of(tmp_path) == {"file/in": "x", "folder": "now"}


def test_a_folder_that_somebody_else_filled_is_not_replaced(tmp_path: Path) -> None:
    """What the job never saw is not lost for it."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/mine").write_text("x")

    came = taken(an_archive(a_member("folder", b"now")), tmp_path, sent=["folder"])

    assert (came.refused, files_of(tmp_path)) == (("folder: Directory not empty",), {"folder/mine": "x"})


@given(st.binary(max_size=3_000), st.integers(0, 2_000), st.data())
def test_no_bytes_whatever_are_more_than_refused(noise: bytes, place: int, data: st.DataObject) -> None:
    """A supervisor that was taken over may send anything at all."""
    name = data.draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80))
    good = an_archive(a_member("a/b"), a_member(name), a_member("c", b"", type=tarfile.LNKTYPE, linkname="a/b"))
    with two_folders() as (outside, inside):
        taken(noise, inside)
        taken(good[:place] + noise + good[place:], inside)
        taken(good[:place] + noise + good[place + len(noise) :], inside)

        assert [path.name for path in outside.iterdir()] == ["inside"]
        assert not any(path.is_symlink() for path in inside.rglob("*"))


def test_a_name_is_shown_without_what_would_move_the_cursor() -> None:
    """Names are written on terminals and into logs."""
    assert printable("a\x1b[2J\u202e\udcff") == "a\\x1b[2J\\u202e\\udcff"


@pytest.mark.parametrize("name", ["a", "a/b.py", "ünïcode/日本", ".gitignore", "git", "a b", "...x"])
def test_ordinary_names_are_taken(name: str) -> None:
    """A sandbox that refuses these is of no use."""
    assert why_not(name) is None
