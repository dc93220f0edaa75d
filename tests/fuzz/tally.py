"""What a fuzz has thrown, and what became of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

CASE_SECONDS_MAX: Final = 20.0
"""Of processor time: what takes longer has no limit of its own. The slowest draws are texts of ten million letters."""


class Broken(AssertionError):
    """A case that broke a rule; its text says how to see it again."""


@dataclass
class Tally:
    """Counts by name, and the slowest case."""

    counts: Counter[str] = field(default_factory=Counter[str])
    slowest: tuple[float, int] = (0.0, 0)

    def note(self, what: str, count: int = 1) -> None:
        """So many of these."""
        self.counts[what] += count


Case = Callable[[int, Tally], None]
"""One case: whatever its seed draws, sent through a part of the product. Raises if a rule is broken."""


def judged(case: Case, seed: int, tally: Tally) -> None:
    """Run a case: whatever it raises is a crash, and it may not take for ever."""
    began = time.process_time()
    try:
        case(seed, tally)
    except Exception as error:
        raise Broken(f"seed {seed} of {case.__name__}: {type(error).__name__}: {str(error)[:2_000]}") from error
    took = time.process_time() - began
    if took > CASE_SECONDS_MAX:
        raise Broken(f"seed {seed} of {case.__name__} took {took:.1f} s of the processor")
    tally.slowest = max(tally.slowest, (took, seed))
