"""Driving a run from the command line: it is shown while it moves, and left when only people or others can move it on.

A run stays in hand through timers. A question with a deadline far off is not worth a terminal: the run is left waiting,
and whoever takes it up again lets the deadline count.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from interlock.cli.failures import ExitCode, Interrupted
from interlock.cli.invocation import Invocation
from interlock.cli.known_run import KnownRun
from interlock.cli.next_steps import command_line
from interlock.cli.output import console, error_console, print_json
from interlock.cli.summary import exit_code_of, print_summary, run_as_json
from interlock.cli.watching import Display, Lines, LiveTree, Silent
from interlock.core.events import Event, RunMigrated
from interlock.embedded.handle import RunHandle
from interlock.engine.live_words import Progress, Words
from interlock.engine.submitting import Submitted
from interlock.engine.telling.history import History
from interlock.store.errors import PlaceError


async def drive(
    handle: RunHandle,
    on: Invocation,
    *,
    after: int = 0,
    wanted: frozenset[str] = frozenset({"succeeded"}),
    known: KnownRun | None = None,
) -> ExitCode:
    """Show what happens behind event `after` until the run rests, then how it stands.

    The exit code says whether that is what was wanted. A run that was `known` before is told to programs as such.
    """
    await show_until_rest(handle, on, after=after)
    view, version = await handle.view(), await handle.version()
    if on.as_json:
        print_json(run_as_json(view, version) | _as_known(known))
    else:
        print_summary(console(), view, version, store=on.store, now=_now())
    return exit_code_of(view, wanted=wanted)


async def show_until_rest(handle: RunHandle, on: Invocation, *, after: int = 0) -> None:
    """Show what happens behind event `after` until the run has ended or rests."""
    try:
        async with _display(handle, on, after=after) as display:
            await _until_rest(handle, display)
    except asyncio.CancelledError:
        if not on.as_json:
            error_console().print("stopping what is in flight; Ctrl-C again leaves at once", style="dim")
        raise interrupted(handle.id, on) from None
    except PlaceError as error:
        error.add_note(f"once that is mended\n  go on  {command_line('resume', handle.id, store=on.store)}")
        raise


async def tell_started(handle: RunHandle, on: Invocation, *, known: KnownRun | None = None) -> ExitCode:
    """Say that a run was started, for whichever worker takes it; of one that was `known` before, how it stands."""
    if on.as_json:
        print_json(run_as_json(await handle.view(), await handle.version()) | _as_known(known))
        return ExitCode.SUCCEEDED
    out = console()
    if known is not None:
        print_summary(out, await handle.view(), await handle.version(), store=on.store, now=_now())
        return ExitCode.SUCCEEDED
    out.print(f"run {handle.id} is started, for whichever worker takes it")
    out.print(f"  follow  {command_line('events', handle.id, '--follow', store=on.store)}")
    out.print(f"  cancel  {command_line('cancel', handle.id, store=on.store)}")
    return ExitCode.SUCCEEDED


def _as_known(known: KnownRun | None) -> dict[str, Any]:
    return known.as_json() if known is not None else {}


def interrupted(run: str, on: Invocation) -> Interrupted:
    """What a person is told who has stopped watching: the run is let go, not lost."""
    again = command_line("resume", run, store=on.store)
    cancel = command_line("cancel", run, store=on.store)
    message = f"run {run} is let go, and kept as it stands\n  go on   {again}\n  cancel  {cancel}"
    return Interrupted(message)


@asynccontextmanager
async def _display(handle: RunHandle, on: Invocation, *, after: int) -> AsyncGenerator[Display]:
    plan = await handle.plan()
    out = console()
    if on.as_json:
        yield Silent(plan, handle.id, errors=error_console(), store=on.store)
    elif out.is_terminal and not out.is_dumb_terminal:
        tree = LiveTree(plan, handle.id, out, store=on.store)
        async with tree.drawing():
            yield tree
    else:
        yield Lines(plan, handle.id, out, after=after, store=on.store)


async def _until_rest(handle: RunHandle, display: Display) -> None:
    """Show what happens until nothing moves any more."""
    tasks: list[asyncio.Task[Any]] = [
        asyncio.create_task(handle.wait_while_moving()),
        asyncio.create_task(_watch(handle, display)),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended: list[object] = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, Exception):
            raise outcome
    async for event in handle.events(after=display.history.seq):
        display.take(event)


async def _watch(handle: RunHandle, display: Display) -> None:
    # Who shows nothing live does not listen: then models need not be asked for pieces of their answers.
    happenings = handle.stream() if display.is_live else handle.events(follow=True)
    async for happened in happenings:
        match happened:
            case Progress():
                display.progress(happened)
            case Words():
                display.words(happened)
            case Event():
                display.take(happened)
                if isinstance(happened.body, RunMigrated):
                    display.history = await _followed_anew(handle, happened.seq)


async def _followed_anew(handle: RunHandle, seq: int) -> History:
    """The run as it was followed so far, by the plan of the bundle on which it goes on."""
    history = History(await handle.plan(), handle.id)
    async for event in handle.events():
        if event.seq > seq:
            break
        history.take(event)
    return history


def _now() -> int:
    return time.time_ns() // 1_000


async def print_recorded(
    handle: RunHandle, submitted: Submitted, on: Invocation, *, also: Mapping[str, Any] | None = None
) -> ExitCode:
    """What was said is on record, or was left for the process that drives the run; programs are told `also` of that."""
    if on.as_json:
        print_json(run_as_json(await handle.view(), await handle.version()) | dict(also or {}))
    elif submitted.left_for is not None:
        console().print(f"left for process {submitted.left_for.pid}, which drives run {handle.id}", markup=False)
    else:
        console().print(f"recorded; run {handle.id} was not driven on", markup=False)
    return ExitCode.SUCCEEDED
