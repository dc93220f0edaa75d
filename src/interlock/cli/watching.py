"""Showing a run while it runs: a live tree on a terminal, a line for each thing that happens where there is none.

A display is fed with events and progress as they come; it shows them and asks nothing of the run.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Protocol

from interlock.cli.next_steps import ways_to_end
from interlock.cli.output import plain
from interlock.cli.summary import is_ascii
from interlock.cli.tree import tree_rows
from interlock.cli.tree_drawing import Row, fitted, tree_lines
from interlock.core import events as e
from interlock.core.paths import node_of_step, step_path
from interlock.core.plan import Plan
from interlock.engine.live_words import Progress, Words
from interlock.engine.telling.events_in_words import what_happened
from interlock.engine.telling.history import History, RunView
from interlock.engine.waits import Wait, asked_for

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

FRAMES_PER_SECOND: Final = 8
PROGRESS_SECONDS: Final = 1.0
"""How often a node's progress is worth a line."""
WORDS_SHOWN_MAX: Final = 500
"""How much of what a model is saying is kept for the next frame."""
LINES_BESIDE_TREE: Final = 4
"""What a terminal has to hold besides the tree: the heading, and room for the prompt."""


class Display(Protocol):
    """Where a run is shown."""

    history: History
    """The run as far as it was shown."""
    is_live: bool
    """Whether it shows anything that is on no record."""

    def take(self, event: e.Event) -> None:
        """Something happened."""
        ...

    def progress(self, progress: Progress) -> None:
        """A node's own code told how far it is."""
        ...

    def words(self, words: Words) -> None:
        """A model is saying something."""
        ...


def asked_inside(event: e.Event) -> Wait | None:
    """The question that a node's own code asks with an event. Its call is in flight, so the run is not left for it."""
    match event.body:
        case e.EffectIntended(question=e.Question() as question, ordinal=ordinal, kind=kind):
            path = step_path(event.path, ordinal)
            return Wait(path=path, reason=asked_for(kind), since=event.at, question=question)
        case _:
            return None


def print_ways_to_end(console: Console, wait: Wait, run: str, *, store: str | None) -> None:
    """The command lines to copy into another terminal."""
    for step in ways_to_end(wait, run, store=store):
        console.print(f"{'':12}{step.command}", markup=False, soft_wrap=True)


class Silent:
    """Shows nothing on standard output: for programs, which read the result. A question still reaches a person."""

    is_live = False

    def __init__(self, plan: Plan, run: str, *, errors: Console, store: str | None) -> None:
        self.history = History(plan, run)
        self._run = run
        self._errors = errors
        self._store = store

    def take(self, event: e.Event) -> None:
        """It is kept, and not shown."""
        self.history.take(event)
        wait = asked_inside(event)
        if wait is not None and wait.question is not None:
            self._errors.print(f"{wait.path} asks: {plain(wait.question.text)}", markup=False, soft_wrap=True)
            print_ways_to_end(self._errors, wait, self._run, store=self._store)

    def progress(self, progress: Progress) -> None:
        """It is not shown."""

    def words(self, words: Words) -> None:
        """They are not shown."""


_TOLD: Final = (
    e.NodeStarted,
    e.NodeResult,
    e.NodeWaiting,
    e.NodeRetrying,
    e.NodeOpened,
    e.NodeSucceeded,
    e.NodeFailed,
    e.NodeSkipped,
    e.NodeCancelled,
    e.EffectSettled,
    e.AnswerGiven,
    e.VerdictGiven,
    e.RemedyGiven,
    e.EventReceived,
    e.RunPaused,
    e.RunResumed,
    e.RunCancelAsked,
    e.ScopeCompensating,
    e.UndoStarted,
    e.UndoResult,
    e.UndoFailed,
    e.UndoWaiting,
)
"""What a line is printed for; the rest is in `interlock events`."""


class Lines:
    """A line for each thing that happens, with the seconds since the start."""

    is_live = True

    def __init__(self, plan: Plan, run: str, console: Console, *, after: int, store: str | None) -> None:
        """`after` is the last event that is no news."""
        self.history = History(plan, run)
        self._run = run
        self._store = store
        self._console = console
        self._after = after
        self._began: int | None = None
        self._progress_at: dict[str, float] = {}
        self._failures: dict[str, str] = {}
        """What was last told of each node's failed attempts: the failure that follows need not say it again."""

    def take(self, event: e.Event) -> None:
        """A line, if people want one."""
        self.history.take(event)
        self._began = event.at if self._began is None else self._began
        if event.seq > self._after and isinstance(event.body, _TOLD):
            who = f" ({event.actor})" if event.actor else ""
            self._print((event.at - self._began) / 1e6, event.path, self._what(event) + who)
        wait = asked_inside(event)
        if wait is not None:
            self._print((event.at - self._began) / 1e6, event.path, what_happened(event))
            print_ways_to_end(self._console, wait, self._run, store=self._store)

    def progress(self, progress: Progress) -> None:
        """A line for it, unless its node has just had one."""
        now = time.monotonic()
        if now - self._progress_at.get(progress.path, -PROGRESS_SECONDS) >= PROGRESS_SECONDS:
            self._progress_at[progress.path] = now
            self._print(None, progress.path, _progress_text(progress))

    def words(self, words: Words) -> None:
        """They are not shown: a line is printed once, and what a model says is done only in the end."""

    def _what(self, event: e.Event) -> str:
        match event.body:
            case e.NodeResult(error=e.Error(message=message)):
                self._failures[event.path] = message
            case e.NodeFailed(error=e.Error(message=message)) if message == self._failures.get(event.path):
                return "failed"
            case _:
                pass
        return what_happened(event)

    def _print(self, seconds: float | None, path: str, what: str) -> None:
        when = f"{seconds:8.2f} s" if seconds is not None else " " * 10
        self._console.print(f"{when}  {path or 'run':<20} {plain(what)}", markup=False, soft_wrap=True)


class LiveTree:
    """The tree of nodes, drawn anew while they change. Drawn by the event loop alone: nothing moves while it looks."""

    is_live = True

    def __init__(self, plan: Plan, run: str, console: Console, *, store: str | None) -> None:
        self.history = History(plan, run)
        self._run = run
        self._store = store
        self._console = console
        self._progress: dict[str, str] = {}
        self._words: dict[str, str] = {}
        """The last that was said in each node."""

    def take(self, event: e.Event) -> None:
        """The next frame shows it."""
        self.history.take(event)
        if isinstance(event.body, e.EffectDone | e.EffectFailed | e.EffectUnknown | e.NodeResult):
            self._words.pop(node_of_step(event.path), None)
        if event.path in self._progress and isinstance(event.body, e.NodeResult | e.NodeRetrying | e.NodeCancelled):
            del self._progress[event.path]

    def progress(self, progress: Progress) -> None:
        """The next frame shows it at its node."""
        self._progress[progress.path] = _progress_text(progress)

    def words(self, words: Words) -> None:
        """The next frame shows the last of them below its node."""
        said = self._words.get(words.path, "") + plain(words.text)
        self._words[words.path] = said[-WORDS_SHOWN_MAX:]

    @asynccontextmanager
    async def drawing(self) -> AsyncGenerator[None]:
        """Draw while the block runs; in the end the tree stays on the screen as it was last."""
        from rich.live import Live

        with Live(self.frame(), console=self._console, auto_refresh=False, transient=True) as live:
            frames = asyncio.create_task(self._draw(live.update))
            try:
                yield
            finally:
                frames.cancel()
                await asyncio.gather(frames, return_exceptions=True)
        self._console.print(self.frame())

    async def _draw(self, update: Update) -> None:
        while True:
            begun = time.monotonic()
            update(self.frame(), refresh=True)
            # Of a huge run a frame costs more: the run itself keeps most of the time.
            await asyncio.sleep(max(1 / FRAMES_PER_SECOND, 9 * (time.monotonic() - begun)))

    def frame(self) -> RenderableType:
        """The run as it is drawn now."""
        from rich.console import Group

        view = self.history.view()
        now = max(view.at, time.time_ns() // 1_000) if not view.has_ended else view.at
        rows = [shown for row in tree_rows(view, now=now) for shown in self._with_words(self._with_progress(row))]
        room = max(5, self._console.size.height - LINES_BESIDE_TREE)
        lines = tree_lines(fitted(rows, room), width=self._console.width, is_ascii=is_ascii(self._console))
        return Group(*lines, *self._asked_inside(view))

    def _asked_inside(self, view: RunView) -> Iterator[Text]:
        """How the questions of nodes that run are answered: they have no other place on the screen."""
        from rich.text import Text

        for node in view.nodes.values():
            for wait in node.waits if node.status == "running" else ():
                for step in ways_to_end(wait, self._run, store=self._store):
                    yield Text(f"  {step.command}", style="yellow", no_wrap=True, overflow="ignore")

    def _with_progress(self, row: Row) -> Row:
        told = self._progress.get(row.path)
        return row if told is None or row.status != "running" else row.saying(told)

    def _with_words(self, row: Row) -> Iterator[Row]:
        """The node's row, and below it what its model is saying: as much of the end as a line holds."""
        yield row
        said = self._words.get(row.path, "").strip()
        if said and row.status == "running":
            room = max(20, self._console.width // 2)
            yield Row(row.depth + 1, "", "says", said if len(said) <= room else f"…{said[1 - room :]}")


class Update(Protocol):
    """What shows a frame."""

    def __call__(self, renderable: RenderableType, *, refresh: bool) -> None:
        """Show it, at once if told to."""
        ...


def _progress_text(progress: Progress) -> str:
    percent = "" if progress.fraction is None else f"{progress.fraction:.0%} "
    return f"{percent}{plain(progress.text)}".strip()
