"""The command `costs`: what runs have cost, call by call or by what calls have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from interlock.cli.failures import CommandError, ExitCode
from interlock.cli.invocation import Invocation, finished
from interlock.cli.many import Chosen
from interlock.cli.options import AsJson, AtMost, OfGraph, OfLabel, OfStatus, OlderThan, RunIfOne, Store
from interlock.cli.progress import Progress

if TYPE_CHECKING:
    from interlock.engine.telling.cost_groups import CostReport

CALL = "call"
"""Of one run: every call by itself."""


def costs(
    run: RunIfOne = None,
    *,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="WORD",
            help="run, graph, node, agent, model, tool, user, tenant, day or label:KEY; of one run also call.",
        ),
    ] = "",
    graph: OfGraph = None,
    status: OfStatus = None,
    label: OfLabel = None,
    older_than: OlderThan = None,
    limit: AtMost = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Tell what a run has cost, or many runs: money, tokens and calls, by what they have in common."""
    chosen = Chosen(graph=graph, status=status, label=label, older_than=older_than, limit=limit, plan=False, yes=False)
    if run is None:
        if by == CALL:
            raise CommandError("calls are listed of one run: name it, or say --by with another word")
        return finished(_costs_of_many(chosen, by or "graph", Invocation(store=store, as_json=as_json, drives=False)))
    chosen.refuse_beside(run)
    return finished(_costs_of_one(run, by or "node", store, as_json=as_json))


async def _costs_of_one(run: str, by: str, store: str | None, *, as_json: bool) -> int:
    from interlock.cli.cost_table import CallLines, CallObjects, print_report
    from interlock.cli.opening import looked_at
    from interlock.cli.output import console, print_json
    from interlock.showing.costs import cost_report
    from interlock.showing.json import plain_data

    async with looked_at(run, store) as handle:
        if by == CALL:
            told = CallObjects(handle.id) if as_json else CallLines(console())
            async for call in handle.calls():
                told.add(call)
            told.end()
            return ExitCode.SUCCEEDED
        report = await handle.costs(by=by)
    if as_json:
        print_json(plain_data(cost_report(report, run=handle.id)))
    else:
        print_report(console(), report)
    return ExitCode.SUCCEEDED


async def _costs_of_many(chosen: Chosen, by: str, on: Invocation) -> int:
    from interlock.cli.cost_table import print_report
    from interlock.cli.opening import was_never_used
    from interlock.cli.output import console, print_json
    from interlock.engine.telling.cost_groups import CostReport, grouping
    from interlock.showing.costs import cost_report
    from interlock.showing.json import plain_data

    grouping(by)
    report = CostReport(by=by) if was_never_used(on.store) else await _added_up(chosen, by, on)
    if on.as_json:
        print_json(plain_data(cost_report(report)))
    else:
        print_report(console(), report)
    return ExitCode.SUCCEEDED


async def _added_up(chosen: Chosen, by: str, on: Invocation) -> CostReport:
    from interlock.cli.opening import looked_at_all

    progress = Progress(lambda count: f"reading runs: {count:,}", on)
    async with looked_at_all(on.store) as interlock:
        with progress:
            return await chosen.or_all_of(interlock).costs(by=by, tell=progress.tell)
