"""`release --preflight`: what a release would change, and what would become of the runs in flight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.cli.failures import ExitCode
from interlock.cli.invocation import Invocation

if TYPE_CHECKING:
    from rich.console import Console

    from interlock.engine.releasing.preflight import Preflight, RunOutlook

_STYLES = {"is on it": "dim", "could migrate": "green", "would break": "red"}


async def look_ahead(graph: str, on: Invocation) -> int:
    """Tell everything to know before a graph is released, and publish nothing."""
    from interlock.cli.opening import opened
    from interlock.cli.output import console, print_json
    from interlock.showing.json import plain_data
    from interlock.showing.releases import release_plan

    async with opened(on) as interlock:
        found = await interlock.preflight(graph)
    if on.as_json:
        print_json(plain_data(release_plan(found)))
    else:
        _print(console(), found)
    return ExitCode.SUCCEEDED if found.is_clear else ExitCode.NOT_SUCCEEDED


def _print(out: Console, found: Preflight) -> None:
    from interlock.cli.output import plain

    against = f"version {found.in_force} is in force" if found.in_force else "nothing was released yet"
    same = "" if found.is_new else ", and this is the same"
    out.print(plain(f"{found.graph}: {against}{same}; nothing is published"), markup=False)
    for change in found.changes:
        out.print(plain(f"  {change.about} {change.name} is {change.how}"), style="yellow", markup=False)
    if found.runs:
        _print_runs(out, found.runs)
    else:
        out.print("no runs in flight")


def _print_runs(out: Console, runs: tuple[RunOutlook, ...]) -> None:
    from rich.text import Text

    from interlock.cli.narrow_table import Column, print_table
    from interlock.cli.output import plain

    columns = (Column("run"), Column("status"), Column("stays on"), Column("if moved"), Column("", may_be_cut=True))
    rows = [
        [
            Text(run.run),
            Text(run.status),
            Text(run.version),
            Text(run.outlook, style=_STYLES[run.outlook]),
            Text(plain(_note(run)), style="dim"),
        ]
        for run in runs
    ]
    print_table(out, columns, rows)
    broken = [run for run in runs if run.obstacle is not None]
    for run in broken:
        out.print(plain(f"  {run.run}: {run.obstacle.told if run.obstacle else ''}"), markup=False, soft_wrap=True)


def _note(run: RunOutlook) -> str:
    return f"is without {', '.join(run.missing)} here" if run.missing else ""
