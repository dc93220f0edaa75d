"""Which instants of a schedule are to be acted on now. Pure: a function of the schedule, of what was seen, and of now.

Whatever lies behind the instant up to which a schedule was seen is past for good, so clocks that are put back fire
nothing twice, and those that jump ahead fire what the rule for catching up says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import takewhile
from typing import Final

from msgspec import Struct

from interlock.core.plan import CatchUp, Micros

LATE_MICROS: Final = 60_000_000
"""What is acted on within a minute was not missed: nobody expects a schedule to be more exact than that."""
CAUGHT_UP_MAX: Final = 100
"""How many missed instants are caught up with at most, the latest; nobody wants a week of minutes at once."""


class DueNow(Struct, frozen=True):
    """What is to be acted on, in order, up to where the schedule has been seen with that, and what is passed over."""

    instants: tuple[Micros, ...]
    seen: Micros
    missed: int = 0


def due_now(instants: Iterable[Micros], *, seen: Micros, now: Micros, catch_up: CatchUp) -> DueNow:
    """What has fallen due since the schedule was last seen. `instants` are those behind `seen`, in order."""
    counted, latest = 0, deque[Micros](maxlen=1 if catch_up != "all" else CAUGHT_UP_MAX)
    for instant in takewhile(lambda each: each <= now, instants):
        counted += 1
        latest.append(instant)
    kept = tuple(each for each in latest if catch_up != "none" or now - each <= LATE_MICROS)
    return DueNow(kept, max(seen, latest[-1] if latest else seen), counted - len(kept))
