"""`diff`: in what two runs differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlock.cli.completion import run_ids
from interlock.cli.failures import ExitCode
from interlock.cli.invocation import finished
from interlock.cli.options import AsJson, Run, Store

if TYPE_CHECKING:
    from rich.console import Console

    from interlock.engine.courses.differing import Difference, RunDifference


def diff(
    run: Run,
    other: Annotated[
        str, typer.Argument(metavar="RUN", help="Another run, or the beginning of its id.", autocompletion=run_ids)
    ],
    *,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Tell in what two runs differ: inputs and outputs, decisions, effects and values, node by node."""
    return finished(_diff(run, other, store, as_json=as_json))


async def _diff(run: str, other: str, store: str | None, *, as_json: bool) -> int:
    from msgspec import to_builtins

    from interlock.cli.opening import found_run, looked_at_all
    from interlock.cli.output import console, print_json

    async with looked_at_all(store) as interlock:
        left, right = await found_run(interlock, run), await found_run(interlock, other)
        found = await left.difference(right)
    if as_json:
        print_json({"same": found.is_same} | to_builtins(found))
    else:
        only = f"only in {found.left}", f"only in {found.right}"
        print_difference(console(), found, title=f"{found.left} and {found.right}", only=only)
    return ExitCode.SUCCEEDED if found.is_same else ExitCode.NOT_SUCCEEDED


def print_difference(out: Console, found: RunDifference, *, title: str, only: tuple[str, str]) -> None:
    """Node by node; `only` says of a node on which side it is."""
    from interlock.engine.telling.events_in_words import span

    took = " and ".join(map(span, found.took))
    out.print(title, style="bold", end="", markup=False)
    out.print(f"  took {took}; {found.alike} nodes went alike", style="dim", markup=False)
    if found.is_same:
        out.print("no difference", style="green")
    _print_all(out, found.run)
    for node in found.nodes:
        side = {"left": f"  {only[0]}", "right": f"  {only[1]}", "both": ""}[node.on]
        out.print(node.path, style="cyan", end="", markup=False)
        out.print(side, style="yellow", markup=False)
        _print_all(out, node.differences)


def _print_all(out: Console, differences: tuple[Difference, ...]) -> None:
    from interlock.cli.output import plain

    for each in differences:
        out.print(plain(f"  {each.what}  {_sides(each)}"), markup=False)


def _sides(each: Difference) -> str:
    from msgspec import UNSET

    if each.left is UNSET and each.right is UNSET:
        return ""
    return f"{_shown(each.left)} → {_shown(each.right)}"


def _shown(side: Any) -> str:  # noqa: ANN401 - a value, or nothing
    from msgspec import UNSET

    from interlock.engine.telling.events_in_words import short

    return "nothing" if side is UNSET else short(side)
