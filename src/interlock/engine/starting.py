"""Starting a run without driving it: its start is on record, and any worker that looks for work takes it up.

Nothing is decided here: an effect that followed would be intended and never tried. Whether the tools of the graph are
here is not asked either: who takes the run up needs them.
"""

from __future__ import annotations

from interlock.core.plan import Plan
from interlock.core.requests import StartRun, misfit
from interlock.core.state import RunState
from interlock.engine.engine import Arrival, Engine, RunInHand
from interlock.engine.errors import RequestRefusedError
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
        raise RequestRefusedError(run, refused.reason)
    return run
