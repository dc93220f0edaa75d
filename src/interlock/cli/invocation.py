"""What is given along with every command about runs."""

from __future__ import annotations

import signal
import threading
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final, TypeVar

from interlock.cli.failures import CommandError

Outcome = TypeVar("Outcome")

LIVE: Final = "live"
"""The world itself: tools are called."""


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """Where runs are kept, with which tools they are driven, and whether a program reads the answer.

    What was not given is None: the project's settings say it then.
    """

    store: str | None = None
    tools: list[str] | None = None
    as_json: bool = False
    world: str = LIVE
    """Where effects go: `live`, or `cassette:FILE`."""
    record: Path | None = None
    """Where a cassette of what tools and models answer is written."""
    adds: bool = False
    """Whether what that cassette holds already stays: the run that goes on was recorded so far."""
    drives: bool = True
    """Whether a run may be driven on from here; if not, its tools need not be there."""


def going_on(
    *,
    store: str | None,
    tools: list[str] | None,
    as_json: bool,
    world: str,
    record: Path | None,
    detach: bool = False,
) -> Invocation:
    """What is given along with a command that drives a run on, unless it is detached from that."""
    if detach:
        refuse_taped(world=world, record=record)
    return Invocation(
        store=store, tools=tools, as_json=as_json, world=world, record=record, adds=True, drives=not detach
    )


def refuse_taped(*, world: str, record: Path | None) -> None:
    """What calls nothing from here has nothing to put on a cassette, and asks none."""
    if record is not None or world != LIVE:
        raise CommandError("--detach calls nothing from here: leave it out, or leave out --world and --record")


def finished(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """What a command's work comes to, in an event loop of its own."""
    from interlock.embedded.own_loop import in_own_loop  # importing asyncio takes a tenth of what `--help` may

    return in_own_loop(work)


def finished_quickly(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """The same of a process that serves for long: in the quickest loop that there is for this system."""
    from interlock.embedded.own_loop import in_own_loop

    try:
        from uvloop import new_event_loop
    except ModuleNotFoundError:  # there is none for Windows
        return in_own_loop(work)
    return in_own_loop(work, new_loop=new_event_loop)


@contextmanager
def terminated_as_interrupted() -> Generator[None]:
    """Whoever stops the program politely means what Ctrl-C means: what is in flight ends, and the run is let go."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        # Only the main thread hears signals; and where Ctrl-C is ignored, as in the background of a script, the
        # program would then not end at all.
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.raise_signal(signal.SIGINT)
