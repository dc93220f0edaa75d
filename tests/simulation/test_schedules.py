"""Random graphs under random schedules: whatever happens, and in whatever order, the rules of the core hold."""

from __future__ import annotations

import pytest

from tests.simulation.run import run_schedules

SCHEDULES = 400


@pytest.mark.parametrize("first", range(1, 4001, SCHEDULES))
def test_no_schedule_breaks_a_rule(first: int) -> None:
    """Calls fail and vanish, workers die, leases are lost, people cancel and answer twice: the log must stand it all."""
    tally = run_schedules(first, first + SCHEDULES - 1)

    assert tally.schedules == SCHEDULES
