"""Working on a store from a terminal: what is said when it begins, and how it is told to end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

from interlock.cli.failures import ExitCode, Interrupted
from interlock.cli.invocation import Invocation
from interlock.cli.opening import configured, project_client
from interlock.cli.output import console, print_json
from interlock.cli.reserved_output import flush_output
from interlock.engine.serving.roster import WorkerCard
from interlock.settings import Configured, WorkerSettings

_ENDS: Final = (signal.SIGTERM, signal.SIGINT)
"""The signals by which a process is told to end politely."""

_BROKEN_OFF: Final = "broken off: what was in flight was asked to stop, and its runs go on with the next worker"


async def work(on: Invocation, flags: dict[str, Any]) -> int:
    """Serve the project's store until somebody says that it is enough. `flags` are settings by dotted name."""
    found = configured(store=on.store, tools=on.tools, more=flags)
    settings = found.settings
    client = project_client(on)
    stop = asyncio.Event()
    try:
        with _politely_ended(stop):
            await client.serve(
                stop,
                worker=settings.worker,
                limits=settings.run_limits(),
                retention=settings.retention,
                on_ready=lambda card: _say_ready(card, found, as_json=on.as_json),
            )
    except asyncio.CancelledError:
        raise Interrupted(_BROKEN_OFF) from None
    return ExitCode.SUCCEEDED


@contextmanager
def _politely_ended(stop: asyncio.Event) -> Generator[None]:
    """Being told to end sets the event; being told again breaks off."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def hear() -> None:
        if stop.is_set():
            task.cancel()
        stop.set()

    for number in _ENDS:
        loop.add_signal_handler(number, hear)
    try:
        yield
    finally:
        for number in _ENDS:
            loop.remove_signal_handler(number)


def _say_ready(card: WorkerCard, found: Configured, *, as_json: bool) -> None:
    store = found.settings.store_shown
    if as_json:
        told = {"worker": card.owner.id, "store": str(store), "pools": card.pools, "tags": card.tags}
        print_json(told | {"concurrency": card.concurrency, "tools": card.tools}, indent=None)
        flush_output()  # a program waits for it
        return
    out = console()
    out.print(f"[bold]{card.owner.id}[/] works on {store}: {_what(found.settings.worker, card.pools, card.tools)}")
    out.print("[dim]Ctrl-C finishes what was begun; once more breaks it off[/]")


def _what(worker: WorkerSettings, pools: tuple[str, ...], tools: int) -> str:
    tagged = f", tags {', '.join(worker.tags)}" if worker.tags else ""
    pool = "pool" if len(pools) == 1 else "pools"
    at_once = f"{worker.concurrency:,} calls and {worker.runs:,} runs at once"
    return f"{pool} {', '.join(pools)}{tagged}, {tools:,} tool{'s' * (tools != 1)}, {at_once}"
