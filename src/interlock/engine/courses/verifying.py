"""Replaying a stored run from its record alone: its bytes by the chain of their headers, its decisions anew (rule 47).

It reads and changes nothing, calls no tool and asks nobody: it needs neither the run's tools nor its lease. What it
finds is told, never raised: a log that does not hold is an answer like any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Mapping, Sequence
from hashlib import sha256
from itertools import takewhile
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from interlock.core.bundle import BundleProblem
from interlock.core.decide import Need
from interlock.core.events import LOG_FORMAT, Event, RunMigrated, RunStarted
from interlock.core.plan import Plan
from interlock.core.state import RunState, encode_state, status_of
from interlock.core.values import ENCODER, decode, refs_in
from interlock.core.verify import Divergence, Verification, stretches
from interlock.engine.courses.row_check import false_in_row
from interlock.engine.engine import BLOBS_KEPT_MAX, BLOBS_READ_AT_ONCE, Engine
from interlock.engine.errors import BundleChangedError
from interlock.store.errors import DamagedError, ErasedError, MissingError, NewerFormatError
from interlock.store.rows import RunRow
from interlock.store.sealing import read_header

EVENTS_AT_ONCE: Final = 1_000
"""How many events are decided anew before others have their turn."""

ReplayVerdict: TypeAlias = Literal["same", "diverges", "damaged", "erased", "not_comparable"]


class Replayed(Struct, frozen=True, kw_only=True):
    """What replaying a run came to.

    `same`: every decision is the one that is on record, and `state` is the hash of what the log leads to.
    `diverges`: event `seq` does not follow from those before it. `damaged`: what is kept is not what was stored, be
    it the log or what lists show of the run. `erased`: the payload of event `seq` was erased on purpose.
    `not_comparable`: what was stored is intact, and this release decides by other rules or cannot read it; `what`
    says what could be looked at all the same.
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


class _Looked(Struct, frozen=True):
    """What a log is known to be once all of it was read: every event is the one that was stored."""

    last: int
    turns: Sequence[Event]
    """The events that name a bundle, and the last one of each page that was read."""
    stretches: Sequence[tuple[str, int]]
    """The bundles on which the run was (see `core.verify.stretches`)."""
    mentioned: dict[str, int]
    """Each blob that is mentioned, and the first event that mentions it."""

    @property
    def bundle(self) -> str:
        """The bundle on which the run is, by its log; nothing if that names none."""
        return self.stretches[-1][0] if self.stretches else ""


async def _replayed(engine: Engine, run: str) -> Replayed:
    row = await engine.row(run)
    try:
        looked = await _looked_through(engine, row, row.seq)
    except NewerFormatError as newer:
        return await _as_far_as_known(engine, row, newer)
    try:
        plan = await engine.plan_of(row.bundle)
    except (BundleChangedError, BundleProblem) as other:
        what = f"{other}; its {looked.last} events are those that were stored, and no decision in them was compared"
        return Replayed(run=run, verdict="not_comparable", what=what)
    return await _compared(engine, plan, row, looked)


async def _as_far_as_known(engine: Engine, row: RunRow, newer: NewerFormatError) -> Replayed:
    """A run that a newer release has gone on with: what stands before its first event of that form is replayed."""
    known = await _known(engine, row)
    if known:
        looked = await _looked_through(engine, row, known)
        before = await _compared(engine, await engine.plan_of(looked.bundle), row, looked)
        if before.verdict != "same":
            return before
    what = f"{newer}; from there on nothing was compared"
    return Replayed(run=row.run, verdict="not_comparable", what=what, seq=known + 1, events=known)


async def _known(engine: Engine, row: RunRow) -> int:
    """How many events stand before the first one of a newer form."""
    known = 0
    while sealed := await engine.store.read_sealed(engine.tenant, row.run, after=known, limit=EVENTS_AT_ONCE):
        of_known_form = takewhile(lambda one: read_header(one).version <= LOG_FORMAT, sealed)
        fresh = sum(1 for _ in of_known_form)
        known += fresh
        if fresh < len(sealed):
            break
    return known


async def _looked_through(engine: Engine, row: RunRow, last: int) -> _Looked:
    """Read the log up to event `last`; what is not as it was stored is raised as damage."""
    mentioned: dict[str, int] = {}
    turns: list[Event] = []
    async for events in engine.pages(row, last):
        for event in events:
            for ref in refs_in(decode(ENCODER.encode(event.body))):
                mentioned.setdefault(ref.digest, event.seq)
        turns += [each for each in events if each is events[-1] or isinstance(each.body, RunStarted | RunMigrated)]
    return _Looked(turns[-1].seq if turns else 0, turns, stretches(turns), mentioned)


async def _compared(engine: Engine, plan: Plan, row: RunRow, looked: _Looked) -> Replayed:
    """Everything that is kept elsewhere is read, then every decision is come to anew.

    By each bundle on which the run was, up to where it left it: the last has all of the log to answer for.
    """
    names = await _read_blobs(engine, looked.mentioned, is_named=bool(row.imported_from))
    for bundle, last in looked.stretches[:-1]:
        earlier = await engine.plan_of(bundle)
        before = engine.pages(row, last)
        state, found = await divergence_in(engine, earlier, row.run, before, bundle=bundle, names=names)
        if found is not None:
            return Replayed(run=row.run, verdict="diverges", what=found.what, seq=found.seq, events=state.seq)
    pages = engine.pages(row, looked.last)
    state, found = await divergence_in(engine, plan, row.run, pages, bundle=looked.bundle, names=names)
    if found is not None:
        return Replayed(run=row.run, verdict="diverges", what=found.what, seq=found.seq, events=state.seq)
    if looked.last == row.seq and (false := false_in_row(row, state, looked.turns)):
        what = f"the log holds, and the row that lists show is not what follows from it: {'; '.join(false)}"
        return Replayed(
            run=row.run, verdict="damaged", what=f"{what}: restore the data from a backup", events=state.seq
        )
    digest = sha256(encode_state(state)).hexdigest()
    return Replayed(run=row.run, verdict="same", events=state.seq, status=status_of(state), state=digest)


async def divergence_in(
    engine: Engine,
    plan: Plan,
    run: str,
    pages: AsyncIterable[Sequence[Event]],
    *,
    bundle: str,
    names: Mapping[bytes, str] | None = None,
) -> tuple[RunState, Divergence | None]:
    """The state to which a log leads by a plan, or as far as it does, and the event that does not follow, if one does.

    `bundle` is the one on which the run is where the log ends, or that of the plan, if it is not that of the run.
    `names` are those of the large values of an imported run (see `Packer`).
    However long the log is, a page of it is held at a time, and others have their turn in between.
    """
    packer = await engine.packer(names=names)
    verification = Verification(plan, RunState(run, engine.tenant), (), packer, bundle=bundle)
    blobs: dict[str, object] = {}
    async for events in pages:
        verification.more(events)
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


async def _read_blobs(engine: Engine, named: Mapping[str, int], *, is_named: bool) -> dict[bytes, str]:
    """Read everything that is mentioned and kept elsewhere; what was changed is raised as damage.

    Deciding anew looks only into what a condition asks for; here each byte is looked at. With `is_named`, what each is
    called is given by the SHA-256 of its bytes: those of an imported run are not named under the key of this place.
    """
    mentioned = dict(named)
    names: dict[bytes, str] = {}
    left = list(mentioned)
    while left:
        batch, left = left[:BLOBS_READ_AT_ONCE], left[BLOBS_READ_AT_ONCE:]
        for digest, data in (await _blobs(engine, batch, mentioned)).items():
            if is_named:
                names[sha256(data).digest()] = digest
            inner = {ref.digest for ref in refs_in(decode(data))} - mentioned.keys()
            mentioned |= dict.fromkeys(inner, mentioned[digest])
            left += sorted(inner)
    return names


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
