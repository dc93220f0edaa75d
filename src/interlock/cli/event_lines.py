"""Events and causes, a line each for people and an object each for programs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from interlock.cli.output import JsonListing, plain
from interlock.core.events import Decision, Event
from interlock.engine.telling.causes import Cause
from interlock.engine.telling.events_in_words import short, what_happened
from interlock.showing.decisions import cause as shown_cause
from interlock.showing.json import plain_data

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from interlock.store.sealing import Header

CAUSES_TOLD_MAX: Final = 10
"""How many of the events that one follows from a line names."""


def log_line(kept: Event | Header) -> Text:
    """Number, time, type, path, what it says, and who did it; of an erased event, what is kept of it."""
    return _line(kept, what_happened(kept) if isinstance(kept, Event) else "(what it said was erased)")


# --- causes ----------------------------------------------------------------------------------------------------------


class CauseLines:
    """Each step with the steps it follows from, as it comes; a decision with every option under it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.is_empty = True

    def add(self, cause: Cause) -> None:
        """One more step."""
        from rich.text import Text

        self.is_empty = False
        line = _line(cause, cause.what)
        if cause.causes:
            line.append(f"  ← {_numbers(cause.causes)}", style="dim")
        self._console.print(line, soft_wrap=True)
        if cause.decision is not None:
            for text in option_lines(cause.decision):
                self._console.print(Text(f"{'':26}{text}", style="dim"), soft_wrap=True)

    def end(self) -> None:
        """There are no more: nothing is left to be said."""


class CauseObjects:
    """The same for programs: one object with all steps, and what else there is to say."""

    def __init__(self, run: str, path: str | None, also: dict[str, Any]) -> None:
        self._steps = JsonListing({"run": run, "path": path} | also, "steps")

    @property
    def is_empty(self) -> bool:
        """Whether there was no step."""
        return self._steps.is_empty

    def add(self, cause: Cause) -> None:
        """One more step."""
        self._steps.add(plain_data(shown_cause(cause)))

    def end(self) -> None:
        """There are no more."""
        self._steps.end()


def _numbers(causes: tuple[int, ...]) -> str:
    """What an event follows from; an `each` of a thousand items follows from them all."""
    told = ", ".join(f"#{seq}" for seq in sorted(causes)[:CAUSES_TOLD_MAX])
    more = len(causes) - CAUSES_TOLD_MAX
    return f"{told} and {more:,} more" if more > 0 else told


def option_lines(decision: Decision) -> Iterable[str]:
    """What could have been chosen, with what was known of it; an arrow leads to what was."""
    for option in decision.options:
        chosen = "→" if option.name == decision.chosen else " "
        score = "" if option.score is None else f": {short(option.score)}"
        note = f" ({plain(option.note)})" if option.note else ""
        yield f"{chosen} {plain(option.name)}{score}{note}"


def _line(fact: Event | Cause | Header, what: str) -> Text:
    from rich.text import Text

    when = datetime.fromtimestamp(fact.at / 1e6, UTC).strftime("%H:%M:%S.%f")[:-3]
    line = Text(f"#{fact.seq:<5} {when}  ", style="dim")
    line.append(f"{fact.type:<18} ", style=_STYLES.get(fact.type, ""))
    line.append(f"{plain(fact.path) or 'run'}  ", style="bold")
    line.append(plain(what))
    if fact.actor:
        line.append(f"  by {plain(fact.actor)}", style="cyan")
    return line


_STYLES = {
    "run.ended": "bold",
    "node.succeeded": "green",
    "node.result": "green",
    "node.failed": "red",
    "node.waiting": "yellow",
    "answer.given": "cyan",
    "verdict.given": "cyan",
    "remedy.given": "cyan",
    "effect.settled": "cyan",
    "undo.started": "magenta",
    "undo.result": "magenta",
    "undo.failed": "red",
}
