"""`init` and `config`: a project that works from the start, and the settings that are in force in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlock.cli.failures import CommandError
from interlock.cli.options import AsJson, Store, Tools

if TYPE_CHECKING:
    from interlock.settings import Configured


def init(
    folder: Annotated[Path, typer.Argument(help="Where; made if it is not there.")] = Path(),
    *,
    as_json: AsJson = False,
) -> int:
    """Make a project that runs: settings, a graph, its tools and a test."""
    from interlock.cli.scaffold import FILES

    if folder.exists() and not folder.is_dir():
        raise CommandError(f"{folder} is a file, and a project is a folder: name another")
    taken = [name for name in FILES if (folder / name).exists() and name != ".gitignore"]
    if taken:
        raise CommandError(f"{folder.absolute()} has these files already, and nothing was written: {', '.join(taken)}")
    written = [name for name, text in FILES.items() if _write_new(folder / name, text)]
    if as_json:
        from interlock.cli.output import print_json

        print_json({"project": str(folder.absolute()), "files": written})
    else:
        _print_made(folder, written)
    return 0


def _write_new(file: Path, text: str) -> bool:
    """Write a file, unless it is there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(text)
    except FileExistsError:
        return False
    return True


def _print_made(folder: Path, written: list[str]) -> None:
    import shlex

    from interlock.cli.output import console

    out = console()
    for name in written:
        out.print(f"  {folder / name}", markup=False, soft_wrap=True)
    out.print("next:", style="dim")
    if folder != Path():
        out.print(f"  cd {shlex.quote(str(folder))}", markup=False, soft_wrap=True)
    out.print("  interlock graph check\n  interlock run hello -i name=Ada", markup=False)


def config(*, store: Store = None, tools: Tools = None, as_json: AsJson = False) -> int:
    """Print the settings in force, and where each comes from."""
    from interlock.cli.opening import configured

    found = configured(store=store, tools=tools)
    if as_json:
        from interlock.cli.output import print_json

        print_json(_as_json(found))
    else:
        _print_settings(found)
    return 0


def _as_json(found: Configured) -> dict[str, Any]:
    settings = {
        name: {"value": _plain(value), "source": origin.source, "where": str(origin)}
        for name, value, origin in found.listed()
    }
    return {"project": str(found.project), "file": str(found.file) if found.file else None, "settings": settings}


def _print_settings(found: Configured) -> None:
    from rich.table import Table
    from rich.text import Text

    from interlock.cli.output import console

    out = console()
    out.print(f"project {found.project}", style="dim", markup=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("setting", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("from", overflow="fold", style="dim")
    for name, value, origin in found.listed():
        table.add_row(name, Text(_in_words(_plain(value))), Text(str(origin)))
    out.print(table)


def _in_words(value: str | list[str] | int | None) -> str:
    match value:
        case None:
            return "-"
        case list():
            return ", ".join(value)
        case _:
            return str(value)


def _plain(value: Path | tuple[str, ...] | int | None) -> str | list[str] | int | None:
    match value:
        case Path():
            return str(value)
        case tuple():
            return list(value)
        case _:
            return value
