"""`run` and `resume`: a run begins, or is taken up where it stands, and is driven from here until it rests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from interlock.cli.invocation import LIVE, Invocation, finished, going_on, refuse_taped
from interlock.cli.labels import read_labels
from interlock.cli.many import Chosen, ask_many
from interlock.cli.options import (
    PRIORITY_MAX,
    AsJson,
    AtMost,
    By,
    GraphArgument,
    OfGraph,
    OfLabel,
    OfStatus,
    OlderThan,
    PlanOnly,
    Record,
    RecordMore,
    RunIfOne,
    Store,
    Tools,
    Why,
    World,
    Yes,
)


def run(
    graph: GraphArgument,
    *,
    inputs: Annotated[
        str | None,
        typer.Option("--inputs", metavar="FILE|JSON|-", help="All inputs: a YAML or JSON file, JSON, or piped JSON."),
    ] = None,
    pairs: Annotated[
        list[str] | None,
        typer.Option(
            "-i",
            "--input",
            metavar="KEY=VALUE",
            help="One input; JSON if it reads as JSON, else text: n=3 is a number, n='\"3\"' is text.",
        ),
    ] = None,
    key: Annotated[
        str, typer.Option("--key", metavar="KEY", help="A name of your own: starting twice under it starts once.")
    ] = "",
    draft: Annotated[
        bool, typer.Option("--draft", help="Run the project's own graph, though a version of it is released.")
    ] = False,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", metavar="KEY=VALUE", help="By which runs are found and limited; may be given again."),
    ] = None,
    session: Annotated[
        str | None,
        typer.Option(
            "--session", metavar="NAME", help="The thread it belongs to: the agents of all its runs share a memory."
        ),
    ] = None,
    priority: Annotated[
        int,
        typer.Option(
            "--priority", metavar="N", min=-PRIORITY_MAX, max=PRIORITY_MAX, help="Where it waits: higher first."
        ),
    ] = 0,
    workspace: Annotated[
        Path | None,
        typer.Option(
            "--workspace",
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="What the run's own workspace begins as: a copy of this folder.",
        ),
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Only start it: whichever worker takes it drives it.")
    ] = False,
    by: By = "",
    world: World = LIVE,
    record: Record = None,
    tools: Tools = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Run a graph and show it while it runs.

    A name means the released version, if there is one, else the project's graph; a file is always a draft.
    Exit codes: 0 it succeeded, 1 it did not, 2 wrong usage or an invalid graph or input, 3 only people or an event can
    move it on. Ctrl-C lets the run go; `interlock resume` goes on with it.
    """
    from interlock.cli.inputs import read_inputs

    on = Invocation(store=store, tools=tools, as_json=as_json, world=world, record=record)
    if detach:
        refuse_taped(world=world, record=record)
    begins = Begins(
        inputs=read_inputs(inputs, pairs or ()),
        key=key,
        labels=_labels(session, label or ()),
        priority=priority,
        workspace=workspace,
    )
    return finished(_run(graph, begins, by=by, draft=draft, detach=detach, on=on))


def _labels(session: str | None, written: Iterable[str]) -> dict[str, str]:
    from interlock.cli.failures import CommandError
    from interlock.embedded.sessions import labels_of

    if session == "":  # a variable of a script, perhaps, that is not set: its agents would remember nobody
        raise CommandError("a session has a name, and that of --session is empty: leave it out for a run without one")
    try:
        return labels_of(session or "", read_labels(written))
    except ValueError as problem:
        raise CommandError(str(problem)) from problem


class Begins(NamedTuple):
    """What a run begins with."""

    inputs: dict[str, Any]
    key: str
    labels: dict[str, str]
    priority: int
    workspace: Path | None


async def _run(graph: str, begins: Begins, *, by: str, draft: bool, detach: bool, on: Invocation) -> int:
    from interlock.cli.driving import drive, tell_started
    from interlock.cli.known_run import known_run, tell_known
    from interlock.cli.opening import opened, who

    async with opened(on) as interlock:
        handle = await interlock.start(
            graph,
            begins.inputs,
            key=begins.key,
            labels=begins.labels,
            priority=begins.priority,
            workspace=begins.workspace,
            by=who(by),
            draft=draft,
            detach=detach,
        )
        known = await known_run(handle, begins.inputs)
        if known is not None and not on.as_json:
            tell_known(known)
        return await (tell_started(handle, on, known=known) if detach else drive(handle, on, known=known))


def resume(
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
    """Go on with a run: take up one whose process has gone, and end its pause if it is paused.

    Of many, the pauses are ended, and whoever looks for work drives the runs on.
    """
    chosen = Chosen(graph=graph, status=status, label=label, older_than=older_than, limit=limit, plan=plan, yes=yes)
    if run is None:
        return ask_many("resume", chosen, by=by, why=why, store=store, as_json=as_json, world=world, record=record)
    chosen.refuse_beside(run)
    return finished(
        _resume(run, by, why, going_on(store=store, tools=tools, as_json=as_json, world=world, record=record))
    )


async def _resume(run: str, by: str, why: str, on: Invocation) -> int:
    from interlock.cli.driving import drive
    from interlock.cli.opening import found_run, opened, who

    async with opened(on, must_exist=True) as interlock:
        handle = await found_run(interlock, run)
        row = await handle.row()
        if row.status == "paused":
            await handle.resume(by=who(by), why=why)
        elif row.ended_at is None:
            handle = await interlock.take_up(handle.id)
        return await drive(handle, on, after=row.seq)
