"""`prune`: giving up what ended runs have left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlock.cli.completion import statuses
from interlock.cli.invocation import finished
from interlock.cli.options import AsJson, By, Store, Why

if TYPE_CHECKING:
    from interlock.embedded.retention import RunRetention
    from interlock.engine.retaining.pruned_run import PrunedRun, What
    from interlock.engine.retaining.pruning import Pruned, PrunePlan
    from interlock.store.retention import RunSize
    from interlock.store.rows import RunRow


def prune(
    *,
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="AGE", help="Runs that ended longer ago: `30d`, `12h`, `1y`.")
    ],
    payloads: Annotated[
        bool, typer.Option("--payloads", help="Erase what their events say. That and when they happened is kept.")
    ] = False,
    runs: Annotated[bool, typer.Option("--runs", help="Give up the runs altogether, but for a record of it.")] = False,
    graph: Annotated[str | None, typer.Option("--graph", help="Only runs of this graph.")] = None,
    status: Annotated[
        str | None, typer.Option("--status", help="Only runs of this status.", autocompletion=statuses)
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only tell what would be given up.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Agree: what is given up cannot be brought back.")] = False,
    by: By = "",
    why: Why = "",
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Give up what runs that ended long ago have left, on the record of who and why."""
    from interlock.cli.failures import CommandError
    from interlock.core.lifecycle import RUN_ENDED

    if status is not None and status not in RUN_ENDED:
        raise CommandError(
            f"{status!r} is no status of a run that has ended; there are: {', '.join(sorted(RUN_ENDED))}"
        )
    if payloads == runs:
        raise CommandError("say what is to be given up: --payloads (what events say) or --runs (the whole run)")
    what: What = "payloads" if payloads else "runs"
    only = {"graph": graph, "status": status}
    return finished(_prune(what, older_than, only, store, is_plan=plan, is_agreed=yes, by=by, why=why, as_json=as_json))


async def _prune(
    what: What,
    older_than: str,
    only: dict[str, str | None],
    store: str | None,
    *,
    is_plan: bool,
    is_agreed: bool,
    by: str,
    why: str,
    as_json: bool,
) -> int:
    from interlock.cli.failures import CommandError
    from interlock.cli.opening import looked_at_all, who
    from interlock.core.durations import DurationProblem

    async with looked_at_all(store) as interlock:
        try:
            planned = await interlock.retention.plan(what, older_than=older_than, **only)
        except DurationProblem as problem:
            raise CommandError(f"--older-than: {problem.message}: {problem.advice}") from None
        if is_plan:
            await _tell_plan(interlock.retention, planned, as_json=as_json)
            return 0
        if planned.runs and not is_agreed:
            raise CommandError(f"this gives up {_told(planned)} for good: agree with --yes, or look with --plan")
        _tell(await interlock.retention.prune(planned, by=who(by), why=why), as_json=as_json)
    return 0


def _told(plan: PrunePlan) -> str:
    count = f"{len(plan.runs):,} run{'s' * (len(plan.runs) != 1)}"
    return count if plan.what == "runs" else f"the payloads of {count}"


async def _tell_plan(retention: RunRetention, plan: PrunePlan, *, as_json: bool) -> None:
    from interlock.cli.output import console, print_json

    sizes = {row.run: await retention.size_of(row.run) for row in plan.runs}
    if as_json:
        told = [_run_as_json(row) | {"bytes": size_as_json(sizes[row.run])} for row in plan.runs]
        print_json({"what": plan.what, "runs": told, "kept": _kept_as_json(plan)})
        return
    out = console()
    freed = sum(size.own if plan.what == "runs" else size.payloads + size.own_blobs for size in sizes.values())
    out.print(f"{_told(plan)}, about {bytes_told(freed)}", markup=False)
    for row in plan.runs:
        out.print(f"  {row.run}  {row.status}  {row.graph}", markup=False)
    _tell_kept(plan)


def _tell(pruned: Pruned, *, as_json: bool) -> None:
    from interlock.cli.output import console, print_json

    if as_json:
        blobs = {"count": pruned.blobs.blobs, "bytes": pruned.blobs.bytes}
        print_json({"what": pruned.what, "runs": list(pruned.runs), "kept": _kept_as_json(pruned), "blobs": blobs})
        return
    done = "gave up" if pruned.what == "runs" else "erased the payloads of"
    blobs = f", and {pruned.blobs.blobs:,} values ({bytes_told(pruned.blobs.bytes)})" * bool(pruned.blobs.blobs)
    console().print(f"{done} {len(pruned.runs):,} run{'s' * (len(pruned.runs) != 1)}{blobs}", markup=False)
    _tell_kept(pruned)


def _tell_kept(pruned: Pruned | PrunePlan) -> None:
    from interlock.cli.output import console

    for kept in pruned.kept:
        console().print(f"  kept {kept.run}: {', '.join(kept.needed_by)} took over results from it", markup=False)


def _run_as_json(row: RunRow) -> dict[str, Any]:
    return {"run": row.run, "graph": row.graph, "status": row.status, "ended_at": row.ended_at}


def _kept_as_json(pruned: Pruned | PrunePlan) -> list[dict[str, Any]]:
    return [{"run": kept.run, "needed_by": list(kept.needed_by)} for kept in pruned.kept]


# --- what is left ----------------------------------------------------------------------------------------------------


def tell_pruned(pruned: PrunedRun, *, as_json: bool) -> None:
    """A run that was given up, or one whose payloads were erased: what is on record of it."""
    from interlock.cli.output import console, plain, print_json
    from interlock.engine.telling.events_in_words import instant

    if as_json:
        known = {"run": pruned.run, "graph": pruned.graph, "status": pruned.status}
        print_json(known | {"pruned": _pruned_as_json(pruned)})
        return
    out = console()
    done = "was given up" if pruned.what == "runs" else "has no payloads any more: they were erased"
    why = f" ({plain(pruned.why)})" if pruned.why else ""
    which, when = f"run {pruned.run} of graph {pruned.graph}", f"at {instant(pruned.at)}"
    out.print(f"{which} {done} {when} by {plain(pruned.by)}{why}", markup=False, soft_wrap=True)
    out.print(
        f"  it had {pruned.status.replace('_', ' ')} at {instant(pruned.ended_at)}, after {pruned.seq} events; "
        f"the hash of the last header is {pruned.head.hex()}",
        markup=False,
        soft_wrap=True,
    )


def _pruned_as_json(pruned: PrunedRun) -> dict[str, Any]:
    return {
        "what": pruned.what,
        "at": pruned.at,
        "by": pruned.by,
        "why": pruned.why,
        "started_at": pruned.started_at,
        "ended_at": pruned.ended_at,
        "seq": pruned.seq,
        "head": pruned.head.hex(),
    }


def size_as_json(size: RunSize) -> dict[str, int]:
    """How much room a run takes, for programs."""
    return {
        "headers": size.headers,
        "payloads": size.payloads,
        "own_blobs": size.own_blobs,
        "shared_blobs": size.shared_blobs,
    }


def bytes_told(count: int) -> str:
    """A number of bytes as people say it."""
    size, units = float(count), ["bytes", "kB", "MB", "GB"]
    while size >= 1_000 and len(units) > 1:
        size, units = size / 1_000, units[1:]
    return f"{count} bytes" if units[0] == "bytes" else f"{size:.1f} {units[0]}"
