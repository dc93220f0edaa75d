"""`interlock workers` and `interlock queue`: who works on a store, and what waits for them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from interlock.cli.failures import ExitCode
from interlock.cli.invocation import finished
from interlock.cli.options import AsJson, Store

if TYPE_CHECKING:
    from interlock.engine.serving.roster import WorkerRow
    from interlock.store.claims import RunsWaiting
    from interlock.store.effect_queue import EffectsWaiting

_TONES = {"working": "green", "draining": "yellow", "gone": "red"}


def workers(*, store: Store = None, as_json: AsJson = False) -> int:
    """List the workers of the store: what each is for, what it does now, and when it said so last."""
    return finished(_workers(store, as_json=as_json))


async def _workers(store: str | None, *, as_json: bool) -> int:
    from interlock.cli.opening import looked_at_all
    from interlock.cli.output import print_json
    from interlock.showing.fleet import worker
    from interlock.showing.json import plain_data

    async with looked_at_all(store) as interlock:
        rows = await interlock.fleet.workers()
    if as_json:
        print_json([plain_data(worker(row, to_platform=True)) for row in rows])
    else:
        _show_workers(rows)
    return ExitCode.SUCCEEDED


def queue(*, store: Store = None, as_json: AsJson = False) -> int:
    """Show what waits: runs for somebody to drive them, calls for a worker of their pool; how many, and since when."""
    return finished(_queue(store, as_json=as_json))


async def _queue(store: str | None, *, as_json: bool) -> int:
    from interlock.cli.opening import looked_at_all
    from interlock.cli.output import print_json
    from interlock.showing.fleet import queue as waiting
    from interlock.showing.json import plain_data

    async with looked_at_all(store) as interlock:
        runs, effects = await interlock.fleet.runs_waiting(), await interlock.fleet.effects_waiting()
    if as_json:
        print_json(plain_data(waiting(runs, effects, now=time.time_ns() // 1_000)))
    else:
        _show_queue(runs, effects)
    return ExitCode.SUCCEEDED


def _show_workers(rows: list[WorkerRow]) -> None:
    from interlock.cli.narrow_table import Column, print_table
    from interlock.cli.output import console

    out = console()
    if not rows:
        out.print("nobody works on this store: start `interlock up`, or `interlock worker`")
        return
    columns = [
        Column("worker"),
        Column("state"),
        Column("pools", may_be_cut=True),
        Column("tags", may_be_cut=True, leaves=2),
        Column("runs"),
        Column("calls"),
        Column("process", leaves=1),
        Column("seen"),
    ]
    print_table(out, columns, [[*map(_text, _cells(row))] for row in rows])


def _cells(row: WorkerRow) -> list[str | tuple[str, str]]:
    card = row.card
    return [
        card.owner.id,
        (row.state, _TONES[row.state]),
        ", ".join(card.pools),
        ", ".join(card.tags),
        f"{row.driving:,}",
        f"{row.performing:,} of {card.concurrency:,}" if card.concurrency else f"{row.performing:,}",
        f"{card.owner.host}:{card.owner.pid}",
        f"{_age(row.seen_at):,.0f} s ago",
    ]


def _show_queue(runs: list[RunsWaiting], effects: list[EffectsWaiting]) -> None:
    from interlock.cli.narrow_table import Column, print_table
    from interlock.cli.output import console

    out = console()
    if not runs and not effects:
        out.print("nothing waits")
        return
    if runs:
        columns = [Column("runs of", may_be_cut=True), Column("waiting"), Column("oldest")]
        lines = [[each.graph, f"{each.count:,}", f"{_age(each.oldest_at):,.0f} s"] for each in runs]
        print_table(out, columns, [[*map(_text, line)] for line in lines])
    if effects:
        columns = [
            Column("calls of", may_be_cut=True),
            Column("pool"),
            Column("waiting"),
            Column("oldest"),
            Column("performing"),
        ]
        print_table(out, columns, [[*map(_text, _queue_cells(each))] for each in effects])


def _queue_cells(waiting: EffectsWaiting) -> list[str]:
    oldest = "" if waiting.oldest_at is None else f"{_age(waiting.oldest_at):,.0f} s"
    return [waiting.tool, waiting.pool or "its own", f"{waiting.waiting:,}", oldest, f"{waiting.performing:,}"]


def _text(cell: str | tuple[str, str]) -> Any:  # noqa: ANN401 - a Text, of a library that is loaded late
    from rich.text import Text

    return Text(cell) if isinstance(cell, str) else Text(*cell)


def _age(at: int) -> float:
    return max(0.0, time.time() - at / 1_000_000)
