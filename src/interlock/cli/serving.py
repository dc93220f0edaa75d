"""`interlock up` and `interlock worker`: a process that works on a store for everybody, until it is told to stop."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from interlock.cli.invocation import Invocation, finished
from interlock.cli.options import AsJson, Store, Tools

Concurrency = Annotated[
    int | None, typer.Option("--concurrency", metavar="N", min=1, help="How many calls it performs at once.")
]


def up(*, concurrency: Concurrency = None, store: Store = None, tools: Tools = None, as_json: AsJson = False) -> int:
    """Everything in one process: drive runs, perform their calls, do what is due, tell the sinks.

    The first Ctrl-C, or a polite end, finishes what was begun and begins nothing more; the second breaks it off.
    """
    on = Invocation(store=store, tools=tools, as_json=as_json)
    return _work(on, {"worker.concurrency": concurrency})


def worker(
    *,
    pools: Annotated[
        list[str] | None,
        typer.Option("--pool", metavar="NAME", help="A pool whose calls it performs; may be given again."),
    ] = None,
    tags: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="TAG", help="What it is besides, as graphs may ask for; may be given again."),
    ] = None,
    concurrency: Concurrency = None,
    runs: Annotated[
        int | None, typer.Option("--runs", metavar="N", min=1, help="How many runs it drives at once.")
    ] = None,
    grace: Annotated[
        int | None,
        typer.Option("--grace", metavar="SECONDS", min=1, help="How long what was begun may take when it leaves."),
    ] = None,
    store: Store = None,
    tools: Tools = None,
    as_json: AsJson = False,
) -> int:
    """One of several that share a store: it drives runs, and performs the calls of its pools.

    The first Ctrl-C, or a polite end, finishes what was begun and begins nothing more; the second breaks it off.
    """
    on = Invocation(store=store, tools=tools, as_json=as_json)
    flags = {
        "worker.pools": tuple(pools) if pools else None,
        "worker.tags": tuple(tags) if tags else None,
        "worker.concurrency": concurrency,
        "worker.runs": runs,
        "worker.grace_seconds": grace,
    }
    return _work(on, flags)


def _work(on: Invocation, flags: dict[str, Any]) -> int:
    from interlock.cli.working import work

    return finished(work(on, flags))
