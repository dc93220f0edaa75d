"""`backup` and `restore`: a store's file, copied while it is in use, and put back in place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interlock.cli.options import AsJson, Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.store.places import StorePlace
    from interlock.store.sqlite.backup import Checked, Progress


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy, which must not be there yet.")],
    *,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Copy the store into a file, also while runs are driven, and check every byte of the copy."""
    from interlock.cli.opening import existing_store
    from interlock.store.sqlite.backup import back_up

    place = _file_of(existing_store(store))
    _tell(_with_progress(lambda progress: back_up(place, file, progress=progress)), file, as_json=as_json)
    return 0


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `backup` made.")],
    *,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Put a backup in place, where no store is, and check every byte of it. Then runs can be taken up."""
    from interlock.cli.opening import configured
    from interlock.store.sqlite import backup as backups

    place = _file_of(configured(store=store).settings.store)
    place.parent.mkdir(parents=True, exist_ok=True)
    _tell(_with_progress(lambda progress: backups.restore(file, place, progress=progress)), place, as_json=as_json)
    return 0


def _file_of(place: StorePlace) -> Path:
    from interlock.cli.failures import CommandError

    if not isinstance(place, Path):
        raise CommandError(
            f"{place} is no file: a database in PostgreSQL is copied by its own tools, `pg_dump` and `pg_restore` "
            "(docs/guides/backup.md)"
        )
    return place


def _with_progress(work: Callable[[Progress], Checked]) -> Checked:
    """Do what takes its time, and show on a terminal how far it is."""
    from rich.progress import Progress as Bar

    from interlock.cli.output import error_console

    out = error_console()
    with Bar(console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task("")

        def show(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        return work(show)


def _tell(found: Checked, file: Path, *, as_json: bool) -> None:
    from interlock.cli.output import console, print_json
    from interlock.cli.pruning import bytes_told

    if as_json:
        counts = {"runs": found.runs, "events": found.events, "blobs": found.blobs, "bytes": found.bytes}
        print_json({"file": str(file), **counts})
        return
    what = f"{found.runs:,} run{'s' * (found.runs != 1)} with {found.events:,} events and {found.blobs:,} large values"
    console().print(
        f"{file} holds {what} ({bytes_told(found.bytes)}), all as they were stored", markup=False, soft_wrap=True
    )
