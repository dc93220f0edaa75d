"""Replaying a stored run from its record alone: its bytes by the chain of their headers, its decisions anew (rule 47).

It reads and changes nothing, calls no tool and asks nobody: it needs neither the run's tools nor its lease. What it
finds is told, never raised: a log that does not hold is an answer like any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import takewhile
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from interlock.core.bundle import BundleProblem
from interlock.core.decide import Need
from interlock.core.events import LOG_FORMAT, Event
from interlock.core.plan import Plan
from interlock.core.state import RunState, encode_state, status_of
from interlock.core.values import ENCODER, decode, refs_in
from interlock.core.verify import Divergence, Verification, bundle_in_force, stretches
from interlock.engine.engine import BLOBS_KEPT_MAX, BLOBS_READ_AT_ONCE, Engine
from interlock.engine.errors import BundleChangedError
from interlock.store.errors import DamagedError, ErasedError, MissingError, NewerFormatError
from interlock.store.sealing import read_header, unseal_all, verify_chain

EVENTS_AT_ONCE: Final = 1_000
"""How many events are decided anew before others have their turn."""

ReplayVerdict: TypeAlias = Literal["same", "diverges", "damaged", "erased", "not_comparable"]


class Replayed(Struct, frozen=True, kw_only=True):
    """What replaying a run came to.

    `same`: every decision is the one that is on record, and `state` is the hash of what the log leads to. `diverges`:
    event `seq` does not follow from those before it. `damaged`: what is kept is not what was stored. `erased`: the
    payload of event `seq` was erased on purpose. `not_comparable`: what was stored is intact, and this release decides
    by other rules or cannot read it; `what` says what could be looked at all the same.
    """

    run: str
    verdict: ReplayVerdict
    what: str = ""
    """What was found where it is not the same."""
    seq: int | None = None
    """The event at fault, where it is one event."""
    events: int = 0
    """How many events hold, from the first on."""
    status: str = ""
    state: str = ""


async def replay_run(engine: Engine, run: str) -> Replayed:
    """Replay a run, or find the first thing in which its record does not hold."""
    try:
        return await _replayed(engine, run)
    except MissingError as missing:
        return Replayed(run=run, verdict="damaged", what=str(missing))
    except DamagedError as damage:
        return Replayed(run=run, verdict="damaged", what=str(damage), seq=damage.seq)
    except ErasedError as erased:
        return Replayed(run=run, verdict="erased", what=str(erased), seq=erased.seq)


async def _replayed(engine: Engine, run: str) -> Replayed:
    try:
        plan, events = await engine.log_of(run)
    except NewerFormatError as newer:
        return await _as_far_as_known(engine, run, newer)
    except (BundleChangedError, BundleProblem) as other:
        return await _without_decisions(engine, run, other)
    await _read_blobs(engine, events)
    return await _decided_anew(engine, plan, run, events)


async def _as_far_as_known(engine: Engine, run: str, newer: NewerFormatError) -> Replayed:
    """A run that a newer release has gone on with: what stands before its first event of that form is replayed."""
    row = await engine.store.get_run(engine.tenant, run)
    sealed = await engine.store.read_sealed(engine.tenant, run, limit=row.seq)
    known = list(takewhile(lambda one: read_header(one).version <= LOG_FORMAT, sealed))
    if events := unseal_all(known, run=run):
        await _read_blobs(engine, events)
        before = await _decided_anew(engine, await engine.plan_of(bundle_in_force(events)), run, events)
        if before.verdict != "same":
            return before
    what = f"{newer}; from there on nothing was compared"
    return Replayed(run=run, verdict="not_comparable", what=what, seq=len(known) + 1, events=len(known))


async def _without_decisions(engine: Engine, run: str, problem: Exception) -> Replayed:
    """A run whose graph this release does not understand: only whether its events are those that were stored."""
    row = await engine.store.get_run(engine.tenant, run)
    sealed = await engine.store.read_sealed(engine.tenant, run, limit=row.seq)
    if (broken := verify_chain(sealed, head=row.head)) is not None:
        raise DamagedError(f"event {broken.seq} of run {run} ({broken.what})", seq=broken.seq)
    what = f"{problem}; its {len(sealed)} events are those that were stored, and no decision in them was compared"
    return Replayed(run=run, verdict="not_comparable", what=what)


async def _decided_anew(engine: Engine, plan: Plan, run: str, events: Sequence[Event]) -> Replayed:
    """By each bundle on which the run was, up to where it left it: the last has all of the log to answer for."""
    for bundle, last in stretches(events)[:-1]:
        earlier = await engine.plan_of(bundle)
        state, found = await divergence_in(engine, earlier, run, events[:last])
        if found is not None:
            return Replayed(run=run, verdict="diverges", what=found.what, seq=found.seq, events=state.seq)
    state, found = await divergence_in(engine, plan, run, events)
    if found is not None:
        return Replayed(run=run, verdict="diverges", what=found.what, seq=found.seq, events=state.seq)
    digest = sha256(encode_state(state)).hexdigest()
    return Replayed(run=run, verdict="same", events=state.seq, status=status_of(state), state=digest)


async def divergence_in(
    engine: Engine, plan: Plan, run: str, events: Sequence[Event], *, is_other: bool = False
) -> tuple[RunState, Divergence | None]:
    """The state to which a log leads by a plan, or as far as it does, and the event that does not follow, if one does.

    `is_other`: the plan is not that of the run. Others have their turn in between, however long the log is.
    """
    packer = await engine.packer()
    verification = Verification(plan, RunState(run, engine.tenant), events, packer, is_other=is_other)
    blobs: dict[str, object] = {}
    while not verification.is_done:
        match verification.go_on(blobs, at_most=EVENTS_AT_ONCE):
            case Divergence() as found:
                return verification.state, found
            case Need(digests=digests):
                if len(blobs) > BLOBS_KEPT_MAX:
                    blobs.clear()
                stored = await engine.store.blobs(engine.tenant, digests)
                blobs |= {digest: decode(data) for digest, data in stored.items()}
                packer.take_fresh()
            case None:
                await asyncio.sleep(0)
    return verification.state, None


async def _read_blobs(engine: Engine, events: Sequence[Event]) -> None:
    """Read everything that the events mention and that is kept elsewhere; what was changed is raised as damage.

    Deciding anew looks only into what a condition asks for; here each byte is looked at.
    """
    mentioned: dict[str, int] = {}
    """Each blob, and the first event that mentions it."""
    for event in events:
        for ref in refs_in(decode(ENCODER.encode(event.body))):
            mentioned.setdefault(ref.digest, event.seq)
    left = list(mentioned)
    while left:
        batch, left = left[:BLOBS_READ_AT_ONCE], left[BLOBS_READ_AT_ONCE:]
        for digest, data in (await _blobs(engine, batch, mentioned)).items():
            inner = {ref.digest for ref in refs_in(decode(data))} - mentioned.keys()
            mentioned |= dict.fromkeys(inner, mentioned[digest])
            left += sorted(inner)


async def _blobs(engine: Engine, digests: Sequence[str], mentioned: Mapping[str, int]) -> dict[str, bytes]:
    """The blobs of these names; the first that does not hold is raised with the event that mentions it."""
    try:
        return await engine.store.blobs(engine.tenant, digests)
    except (DamagedError, MissingError) as damage:
        for digest in digests:
            await _find(engine, digest, mentioned[digest])
        raise AssertionError("none of them alone is damaged") from damage


async def _find(engine: Engine, digest: str, seq: int) -> None:
    try:
        await engine.store.blobs(engine.tenant, [digest])
    except (DamagedError, MissingError) as damage:
        raise DamagedError(f"blob {digest}, which event {seq} mentions,", seq=seq) from damage
