"""What is told of the rounds: every figure with what is aimed at, and how it compares with the best peer.

A figure is the median of the rounds. Ratios are made within a round, and then their median is taken.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

PEERS: Final = ("langgraph", "dbos")
ENGINES: Final = ("raw", "interlock", *PEERS)
STORES: Final = ("SQLite", "PostgreSQL")
_AT: Final = {"more": "≥", "less": "≤"}

Round = Mapping[str, Mapping[str, Any]]
"""What was measured, by store and engine: `SQLite/raw`."""
LongLives = Mapping[str, Mapping[str, str]]
"""What was measured once of one very long run, in words, by store."""


class Figure(NamedTuple):
    """One line of the table. What is aimed at holds for Interlock, on each of the stores."""

    label: str
    place: tuple[str, ...]
    better: Literal["more", "less", ""] = ""
    """Empty: it says something that is no better or worse."""
    targets: tuple[float | None, float | None] = (None, None)
    """On SQLite and on PostgreSQL."""
    times_target: float | None = None
    """How many times better than the best peer."""

    def target(self, store: str) -> float | None:
        """What is aimed at on a store."""
        return self.targets[STORES.index(store)]


FIGURES: Final = (
    Figure("chain, steps/s", ("chain", "steps_per_s"), "more"),
    Figure("chain, CPU us/step", ("chain", "cpu_us_per_step"), "less"),
    Figure("chain, the server's CPU us/step", ("chain", "server_cpu_us_per_step"), "less"),
    Figure("chain, commits/step", ("chain", "commits_per_step")),
    Figure("runs at once, steps/s", ("at_once", "steps_per_s"), "more", (8_000, 5_000), 10),
    Figure("runs at once", ("at_once", "runs")),
    Figure("runs at once, CPU us/step", ("at_once", "cpu_us_per_step"), "less"),
    Figure("runs at once, the server's CPU us/step", ("at_once", "server_cpu_us_per_step"), "less"),
    Figure("runs at once, a commit for each step, steps/s", ("at_once_ungrouped", "steps_per_s"), "more"),
    Figure("runs at once on two workers, steps/s", ("two_workers", "steps_per_s"), "more"),
    Figure("the same, the workers' CPU us/step", ("two_workers", "cpu_us_per_step"), "less"),
    Figure("fan of 100, ms", ("fan_ms",), "less"),
    Figure("start, ms", ("start_ms",), "less"),
    Figure("start on another worker, ms", ("elsewhere", "p50_ms"), "less", (20, 20)),
    Figure("the same, one in a hundred, ms", ("elsewhere", "p99_ms"), "less"),
    Figure("the same from the call on, ms", ("elsewhere", "from_call_p50_ms"), "less"),
    Figure("the same, one in a hundred, ms", ("elsewhere", "from_call_p99_ms"), "less"),
    Figure("fork from step 6 to its end, ms", ("fork_ms",), "less", (5, 5)),
    Figure("replay of ten steps, ms", ("replay_ms",), "less", (5, 5)),
    Figure("loop, rounds/s", ("loop", "rounds_per_s"), "more"),
    Figure("loop, last to first tenth", ("loop", "last_to_first_tenth"), "more"),
    Figure("loop, bytes/round", ("loop", "bytes_per_round"), "less"),
    Figure("disk, ms a commit", ("disk_ms",)),
)


def table(rounds: Sequence[Round], long_lives: LongLives) -> str:
    """All figures, store by store, as a table in Markdown."""
    header = [f"median of {len(rounds)}", "aim", *ENGINES, "times the best peer"]
    lines = [_line(header), "|---" * len(header) + "|"]
    for store in STORES:
        of_store = [line for figure in FIGURES if (line := _figure_line(rounds, store, figure))]
        if of_store:
            lines += [_line([f"**{store}**", *[""] * (len(header) - 1)]), *of_store]
        for name, told in long_lives.get(store, {}).items():
            lines.append(_line([f"one long run: {name}", "", "-", told, "-", "-", "-"]))
    return "\n".join(lines)


def verdicts(rounds: Sequence[Round]) -> str:
    """What was aimed at and what came of it, and how near Interlock is to the limit."""
    lines = ["", "aims:"]
    for store in STORES:
        for figure in FIGURES:
            lines += _verdicts(rounds, store, figure)
        to_raw = _ratio(rounds, store, Figure("", ("chain", "steps_per_s"), "more"), ["raw"])
        if to_raw is not None:
            lines.append(f"  {store}: chain to the raw row {to_raw:.2f}")
    return "\n".join(lines)


def _figure_line(rounds: Sequence[Round], store: str, figure: Figure) -> str | None:
    cells = [_median(rounds, store, engine, figure) for engine in ENGINES]
    if set(cells) == {None}:
        return None
    times = _ratio(rounds, store, figure, PEERS)
    target = figure.target(store)
    aims = [] if target is None else [f"{'≥' if figure.better == 'more' else '≤'} {target:,g}"]
    aims += [f"{figure.times_target:g} times"] if figure.times_target else []
    return _line([figure.label, ", ".join(aims), *map(_cell, cells), "-" if times is None else f"{times:.2g}"])


def _verdicts(rounds: Sequence[Round], store: str, figure: Figure) -> list[str]:
    found, target = _median(rounds, store, "interlock", figure), figure.target(store)
    lines: list[str] = []
    if found is not None and target is not None:
        is_met = found >= target if figure.better == "more" else found <= target
        aim = f"{'at least' if figure.better == 'more' else 'at most'} {target:,g}"
        lines.append(f"  {store}: {figure.label}: {found:,.6g}, {aim}: {'met' if is_met else 'MISSED'}")
    times = _ratio(rounds, store, figure, PEERS)
    if times is not None and figure.times_target is not None:
        word = "met" if times >= figure.times_target else "MISSED"
        lines.append(f"  {store}: {figure.label}: {times:.1f} times the best peer, ≥ 10: {word}")
    return lines


def _of(one: Round, store: str, engine: str, figure: Figure) -> float | None:
    found: Any = one.get(f"{store}/{engine}")
    for key in figure.place:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _median(rounds: Sequence[Round], store: str, engine: str, figure: Figure) -> float | None:
    found = [value for each in rounds if (value := _of(each, store, engine, figure)) is not None]
    return statistics.median(found) if found else None


def _ratio(rounds: Sequence[Round], store: str, figure: Figure, others: Sequence[str]) -> float | None:
    """How many times better Interlock is than the best of the others; None if there is nothing to compare."""
    if not figure.better:
        return None
    best: Callable[[list[float]], float] = max if figure.better == "more" else min
    found: list[float] = []
    for each in rounds:
        ours = _of(each, store, "interlock", figure)
        theirs = [value for other in others if (value := _of(each, store, other, figure)) is not None]
        if ours is not None and theirs:
            found.append(ours / best(theirs) if figure.better == "more" else best(theirs) / ours)
    return statistics.median(found) if found else None


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:,.6g}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
