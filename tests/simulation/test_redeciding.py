"""On its own graph a recorded run is decided as it was: else a comparison would show differences that nobody made."""

from __future__ import annotations

import pytest

from interlock.engine.courses.redeciding import redecide
from tests.simulation.simulator import Simulation


@pytest.mark.parametrize("first", range(1, 201, 50))
def test_every_schedule_is_decided_again_as_it_was(first: int) -> None:
    """Failures, deaths of workers, cancels, late results, answers before their questions: all are in the record."""
    others = [seed for seed in range(first, first + 50) if not is_decided_as_it_was(seed)]

    assert others == []


def is_decided_as_it_was(seed: int) -> bool:
    """Whether taking a schedule's log through its own graph gives that log."""
    simulation = Simulation(seed)
    simulation.run()
    again = redecide(simulation.plan, simulation.state.run, simulation.state.tenant, simulation.log)
    return list(again.events) == simulation.log
