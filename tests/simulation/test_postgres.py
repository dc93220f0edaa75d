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

SEEDS = range(1, 17)


def on_postgres(seed: int, url: str) -> EngineSimulation:
    """A simulation whose store is on a server, run to its end."""
    with loop_in_thread() as loop:

        def make_store(
            *, clock: Clock, random_bytes: RandomBytes, is_running: Callable[[LeaseOwner], bool]
        ) -> EventStore:
            stopped = StoppedClock(clock)
            store = PostgresEventStore(url, clock=stopped.now, random_bytes=random_bytes, is_running=is_running)
            return BlockingStore(store, loop, stopped).as_store()

        made: StoreMaker = make_store
        simulation = EngineSimulation(seed, make_store=made)
        simulation.run()
        return simulation


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_under_faults_keeps_every_rule_on_postgresql(seed: int, postgres_url: str) -> None:
    """Lost leases, lost answers and deaths reach the fences of a real server; the checkers are those of all stores."""
    simulation = on_postgres(seed, postgres_url)

    assert simulation.state.has_ended
