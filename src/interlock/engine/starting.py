"""How a run starts without being driven, so that any worker that looks for work takes it up; and what it started with.

Nothing is decided here: an effect that followed would be intended and never tried. Whether the tools of the graph are
here is not asked either: who takes the run up needs them.
"""

from __future__ import annotations

from interlock.core.deciding.giving import given
from interlock.core.events import RunStarted
from interlock.core.plan import Plan
from interlock.core.requests import StartRun, misfit
from interlock.core.state import RunState
from interlock.core.values import Value, digest_of
from interlock.engine.engine import Arrival, Engine, RunInHand
from interlock.engine.errors import RequestRefusedError, start_refused
from interlock.store.lease import LeaseOwner, first_lease


async def start_detached(engine: Engine, plan: Plan, run: str, request: StartRun, *, owner: LeaseOwner) -> str:
    """Put the start of a new run on record and leave the run to whoever takes it up; gives the run's id.

    The bundle of the plan is kept already. The run's first lease is claimed and given back by the append that starts
    it, so a start is one commit, and a crash leaves either nothing or a run that is due at once.
    Raises `RequestRefusedError`, and `RunKeyTakenError` if a run was started under the request's key before.
    """
    unreadable = misfit(request, request.by)
    if unreadable is not None:
        raise RequestRefusedError(run, unreadable.reason)
    lease = first_lease(engine.tenant, run, owner, at=engine.now(), lease_micros=engine.store.lease_micros)
    in_hand = RunInHand(plan, RunState(run, engine.tenant), lease, await engine.packer())
    (refused,) = await engine.record(in_hand, [Arrival(request, request.by)], lets_go=True)
    if refused is not None:
        raise start_refused(run, refused)
    return run


async def is_given(engine: Engine, run: str, inputs: Value) -> bool:
    """Whether a run was started with these inputs, once its graph's defaults are filled in."""
    [first] = await engine.store.read(engine.tenant, run, limit=1)
    started = first.body
    assert isinstance(started, RunStarted), "a log begins with the run's start"
    # A run that has migrated since was judged by the graph on which it started.
    plan = await engine.plan_of(started.bundle)
    filled, _ = given(plan.root, inputs)
    # By digest: to Python `true` is 1 and 1 is 1.0, and to a graph they are not.
    return digest_of(filled) == digest_of(await engine.whole(started.inputs))
