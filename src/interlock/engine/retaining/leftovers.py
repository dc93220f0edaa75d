"""What ended runs leave beside their logs, where something came too late or a process went at the wrong moment.

An answer that arrived as the run ended, a question about an effect that its driver could not take back, a snapshot,
what a tool noted of itself, or what agents kept for a run that is of no session. Nobody looks for any of it, so it is
dropped now and then, and nothing hurries: an append that ends a run costs no more for it.
"""

from __future__ import annotations

from typing import Final

from interlock.engine.agents.memory.entries import RUN_MEMORY_KIND
from interlock.engine.engine import Engine
from interlock.engine.sharing.remote_journal import HEARTBEAT_KIND
from interlock.engine.snapshots import SNAPSHOT_KIND

KINDS: Final = (HEARTBEAT_KIND, SNAPSHOT_KIND, RUN_MEMORY_KIND)
"""The records that are kept under the names of runs and are of use only while those live."""


async def drop_leftovers(engine: Engine) -> int:
    """Drop what ended runs have left: how many pieces. Of a run that lives nothing is touched."""
    return await engine.store.retention.drop_leftovers(engine.tenant, kinds=KINDS)
