"""Copying a store's file while others write it, checking a copy byte by byte, and putting one back in place.

A copy is what had been committed at one instant, however long it takes and whatever is written meanwhile. Nothing is
ever written over, and a copy that was cut off leaves no file that looks like one. What happened after the copy was made
it does not know: see docs/guides/backup.md for what that means for effects.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Final, TypeAlias

from msgspec import Struct

from interlock.store.blobs import read_blob
from interlock.store.errors import DamagedError, PlaceError
from interlock.store.sealing import CHAIN_START, Sealed, header_hash, verify_chain
from interlock.store.sqlite.place import explained, unready_connection, version_in

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""

_PAGES_AT_ONCE: Final = 4_096
_EVENTS_AT_ONCE: Final = 2_000


class Checked(Struct, frozen=True):
    """What was found in a copy, all of it as it was stored."""

    runs: int
    events: int
    blobs: int
    bytes: int


def back_up(source: Path, copy: Path, *, progress: Progress) -> Checked:
    """Copy a store's file, in use or not, and check the copy. Raises `PlaceError` or `DamagedError`."""
    with _made_beside(copy) as made:
        _copy(source, made, progress)
        return check(made, progress=progress)


def restore(copy: Path, place: Path, *, progress: Progress) -> Checked:
    """Put a copy in place, where no store may be, and check it. No lease of the old place holds in the new one.

    Their epochs stay, so that each next one is higher than any there ever was.
    """
    if not copy.is_file():
        raise PlaceError(str(copy), "foreign", "there is no such file: name a backup")
    with _made_beside(place) as made:
        _copy(copy, made, progress)
        found = check(made, progress=progress)
        with explained(made), closing(unready_connection(made)) as file:
            file.execute("update lease set owner = null")
        return found


def check(path: Path, *, progress: Progress) -> Checked:
    """Every page of the file, every header and payload of every run, and every blob; `DamagedError` names the first."""
    with explained(path), closing(unready_connection(path)) as file:
        file.execute("pragma query_only = on")
        progress("pages", 0, 1)
        (found,) = file.execute("pragma integrity_check(1)").fetchone()
        if found != "ok":
            raise DamagedError(f"the file {path} ({found})")
        runs = file.execute("select no, run, seq, head from run order by no").fetchall()
        for done, (no, run, seq, head) in enumerate(runs):
            progress("runs", done, len(runs))
            _check_log(file, no, run, seq=seq, head=head)
        blobs = _check_blobs(file, progress)
        return Checked(len(runs), sum(seq for _, _, seq, _ in runs), blobs, path.stat().st_size)


def _check_log(file: sqlite3.Connection, no: int, run: str, *, seq: int, head: bytes) -> None:
    after, previous = 0, CHAIN_START
    while after < seq:
        rows = file.execute(
            "select header, salt, payload from event where run_no = ? and seq > ? order by seq limit ?",
            (no, after, _EVENTS_AT_ONCE),
        )
        page = [Sealed(*row) for row in rows]
        is_last = not page or after + len(page) >= seq
        broken = verify_chain(page, head=head if is_last else None, after=after, previous=previous)
        if broken is not None:
            raise DamagedError(f"event {broken.seq} of run {run} ({broken.what})", seq=broken.seq)
        after, previous = after + len(page), header_hash(page[-1].header)


def _check_blobs(file: sqlite3.Connection, progress: Progress) -> int:
    keys: dict[str, bytes] = dict(file.execute("select tenant, key from blob_key"))
    (total,) = file.execute("select count(*) from blob").fetchone()
    for done, (tenant, digest, data) in enumerate(file.execute("select tenant, digest, data from blob")):
        progress("values", done, total)
        read_blob(data, digest=digest, key=keys[tenant])
    return total


def _copy(source: Path, target: Path, progress: Progress) -> None:
    with explained(source), closing(unready_connection(source)) as old, closing(sqlite3.connect(target)) as new:
        if version_in(old, source) is None:
            raise PlaceError(str(source), "foreign", "there is no store in it")
        # Everything is read in one transaction: else whoever writes meanwhile would make the copy begin anew, for ever.
        old.execute("begin")
        old.execute("select count(*) from sqlite_master").fetchone()
        old.backup(new, pages=_PAGES_AT_ONCE, progress=lambda _, left, all_: progress("pages", all_ - left, all_))
        old.execute("rollback")
        # One file, that can be carried about without others beside it.
        new.execute("pragma journal_mode = delete")


@contextmanager
def _made_beside(path: Path) -> Generator[Path]:
    """A name for a file in the making. Once it is made it gets its own name, if nothing has that by then."""
    if not path.parent.is_dir():
        raise PlaceError(str(path), "missing_folder", f"the folder {path.parent} does not exist: make it first")
    _refuse_present(path)
    made = _free_name(path)
    try:
        # Before SQLite is asked to, which would not say which of two files it cannot open.
        made.touch(exist_ok=False)
    except OSError as error:
        raise PlaceError(str(path), "no_access", f"it cannot be made ({error.strerror}): name another place") from error
    try:
        yield made
        _on_disk(made)
        _name(made, path)
        _on_disk(path.parent)
    finally:
        made.unlink(missing_ok=True)


def _name(made: Path, path: Path) -> None:
    try:
        # A second name for the file: unlike a renaming, that does not replace what may have come there meanwhile.
        os.link(made, path)
    except OSError:
        # Something is there by now; or files have one name here, as on a stick.
        _refuse_present(path)
        made.rename(path)


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.part{number or ''}") for number in count())
    return next(name for name in names if not name.exists())


def _refuse_present(path: Path) -> None:
    if path.is_dir():
        raise PlaceError(str(path), "foreign", "it is a folder: name a file in it")
    if path.exists() or path.with_name(f"{path.name}-wal").exists():
        raise PlaceError(
            str(path), "foreign", "there is a file of this name: nothing is written over, name another one"
        )


def _on_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
