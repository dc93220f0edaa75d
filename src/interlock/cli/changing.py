"""Commands that stop runs and nodes, and those that make a new run of an ended one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from interlock.cli.invocation import LIVE, Invocation, finished, going_on
from interlock.cli.many import Act, Chosen, ask_many
from interlock.cli.options import (
    AsJson,
    AtMost,
    By,
    Detach,
    NodeOfRun,
    OfGraph,
    OfLabel,
    OfStatus,
    OlderThan,
    PlanOnly,
    RecordMore,
    RunIfOne,
    Store,
    Tools,
    Why,
    World,
    Yes,
)
from interlock.cli.people import said

if TYPE_CHECKING:
    from interlock.embedded.handle import RunHandle
    from interlock.engine.submitting import Submitted


def pause(
    run: RunIfOne = None,
    *,
    graph: OfGraph = None,
    status: OfStatus = None,
    label: OfLabel = None,
    older_than: OlderThan = None,
    limit: AtMost = None,
    plan: PlanOnly = False,
    yes: Yes = False,
    by: By = "",
    why: Why = "",
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Start nothing new in a run, or in many; what is in flight finishes. `interlock resume` goes on."""
    from interlock.cli.opening import who

    chosen = Chosen(graph=graph, status=status, label=label, older_than=older_than, limit=limit, plan=plan, yes=yes)
    if run is None:
        return ask_many("pause", chosen, by=by, why=why, store=store, as_json=as_json)
    chosen.refuse_beside(run)

    async def say(handle: RunHandle) -> Submitted:
        return await handle.pause(by=who(by), why=why, detach=True)

    return said(run, say, on=Invocation(store=store, as_json=as_json, drives=False))


def cancel(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN[:PATH]]",
            help="A run, or one node with all that it holds. Without one, all runs that the filters leave.",
        ),
    ] = None,
    *,
    rollback: Annotated[bool, typer.Option("--rollback", help="Take back what the run did.")] = False,
    graph: OfGraph = None,
    status: OfStatus = None,
    label: OfLabel = None,
    older_than: OlderThan = None,
    limit: AtMost = None,
    plan: PlanOnly = False,
    yes: Yes = False,
    by: By = "",
    why: Why = "",
    detach: Detach = False,
    world: World = LIVE,
    record: RecordMore = None,
    tools: Tools = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Stop a run or one of its nodes, or many runs."""
    from interlock.cli.addresses import split_run
    from interlock.cli.failures import CommandError
    from interlock.cli.opening import who

    chosen = Chosen(graph=graph, status=status, label=label, older_than=older_than, limit=limit, plan=plan, yes=yes)
    if what is None:
        act: Act = "cancel --rollback" if rollback else "cancel"
        return ask_many(act, chosen, by=by, why=why, store=store, as_json=as_json, world=world, record=record)
    chosen.refuse_beside(what)
    run, path = split_run(what)
    if path is not None and rollback:
        raise CommandError("--rollback takes back a whole run: cancel the run, not one node")

    async def say(handle: RunHandle) -> Submitted:
        return await handle.cancel(path, rollback=rollback, by=who(by), why=why, detach=detach)

    wanted = frozenset({"succeeded"}) if path else frozenset({"cancelled", "rolled_back"})
    return said(
        run,
        say,
        on=going_on(store=store, tools=tools, as_json=as_json, world=world, record=record, detach=detach),
        wanted=wanted,
    )


def complete(
    node: NodeOfRun,
    *,
    by: By = "",
    why: Why = "",
    detach: Detach = False,
    world: World = LIVE,
    record: RecordMore = None,
    tools: Tools = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """End an `each` with the items it has."""
    from interlock.cli.addresses import split_address
    from interlock.cli.opening import who

    run, path = split_address(node)

    async def say(handle: RunHandle) -> Submitted:
        return await handle.complete(path, by=who(by), why=why, detach=detach)

    return said(
        run, say, on=going_on(store=store, tools=tools, as_json=as_json, world=world, record=record, detach=detach)
    )


def retry(
    run: RunIfOne = None,
    *,
    graph: OfGraph = None,
    status: OfStatus = None,
    label: OfLabel = None,
    older_than: OlderThan = None,
    limit: AtMost = None,
    plan: PlanOnly = False,
    yes: Yes = False,
    by: By = "",
    why: Why = "",
    world: World = LIVE,
    record: RecordMore = None,
    tools: Tools = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Go on where ended runs failed, as new runs: what does not depend on the failure is taken over."""
    chosen = Chosen(graph=graph, status=status, label=label, older_than=older_than, limit=limit, plan=plan, yes=yes)
    if run is None:
        return ask_many("retry", chosen, by=by, why=why, store=store, as_json=as_json, world=world, record=record)
    chosen.refuse_beside(run)
    return finished(
        _follow_up(
            "retry", run, by, why, going_on(store=store, tools=tools, as_json=as_json, world=world, record=record)
        )
    )


def rollback(
    run: RunIfOne = None,
    *,
    graph: OfGraph = None,
    status: OfStatus = None,
    label: OfLabel = None,
    older_than: OlderThan = None,
    limit: AtMost = None,
    plan: PlanOnly = False,
    yes: Yes = False,
    by: By = "",
    why: Why = "",
    world: World = LIVE,
    record: RecordMore = None,
    tools: Tools = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Take back what ended runs did, as new runs."""
    chosen = Chosen(graph=graph, status=status, label=label, older_than=older_than, limit=limit, plan=plan, yes=yes)
    if run is None:
        return ask_many("rollback", chosen, by=by, why=why, store=store, as_json=as_json, world=world, record=record)
    chosen.refuse_beside(run)
    return finished(
        _follow_up(
            "rollback", run, by, why, going_on(store=store, tools=tools, as_json=as_json, world=world, record=record)
        )
    )


async def _follow_up(kind: str, run: str, by: str, why: str, on: Invocation) -> int:
    from interlock.cli.driving import drive
    from interlock.cli.opening import found_run, opened, who

    async with opened(on, must_exist=True) as interlock:
        ended = await found_run(interlock, run)
        follow_up = ended.retry if kind == "retry" else ended.rollback
        follower = await follow_up(by=who(by), why=why)
        return await drive(follower, on, wanted=frozenset({"succeeded" if kind == "retry" else "rolled_back"}))
