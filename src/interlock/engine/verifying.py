"""Verifying a stored run: its bytes by the chain of their headers, its decisions by replaying them (rule 47).

It reads and changes nothing, and needs neither the run's tools nor its lease.
"""

from __future__ import annotations

from interlock.core.decide import Need
from interlock.core.state import RunState
from interlock.core.values import decode
from interlock.core.verify import Divergence, Verification
from interlock.engine.engine import BLOBS_KEPT_MAX, Engine


async def verify_run(engine: Engine, run: str) -> Divergence | None:
    """The first event that does not follow from those before it, or None.

    `DamagedError` names what is not what was stored, `ErasedError` the first payload that was erased.
    """
    plan, events = await engine.log_of(run)
    packer = await engine.packer()
    verification = Verification(plan, RunState(run, engine.tenant), events, packer)
    blobs: dict[str, object] = {}
    while isinstance(found := verification.go_on(blobs), Need):
        if len(blobs) > BLOBS_KEPT_MAX:
            blobs.clear()
        stored = await engine.store.blobs(engine.tenant, found.digests)
        blobs |= {digest: decode(data) for digest, data in stored.items()}
        packer.take_fresh()
    return found
