"""Prints one digest over the logs of some schedules, so that processes with different hash seeds can be compared.

`python -m tests.simulation.run_digest FIRST LAST [in-hash-order]`: the last word puts a bug into the core first.
"""

from __future__ import annotations

import hashlib
import sys
from contextlib import nullcontext

from interlock.core.values import ENCODER
from tests.simulation.mutations import HASH_ORDER, injected
from tests.simulation.simulator import Simulation


def main() -> None:
    """One digest for everything that was recorded and every state that was reached."""
    first, last = int(sys.argv[1]), int(sys.argv[2])
    digest = hashlib.sha256()
    with injected(HASH_ORDER) if "in-hash-order" in sys.argv else nullcontext():
        for seed in range(first, last + 1):
            simulation = Simulation(seed)
            simulation.run()
            digest.update(ENCODER.encode(simulation.log))
    sys.stdout.write(digest.hexdigest())


if __name__ == "__main__":
    main()
