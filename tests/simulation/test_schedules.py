"""Random graphs under random schedules: whatever happens, and in whatever order, the rules of the core hold."""

from __future__ import annotations

import pytest

from tests.simulation.run import run_schedules

ON_CORE = 250
ON_ENGINE = 50
IN_FLEET = 40
OF_AGENTS = 20


@pytest.mark.parametrize("first", range(1, 1001, ON_CORE))
def test_no_schedule_of_the_core_breaks_a_rule(first: int) -> None:
    """Calls fail and vanish, workers die, leases are lost, people cancel and answer twice: a log stands it all."""
    tally = run_schedules(first, first + ON_CORE - 1)

    assert tally.schedules == ON_CORE


@pytest.mark.parametrize("first", range(1, 201, ON_ENGINE))
def test_no_schedule_of_the_engine_breaks_a_rule(first: int) -> None:
    """The real worker, driver, tool door and store: processes die in any line, and what is on record is still true."""
    tally = run_schedules(first, first + ON_ENGINE - 1, level="engine")

    assert tally.schedules == ON_ENGINE


@pytest.mark.parametrize("first", range(1, 61, OF_AGENTS))
def test_no_schedule_of_agents_breaks_a_rule(first: int) -> None:
    """Their loops meet the same deaths, under limits that are mostly too tight: no step on record is made again."""
    tally = run_schedules(first, first + OF_AGENTS - 1, level="agents")

    assert tally.schedules == OF_AGENTS


@pytest.mark.parametrize("first", range(1, 81, IN_FLEET))
def test_no_schedule_of_several_processes_breaks_a_rule(first: int) -> None:
    """They take runs and effects from each other, are killed, and wake up when others have gone on without them."""
    tally = run_schedules(first, first + IN_FLEET - 1, level="fleet")

    assert tally.schedules == IN_FLEET
