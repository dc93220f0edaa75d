"""A small part of the fuzz, each time the same: no crash, no hang, and nothing that is refused goes unrecorded."""

from __future__ import annotations

import pytest

from tests.fuzz.at_the_doors import schemas, steps, streams, tools, written_calls
from tests.fuzz.tally import Case, Tally, judged
from tests.fuzz.whole_loop import runs


@pytest.mark.parametrize(
    ("case", "seeds"),
    [(schemas, 60), (written_calls, 60), (streams, 40), (tools, 10), (steps, 6), (runs, 20)],
    ids=lambda given: getattr(given, "__name__", ""),
)
def test_whatever_is_thrown_is_taken_refused_or_told(case: Case, seeds: int) -> None:
    """`python -m tests.fuzz` throws twenty thousand; a seed that broke a rule is one of these for ever."""
    tally = Tally()

    _ = [judged(case, seed, tally) for seed in (*range(seeds), *BROKEN_ONCE.get(case.__name__, ()))]

    assert sum(tally.counts.values()) > seeds


BROKEN_ONCE = {"steps": (497,), "runs": (73,), "written_calls": (109, 168)}
"""Seeds that broke a rule when they were first drawn."""
