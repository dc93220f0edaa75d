"""Forking a run: a new linked run that takes another course from some node on. The parent stays as it is.

What is taken over and what is done again is decided by `core.continuing.forking`; it is known before anything is done.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from interlock.core.admit import admit
from interlock.core.bundle import Bundle, read_bundle
from interlock.core.continuing.definitions import definitions
from interlock.core.continuing.forking import Edit, Fork, ForkRefused, plan_fork
from interlock.core.events import RunStarted
from interlock.core.plan import Plan
from interlock.core.requests import Refused, StartRun
from interlock.core.state import RunState
from interlock.engine.courses.whole_log import whole_log
from interlock.engine.engine import Engine
from interlock.engine.errors import RequestRefusedError
from interlock.engine.handing_on import Begun, begin_after
from interlock.engine.worker import Worker


class PreparedFork(Struct, frozen=True):
    """A fork that was planned and not yet made."""

    parent: str
    plan: Plan
    labels: dict[str, str]
    fork: Fork
    bundle: Bundle | None = None
    """Of another graph, if it goes on with one."""


async def prepare_fork(
    engine: Engine, run: str, *, start: str, edits: Sequence[Edit] = (), graph: tuple[Plan, Bundle] | None = None
) -> PreparedFork:
    """What a fork of a run would be made of: on its own graph, or on another."""
    plan, events = await engine.log_of(run)
    graphs = None
    if graph is not None:
        before = await engine.store.get_bundle(engine.tenant, plan.bundle_hash)
        graphs = definitions(read_bundle(before)), definitions(read_bundle(graph[1].bytes))
    started = events[0].body
    assert isinstance(started, RunStarted), "a log begins with the run's start"
    at_hand = await whole_log(engine, events) if edits else events
    try:
        fork = plan_fork(plan, run, at_hand, start=start, edits=edits, graphs=graphs)
    except ForkRefused as refused:
        raise RequestRefusedError(run, str(refused)) from None
    goes_on, bundle = (plan, None) if graph is None else graph
    inputs = await engine.whole(fork.inputs)
    misfit = admit(goes_on, RunState(run, engine.tenant), StartRun(inputs=inputs), at=engine.now())
    if isinstance(misfit, Refused):
        raise RequestRefusedError(run, misfit.reason)
    return PreparedFork(run, goes_on, started.labels, fork, bundle)


async def make_fork(worker: Worker, prepared: PreparedFork, *, by: str = "", detach: bool = False) -> Begun:
    """The linked run, driven here from its start, or left to whichever worker takes it."""
    if prepared.bundle is not None:
        await worker.engine.keep_bundle(prepared.plan, prepared.bundle.bytes)
    request = StartRun(
        inputs=await worker.engine.whole(prepared.fork.inputs),
        tenant=worker.engine.tenant,
        kind="fork",
        parent=prepared.parent,
        labels=prepared.labels,
        adopted=prepared.fork.adopted,
        by=by,
        tainted=prepared.fork.tainted,
    )
    return await begin_after(worker, prepared.parent, prepared.plan, request, detach=detach)
