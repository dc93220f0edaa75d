"""`interlock up`, `serve` and `worker`: a process that serves a store for everybody, until it is told to stop."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from interlock.cli.invocation import Invocation, finished_quickly
from interlock.cli.options import AsJson, Store, Tools

Concurrency = Annotated[
    int | None, typer.Option("--concurrency", metavar="N", min=1, help="How many calls it performs at once.")
]


Host = Annotated[
    str | None, typer.Option("--host", metavar="HOST", help="Where it takes requests: an address of this machine.")
]
Port = Annotated[int | None, typer.Option("--port", metavar="PORT", min=0, max=65_535, help="0 takes a free one.")]
RequireKey = Annotated[
    bool | None,
    typer.Option("--require-key", help="Ask everybody for a key, also this machine; see `interlock keys`."),
]


def up(
    *,
    host: Host = None,
    port: Port = None,
    require_key: RequireKey = None,
    concurrency: Concurrency = None,
    store: Store = None,
    tools: Tools = None,
    as_json: AsJson = False,
) -> int:
    """Everything in one process: take requests, drive runs, perform their calls, do what is due, tell the sinks.

    On an address of this machine alone it asks for no key: whoever is there is its owner. The first Ctrl-C, or a polite
    end, finishes what was begun and begins nothing more; the second breaks it off.
    """
    on = Invocation(store=store, tools=tools, as_json=as_json)
    flags = {"worker.concurrency": concurrency}
    return _work(on, flags | _server_flags(host, port, require_key=require_key), takes_requests=True)


def serve(
    *,
    host: Host = None,
    port: Port = None,
    require_key: RequireKey = None,
    store: Store = None,
    tools: Tools = None,
    as_json: AsJson = False,
) -> int:
    """Take requests and nothing else: what they ask for is left to workers, which share the store.

    Several may stand beside one another. The first Ctrl-C, or a polite end, finishes the requests that were taken.
    """
    on = Invocation(store=store, tools=tools, as_json=as_json)
    return _work(on, _server_flags(host, port, require_key=require_key), takes_requests=True, works=False)


def _server_flags(host: str | None, port: int | None, *, require_key: bool | None) -> dict[str, Any]:
    return {"server.host": host, "server.port": port, "server.require_key": require_key}


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


def _work(on: Invocation, flags: dict[str, Any], *, takes_requests: bool = False, works: bool = True) -> int:
    from interlock.cli.working import work

    return finished_quickly(work(on, flags, takes_requests=takes_requests, works=works))
