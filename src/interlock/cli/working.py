"""Working on a store from a terminal: what is said when it begins, and how it is told to end."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from interlock.cli.failures import ExitCode, Interrupted
from interlock.cli.invocation import Invocation
from interlock.cli.opening import configured, project_client
from interlock.cli.output import console, print_json
from interlock.cli.reserved_output import flush_output
from interlock.engine.serving.roster import WorkerCard
from interlock.settings import Configured, ServerSettings, WorkerSettings

if TYPE_CHECKING:
    from interlock.api.door import Door

_ENDS: Final = (signal.SIGTERM, signal.SIGINT)
"""The signals by which a process is told to end politely."""

_BROKEN_OFF: Final = "broken off: what was in flight was asked to stop, and its runs go on with the next worker"


async def work(on: Invocation, flags: dict[str, Any], *, takes_requests: bool, works: bool) -> int:
    """Serve the project's store until somebody says that it is enough. `flags` are settings by dotted name."""
    found = configured(store=on.store, tools=on.tools, more=flags)
    settings = found.settings
    client = project_client(on)
    stop = asyncio.Event()
    # Bound before anything is opened: that nobody can be heard there is to be known first.
    door = _door(settings.server) if takes_requests else None
    _keep_what_was_loaded()
    try:
        with _politely_ended(stop):
            await client.serve(
                stop,
                worker=settings.worker,
                limits=settings.run_limits(),
                retention=settings.retention,
                on_ready=lambda card: _say_ready(card, found, door, works=works, as_json=on.as_json),
                face=None if door is None else lambda served: door.take_requests(served, until=stop),
                works=works,
            )
    except asyncio.CancelledError:
        raise Interrupted(_BROKEN_OFF) from None
    return ExitCode.SUCCEEDED


def _keep_what_was_loaded() -> None:
    """Take what was loaded so far out of the garbage collector's rounds: all of it stays while the process lives.

    Going through it again and again takes more than a third of the time in which a large graph is compiled.
    """
    gc.collect()
    gc.freeze()


def _door(settings: ServerSettings) -> Door:
    from interlock.api.door import Door  # the web framework takes longer to load than most commands take as a whole

    return Door(settings)


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


def _say_ready(card: WorkerCard, found: Configured, door: Door | None, *, works: bool, as_json: bool) -> None:
    store = found.settings.store_shown
    if as_json:
        told: dict[str, Any] = {"worker": card.owner.id, "store": str(store)}
        if works:
            told |= {"pools": card.pools, "tags": card.tags, "concurrency": card.concurrency, "tools": card.tools}
        if door is not None:
            told |= {"url": door.url, "requires_key": door.requires_key}
        print_json(told, indent=None)
        flush_output()  # a program waits for it
        return
    out = console()
    what = _what(found.settings.worker, card.pools, card.tools) if works else "what is asked for is left to workers"
    out.print(f"[bold]{card.owner.id}[/] {'works on' if works else 'serves'} {store}: {what}")
    if door is not None:
        out.print(f"[bold]{door.url}[/]  {_who_may_ask(door)}")
    out.print("[dim]Ctrl-C finishes what was begun; once more breaks it off[/]")


def _who_may_ask(door: Door) -> str:
    if door.requires_key:
        return "asks everybody for a key: `interlock keys create NAME` makes one"
    return "[dim]takes requests of this machine without a key, as its owner[/]"


def _what(worker: WorkerSettings, pools: tuple[str, ...], tools: int) -> str:
    tagged = f", tags {', '.join(worker.tags)}" if worker.tags else ""
    pool = "pool" if len(pools) == 1 else "pools"
    at_once = f"{worker.concurrency:,} calls and {worker.runs:,} runs at once"
    return f"{pool} {', '.join(pools)}{tagged}, {tools:,} tool{'s' * (tools != 1)}, {at_once}"
