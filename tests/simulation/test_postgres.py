"""The whole engine on PostgreSQL, under the same faults and checkers as in memory.

Time is virtual, the server is real: each call of the store is answered before any time passes.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from interlock.store.event_store import Clock, EventStore
from interlock.store.lease import LeaseOwner
from interlock.store.postgres.store import PostgresEventStore
from interlock.store.salts import RandomBytes
from tests.simulation.blocking_store import BlockingStore, StoppedClock, loop_in_thread
from tests.simulation.engine_simulator import EngineSimulation, StoreMaker
from tests.simulation.fleet_simulator import FleetSimulation

SEEDS = range(1, 17)
FLEETS = range(1, 11)


def on_postgres(kind: type[EngineSimulation], seed: int, url: str) -> EngineSimulation:
    """A simulation whose store is on a server, run to its end."""
    with loop_in_thread() as loop:

        def make_store(
            *, clock: Clock, random_bytes: RandomBytes, is_running: Callable[[LeaseOwner], bool]
        ) -> EventStore:
            stopped = StoppedClock(clock)
            store = PostgresEventStore(url, clock=stopped.now, random_bytes=random_bytes, is_running=is_running)
            return BlockingStore(store, loop, stopped).as_store()

        made: StoreMaker = make_store
        simulation = kind(seed, make_store=made)
        simulation.run()
        return simulation


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_under_faults_keeps_every_rule_on_postgresql(seed: int, postgres_url: str) -> None:
    """Lost leases, lost answers and deaths reach the fences of a real server; the checkers are those of all stores."""
    simulation = on_postgres(EngineSimulation, seed, postgres_url)

    assert simulation.state.has_ended


@pytest.mark.parametrize("seed", FLEETS)
def test_several_processes_keep_every_rule_on_postgresql(seed: int, postgres_url: str) -> None:
    """Who holds a claim, and who has lost it, is said by a real server."""
    simulation = on_postgres(FleetSimulation, seed, postgres_url)

    assert simulation.state.has_ended
