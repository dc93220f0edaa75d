"""Prints one digest over the logs of some schedules, so that processes with different hash seeds can be compared.

`python -m tests.simulation.run_digest core|engine|fleet FIRST LAST [in-hash-order]`: the last word puts a bug in.
"""

from __future__ import annotations

import hashlib
import sys
from contextlib import nullcontext
from typing import Final

from interlock.core.values import ENCODER
from tests.simulation.engine_simulator import EngineSimulation
from tests.simulation.fleet_simulator import FleetSimulation
from tests.simulation.mutations import HASH_ORDER, injected
from tests.simulation.simulator import Simulation


def main() -> None:
    """One digest for everything that was recorded and every state that was reached."""
    _, level, first, last, *words = sys.argv
    digest = hashlib.sha256()
    with injected(HASH_ORDER) if "in-hash-order" in words else nullcontext():
        for seed in range(int(first), int(last) + 1):
            for part in BYTES[level](seed):
                digest.update(part)
    sys.stdout.write(digest.hexdigest())


def core_bytes(seed: int) -> list[bytes]:
    """The log of a schedule on the core."""
    simulation: Simulation | None = Simulation(seed)
    written: list[bytes] = []
    while simulation is not None:
        simulation.run()
        written += [ENCODER.encode(event) for event in simulation.log]
        simulation = simulation.next_run()
    return written


def engine_bytes(seed: int, kind: type[EngineSimulation] = EngineSimulation) -> list[bytes]:
    """The log of a schedule on the engine as it is stored, sealed and chained."""
    simulation = kind(seed)
    simulation.run()
    return [part for sealed in simulation.sealed for part in (sealed.header, sealed.salt, sealed.payload or b"")]


def fleet_bytes(seed: int) -> list[bytes]:
    """The same where several processes serve at the same time."""
    return engine_bytes(seed, FleetSimulation)


BYTES: Final = {"core": core_bytes, "engine": engine_bytes, "fleet": fleet_bytes}


if __name__ == "__main__":
    main()
