"""`replay`: a run decided anew from its record alone, on its own graph or on another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from interlock.cli.failures import ExitCode
from interlock.cli.invocation import Invocation, finished
from interlock.cli.options import AsJson, Run, Store, Tools

if TYPE_CHECKING:
    from rich.console import Console

    from interlock.engine.courses.redeciding import OnAnotherGraph
    from interlock.engine.courses.verifying import Replayed, ReplayVerdict

_HEADLINES: Final[dict[ReplayVerdict, tuple[str, str]]] = {
    "same": ("the same", "green"),
    "diverges": ("diverges", "red"),
    "damaged": ("damaged", "red"),
    "erased": ("erased", "yellow"),
    "not_comparable": ("cannot be compared", "yellow"),
}


def replay(
    run: Run,
    *,
    other: Annotated[
        str | None,
        typer.Option("--with", metavar="graph=GRAPH", help="Decide it on another graph: old answers, other decisions."),
    ] = None,
    tools: Tools = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Decide a run anew from its record: no tool is called, nobody is asked, and what differs is named."""
    if other is None:
        return finished(_replay(run, store, as_json=as_json))
    return finished(_redecide(run, other, Invocation(store=store, tools=tools, as_json=as_json)))


async def _redecide(run: str, other: str, on: Invocation) -> int:
    from msgspec import to_builtins

    from interlock.cli.differing import print_difference
    from interlock.cli.failures import CommandError
    from interlock.cli.opening import found_run, opened
    from interlock.cli.output import console, plain, print_json

    what, _, graph = other.partition("=")
    if what != "graph" or not graph:
        raise CommandError(f"--with wants graph=GRAPH, and was given {other!r}")
    async with opened(on, must_exist=True) as interlock:
        found = await (await found_run(interlock, run)).redecide(interlock.check(graph))
    if on.as_json:
        print_json({"same": found.is_same} | to_builtins(found))
    else:
        out = console()
        only = "not on the other graph", "only on the other graph"
        print_difference(out, found.difference, title=f"run {run} and what it would be on {graph}", only=only)
        _print_effects(out, found)
        for end in found.ends:
            out.print(f"the record ends at {end.path}: ", style="yellow", end="", markup=False)
            out.print(plain(end.why), markup=False)
    return ExitCode.SUCCEEDED if found.is_same else ExitCode.NOT_SUCCEEDED


def _print_effects(out: Console, found: OnAnotherGraph) -> None:
    from rich.text import Text

    from interlock.cli.narrow_table import Column, print_table
    from interlock.cli.output import plain

    columns = (Column("effect"), Column("path", may_be_cut=True), Column("what", may_be_cut=True, leaves=3))
    columns += (Column("request", leaves=1), Column("here", leaves=2))
    lines = [
        [
            Text(word, style=style),
            Text(each.path),
            Text(plain(f"{each.kind} {each.name}")),
            Text(each.digest[:12]),
            here,
        ]
        for word, style, effects in (
            ("would do", "yellow", found.would_do),
            ("would not do", "red", found.would_not_do),
        )
        for each in effects
        for here in [Text(each.status.replace("_", " ") if effects is found.would_not_do else "")]
    ]
    if lines:
        print_table(out, columns, lines)


async def _replay(run: str, store: str | None, *, as_json: bool) -> int:
    from msgspec.structs import asdict

    from interlock.cli.opening import looked_at
    from interlock.cli.output import console, print_json

    async with looked_at(run, store) as handle:
        replayed = await handle.replay()
    if as_json:
        print_json(asdict(replayed))
    else:
        _print(console(), replayed)
    return ExitCode.SUCCEEDED if replayed.verdict == "same" else ExitCode.NOT_SUCCEEDED


def _print(out: Console, replayed: Replayed) -> None:
    from interlock.cli.output import plain

    word, style = _HEADLINES[replayed.verdict]
    out.print(word, style=f"bold {style}", end="")
    if replayed.verdict == "same":
        told = f"  {replayed.events:,} events of run {replayed.run}, decided anew; nothing was called and nobody asked"
        out.print(told, style="dim", markup=False)
        out.print(f"  {replayed.status.replace('_', ' ')}, state {replayed.state}", style="dim", markup=False)
        return
    out.print(f"  {plain(replayed.what)}", markup=False)
    if replayed.events:
        before = "" if replayed.seq is None else " before it"
        out.print(f"  {replayed.events:,} events of run {replayed.run} hold{before}", style="dim", markup=False)
