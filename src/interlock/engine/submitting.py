"""Bringing a request to a run, wherever the run is driven: here, by another process, or by nobody.

A refusal is told at once in every case: what another process will decide is decided here first, on a state of our own.
"""

from __future__ import annotations

from msgspec import Struct

from interlock.core.admit import admit
from interlock.core.requests import MigrateRun, Refused, Request, misfit
from interlock.engine.driving import RunDriver
from interlock.engine.engine import Arrival
from interlock.engine.errors import RequestRefusedError
from interlock.engine.releasing.migrating import looked_at
from interlock.engine.signals import encode_request, kind_of
from interlock.engine.worker import Worker
from interlock.store.errors import LeaseHeldError
from interlock.store.lease import LeaseOwner


class Submitted(Struct, frozen=True):
    """What became of a request that was not refused."""

    driver: RunDriver | None = None
    """Who drives the run here now; None if nobody does."""
    left_for: LeaseOwner | None = None
    """The process that drives the run and will record the request; None if it is on record already."""


async def submit(worker: Worker, run: str, request: Request, *, by: str = "", detach: bool = False) -> Submitted:
    """Record a request, or leave it for the process that drives the run. A run nobody drives is driven on from here.

    With `detach` such a run is left as it is: the request is on record, and acted on when somebody drives the run.
    Raises `RequestRefusedError`, and then nothing has changed.
    """
    refused = misfit(request, by)
    if refused is not None:
        raise RequestRefusedError(run, refused.reason)
    driver = worker.drivers.get(run)
    if driver is None:
        await _check(worker, run, request)
        try:
            if detach:
                await _record(worker, run, request, by=by)
                return Submitted()
            driver = await worker.take_up(run)
        except LeaseHeldError as held:
            await _leave(worker, run, request, by=by)
            return Submitted(left_for=held.holder)
    refused = await driver.submit(request, by=by)
    if refused is not None:
        raise RequestRefusedError(run, refused.reason)
    return Submitted(driver)


async def _check(worker: Worker, run: str, request: Request) -> None:
    plan, state = await worker.engine.view(run)
    if isinstance(request, MigrateRun) and request.bundle != plan.bundle_hash:
        request = await looked_at(worker.engine, run, state.seq, request)
    admitted = admit(plan, state, request, at=worker.engine.now())
    if isinstance(admitted, Refused):
        raise RequestRefusedError(run, admitted.reason)


async def _record(worker: Worker, run: str, request: Request, *, by: str) -> None:
    """Under a lease for one append. Nothing is decided: an effect that followed would be intended, and never tried."""
    store = worker.engine.store
    lease = await store.acquire_lease(worker.engine.tenant, run, owner=worker.owner)
    try:
        in_hand = await worker.engine.load(run, lease)
        if isinstance(request, MigrateRun):
            request = await looked_at(worker.engine, run, in_hand.state.seq, request)
        (refused,) = await worker.engine.record(in_hand, [Arrival(request, by)])
    finally:
        await store.release_lease(lease)
    if refused is not None:
        raise RequestRefusedError(run, refused.reason)


async def _leave(worker: Worker, run: str, request: Request, *, by: str) -> None:
    await worker.engine.store.send_signal(
        worker.engine.tenant, run, kind=kind_of(request), body=encode_request(request), sender=by
    )
