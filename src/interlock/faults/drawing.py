"""Faults drawn by chance, and the same ones for the same seed: a test that fails with them fails again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

from interlock.faults.switches import (
    AnswerLost,
    ClockJumped,
    Counted,
    DeliveredTwice,
    Fault,
    Killed,
    LeaseDropped,
    RateLimited,
    Slow,
    Unavailable,
)


def drawn(
    seed: int | str, *, tools: Iterable[str] = (), often: float = 0.1, among: int = 20, kills: bool = False
) -> list[Fault]:
    """Some faults, by chance: each tool, and each of the first calls and appends, meets one as `often` as is said.

    `among`: how many calls and appends. `kills`: whether the process is killed as well, which a test has to be outside.
    """
    dice = Random(f"faults {seed}")  # noqa: S311 - chance that can be repeated
    return [
        *_of_tools(dice, tools, often),
        *_at_moments(dice, "call", often, among, kills=kills),
        *_at_moments(dice, "append", often, among, kills=kills),
    ]


def _of_tools(dice: Random, tools: Iterable[str], often: float) -> Iterator[Fault]:
    for tool in tools:
        times, by = dice.randint(1, 2), dice.choice(("1ms", "100ms", "5s"))
        faults = Unavailable(tool, times), RateLimited(tool, times), Slow(tool, by), DeliveredTwice(tool)
        if dice.random() < often:
            yield dice.choice(faults)


def _at_moments(dice: Random, of: Counted, often: float, among: int, *, kills: bool) -> Iterator[Fault]:
    for at in range(1, among + 1):
        faults: list[Fault] = [LeaseDropped(at, of), ClockJumped(at, dice.choice(("1s", "1m", "1h")), of)]
        if of == "append":
            faults += [AnswerLost(at), AnswerLost(at, made=False)]
        if kills:
            faults.append(Killed(at, of))
        if dice.random() < often:
            yield dice.choice(faults)
