"""Commands that look at runs and change nothing: `runs`, `show`, `events`, `inspect`, `effects`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from interlock.cli.completion import statuses
from interlock.cli.invocation import finished
from interlock.cli.options import AsJson, Run, Store

if TYPE_CHECKING:
    from interlock.embedded.handle import RunHandle
    from interlock.embedded.interlock import Interlock
    from interlock.engine.errors import RunPrunedError
    from interlock.engine.retaining.pruned_run import PrunedRun
    from interlock.engine.telling.event_filter import EventFilter
    from interlock.engine.telling.history import RunView
    from interlock.engine.telling.spending import Costs
    from interlock.store.errors import ErasedError
    from interlock.store.rows import RunRow

NUMBER_MAX: Final = 2**63 - 1
"""The largest number that a store can be asked for; no run and no event is as far off."""


def runs(
    *,
    status: Annotated[
        str | None, typer.Option("--status", help="Only runs of this status.", autocompletion=statuses)
    ] = None,
    graph: Annotated[str | None, typer.Option("--graph", help="Only runs of this graph.")] = None,
    session: Annotated[str | None, typer.Option("--session", metavar="NAME", help="Only runs of this session.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most, the newest first.")] = 20,
    with_bytes: Annotated[bool, typer.Option("--bytes", help="With --json: also how much room each takes.")] = False,
    with_costs: Annotated[
        bool, typer.Option("--costs", help="Also what each has cost, and whether that was simulated: reads them all.")
    ] = False,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """List runs, the newest first."""
    from interlock.cli.failures import CommandError
    from interlock.cli.opening import latest_runs
    from interlock.core.lifecycle import RUN_STATUSES

    if status is not None and status not in RUN_STATUSES:
        raise CommandError(f"{status!r} is no status of a run; there are: {', '.join(RUN_STATUSES)}")
    number = min(limit, NUMBER_MAX)
    rows = finished(latest_runs(store=store, status=status, graph=graph, session=session, limit=number))
    costs = finished(_costs(rows, store)) if with_costs and rows else {}
    if as_json:
        from interlock.cli.output import print_json
        from interlock.showing.json import plain_data
        from interlock.showing.runs import costs as shown_costs
        from interlock.showing.runs import run_row

        sizes = finished(_sizes(rows, store)) if with_bytes and rows else {}
        spent = {run: {"costs": plain_data(shown_costs(cost))} for run, cost in costs.items()}
        told = [plain_data(run_row(row)) | sizes.get(row.run, {}) | spent.get(row.run, {}) for row in rows]
        print_json({"runs": told})
    else:
        _print_rows(rows, costs)
    return 0


async def _costs(rows: list[RunRow], store: str | None) -> dict[str, Costs]:
    """What each run has cost; of one that was erased nobody knows it any more."""
    from interlock.cli.opening import looked_at_all

    async with looked_at_all(store) as interlock:
        reports = {row.run: await (await interlock.open(row.run)).costs() for row in rows}
    return {run: report.total for run, report in reports.items() if not report.erased}


async def _sizes(rows: list[RunRow], store: str | None) -> dict[str, dict[str, Any]]:
    from interlock.cli.opening import looked_at_all
    from interlock.cli.pruning import size_as_json

    async with looked_at_all(store) as interlock:
        return {row.run: {"bytes": size_as_json(await interlock.retention.size_of(row.run))} for row in rows}


def _print_rows(rows: list[RunRow], costs: dict[str, Costs]) -> None:
    from rich.text import Text

    from interlock.cli.agent_rows import spent_in_short
    from interlock.cli.narrow_table import Column, print_table
    from interlock.cli.output import console, plain
    from interlock.cli.summary import is_ascii
    from interlock.cli.tree_drawing import MARKS
    from interlock.engine.agents.memory.entries import SESSION_LABEL
    from interlock.engine.telling.events_in_words import instant, span
    from interlock.engine.telling.spending import Costs

    out = console()
    if not rows:
        out.print("no runs")
        return
    has_sessions = any(SESSION_LABEL in row.labels for row in rows)
    lines: list[list[Text]] = []
    for row in rows:
        mark = MARKS[row.status]
        status = Text(f"{mark.ascii if is_ascii(out) else mark.sign} {row.status.replace('_', ' ')}", style=mark.style)
        took = span((row.ended_at or _now()) - row.started_at)
        asked = f"{row.waiting} waiting for people" if row.waiting else plain(row.error)
        asked = f"imported from {row.imported_from}" if row.imported_from else asked
        told = [Text(each) for each in (row.run, row.graph, instant(row.started_at), took)]
        thread = [Text(plain(row.labels.get(SESSION_LABEL, "")))] if has_sessions else []
        spent = [Text(spent_in_short(costs.get(row.run, Costs())))] if costs else []
        lines.append([told[0], status, *told[1:], *thread, *spent, Text(asked, style="dim")])
    columns = (
        Column("run"),
        Column("status"),
        Column("graph", may_be_cut=True),
        Column("started", leaves=1),
        Column("took", leaves=2),
        *([Column("session", may_be_cut=True)] if has_sessions else []),
        *([Column("cost")] if costs else []),
        Column("", may_be_cut=True, leaves=3),
    )
    print_table(out, columns, lines)


def show(
    run: Run,
    *,
    at: Annotated[int | None, typer.Option("--at", metavar="SEQ", min=1, help="As it was after this event.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every item and round.")] = False,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Show a run: its nodes, what it waits for, and what can be done next."""
    return finished(_show(run, store, at=at, is_full=everything, as_json=as_json))


async def _show(run: str, store: str | None, *, at: int | None, is_full: bool, as_json: bool) -> int:
    from interlock.cli.opening import found_run, looked_at_all
    from interlock.cli.output import console, print_json
    from interlock.cli.pruning import size_as_json, tell_pruned
    from interlock.cli.run_files import import_as_json, tell_import
    from interlock.cli.summary import (
        is_ascii,
        print_costs,
        print_headline,
        print_origin,
        print_standing,
        print_summary,
        print_value,
        run_as_json,
    )
    from interlock.cli.tree import tree_rows
    from interlock.cli.tree_drawing import tree_lines
    from interlock.engine.errors import RunPrunedError
    from interlock.store.errors import ErasedError

    async with looked_at_all(store) as interlock:
        try:
            handle = await found_run(interlock, run)
            view, version = await handle.view(at), await handle.version()
        except (RunPrunedError, ErasedError) as gone:
            tell_pruned(await _what_is_left(interlock, gone), as_json=as_json)
            return 0
        brought = await interlock.run_files.find_import(view.run)
        size = await interlock.retention.size_of(view.run) if as_json else None
    if size is not None:
        told = import_as_json(brought) if brought else {}
        print_json(run_as_json(view, version) | {"bytes": size_as_json(size)} | told)
        return 0
    out = console()
    now = view.at if at is not None or view.has_ended else _now()
    if at is not None:
        out.print(f"as it was after event {view.seq}", style="dim")
    print_origin(out, view)
    if brought:
        tell_import(out, brought)
    for line in tree_lines(tree_rows(view, now=now, is_full=is_full), width=out.width, is_ascii=is_ascii(out)):
        out.print(line)
    if at is None and brought:
        print_standing(out, view, version, now=now)
        return 0
    if at is None:
        print_summary(out, view, version, store=store, now=now)
        return 0
    print_headline(out, view, version, now=now)
    print_costs(out, view)
    if view.outputs is not None:
        print_value(out, view.outputs)
    return 0


async def _what_is_left(interlock: Interlock, gone: RunPrunedError | ErasedError) -> PrunedRun:
    pruned = await interlock.retention.find_pruned(gone.run)
    if pruned is None:
        raise gone  # erased by other means than ours: there is no more to tell
    return pruned


def events(
    run: Run,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Also those to come, up to the run's end.")] = False,
    after: Annotated[int, typer.Option("--after", metavar="SEQ", min=0, help="Only those behind this one.")] = 0,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="Only those of this type, as `decision.made`; may be given again."),
    ] = None,
    path: Annotated[
        str | None, typer.Option("--path", metavar="PATH", help="Only those about this node, or what is inside it.")
    ] = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Print a run's events, one line each; with --json one object a line."""
    from interlock.engine.telling.event_filter import EventFilter

    meant = EventFilter.read(types or (), path)
    return finished(_events(run, store, meant, follow=follow, after=after, as_json=as_json))


async def _events(run: str, store: str | None, meant: EventFilter, *, follow: bool, after: int, as_json: bool) -> int:
    from interlock.cli.opening import looked_at

    async with looked_at(run, store) as handle:
        await _print_events(handle, meant, after=min(after, NUMBER_MAX), follow=follow, as_json=as_json)
    return 0


async def _print_events(handle: RunHandle, meant: EventFilter, *, after: int, follow: bool, as_json: bool) -> None:
    from interlock.cli.event_lines import log_line
    from interlock.cli.output import console, print_json
    from interlock.cli.reserved_output import flush_output
    from interlock.showing.events import shown_event
    from interlock.showing.json import plain_data

    out = console()
    async for each in handle.log(after=after, follow=follow):
        if not meant.takes(each):
            continue
        if as_json:
            print_json(plain_data(shown_event(handle.id, each)), indent=None)
        else:
            out.print(log_line(each), soft_wrap=True)
        if follow:
            flush_output()


def inspect(
    run: Run,
    path: Annotated[
        str | None, typer.Argument(metavar="[PATH]", help="Only what led to this node, or to a step in it: `fix.3`.")
    ] = None,
    *,
    prompt: Annotated[
        bool, typer.Option("--prompt", help="What models were asked by the agent at PATH, or in its step: `fix.3`.")
    ] = False,
    other: Annotated[
        str | None,
        typer.Option(
            "--diff", metavar="PATH", help="In what the prompt of this step differs; `fix.3@2`: of attempt 2."
        ),
    ] = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Tell why a run went as it did: each step with what it follows from, and every decision with its options."""
    if path is None and ":" in run:
        from interlock.cli.addresses import split_run

        run, path = split_run(run)
    if prompt or other is not None:
        return finished(_inspect_prompts(run, path, other, store, as_json=as_json))
    return finished(_inspect(run, path, store, as_json=as_json))


async def _inspect_prompts(run: str, path: str | None, other: str | None, store: str | None, *, as_json: bool) -> int:
    from interlock.cli.failures import CommandError
    from interlock.cli.invocation import Invocation
    from interlock.cli.opening import found_run, opened
    from interlock.cli.prompting import tell_difference, tell_prompts

    if path is None:
        raise CommandError(
            "whose prompts? name an agent's node, or a step in it: `interlock inspect RUN fix.3 --prompt`"
        )
    # An agent is stepped again for that, by the tools and agents of the project: they know how results were marked.
    async with opened(Invocation(store=store, as_json=as_json), must_exist=True) as interlock:
        handle = await found_run(interlock, run)
        if other is None:
            await tell_prompts(handle, path, store=store, as_json=as_json)
        else:
            await tell_difference(handle, path, other, as_json=as_json)
    return 0


async def _inspect(run: str, path: str | None, store: str | None, *, as_json: bool) -> int:
    from interlock.cli.event_lines import CauseLines, CauseObjects
    from interlock.cli.opening import looked_at
    from interlock.cli.output import console
    from interlock.cli.summary import print_agents, print_costs, totals_as_json

    async with looked_at(run, store) as handle:
        view = await handle.view()
        told = CauseObjects(handle.id, path, totals_as_json(view)) if as_json else CauseLines(console())
        async for cause in handle.causes(path):
            told.add(cause)
        if path is not None and told.is_empty:
            raise _no_such_path(view, path)
        told.end()
        if path is None and not as_json:
            print_costs(console(), view)
            print_agents(console(), view)
    return 0


def _no_such_path(view: RunView, path: str) -> Exception:
    from interlock.cli.failures import CommandError
    from interlock.core.problems import nearest

    meant = nearest(path, list(view.nodes))
    hint = f"did you mean {meant}?" if meant else f"see `interlock show {view.run}`"
    return CommandError(f"nothing has happened to {path} in run {view.run}; {hint}")


def effects(
    run: Run,
    *,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """List a run's contacts with the world and what came of each; those nobody knows of come first."""
    return finished(_effects(run, store, as_json=as_json))


async def _effects(run: str, store: str | None, *, as_json: bool) -> int:
    from interlock.cli.effect_table import print_effects
    from interlock.cli.opening import looked_at
    from interlock.cli.output import console, print_json
    from interlock.showing.effects import effect_list, in_order
    from interlock.showing.json import plain_data

    async with looked_at(run, store) as handle:
        rows = in_order(await handle.effects())
        view = await handle.view()
    if as_json:
        print_json(plain_data(effect_list(handle.id, rows)))
    else:
        print_effects(console(), rows, view, store=store)
    return 0


def _now() -> int:
    return time.time_ns() // 1_000
