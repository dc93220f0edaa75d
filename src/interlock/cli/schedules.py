"""`schedules`: the triggers of released graphs, when they fire next and what they started; pausing and firing one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from interlock.cli.failures import ExitCode
from interlock.cli.invocation import Invocation, finished
from interlock.cli.options import AsJson, By, Store, Why

if TYPE_CHECKING:
    from interlock.engine.triggers.trigger_requests import TriggerView

app = typer.Typer(help="The triggers of released graphs.", no_args_is_help=False)

TriggerName: TypeAlias = Annotated[str, typer.Argument(metavar="GRAPH/NAME", help="A trigger of a released graph.")]


@app.callback(invoke_without_command=True)
def schedules(context: typer.Context, *, store: Store = None, as_json: AsJson = False) -> int:
    """List the triggers of released graphs: when each fires next, and what it started last."""
    if context.invoked_subcommand is not None:
        return ExitCode.SUCCEEDED
    return finished(_listed(Invocation(store=store, as_json=as_json, drives=False)))


async def _listed(on: Invocation) -> int:
    from interlock.cli.opening import looked_at_all
    from interlock.cli.output import print_json
    from interlock.showing.json import plain_data
    from interlock.showing.triggers import trigger

    async with looked_at_all(on.store) as interlock:
        views = await interlock.triggers.listed()
    if on.as_json:
        print_json({"triggers": [plain_data(trigger(view)) for view in views]})
    else:
        _print(views)
    return ExitCode.SUCCEEDED


@app.command()
def pause(trigger: TriggerName, *, by: By = "", why: Why = "", store: Store = None, as_json: AsJson = False) -> int:
    """Start nothing until it is resumed; what falls due meanwhile is passed over."""
    return finished(_pause(trigger, by, why, Invocation(store=store, as_json=as_json, drives=False)))


async def _pause(trigger: str, by: str, why: str, on: Invocation) -> int:
    from interlock.cli.opening import looked_at_all, who

    async with looked_at_all(on.store) as interlock:
        await interlock.triggers.pause(trigger, by=who(by), why=why)
    return _tell({"trigger": trigger, "is_paused": True}, f"{trigger} is paused", on)


@app.command()
def resume(trigger: TriggerName, *, store: Store = None, as_json: AsJson = False) -> int:
    """Go on from now."""
    return finished(_resume(trigger, Invocation(store=store, as_json=as_json, drives=False)))


async def _resume(trigger: str, on: Invocation) -> int:
    from interlock.cli.opening import looked_at_all

    async with looked_at_all(on.store) as interlock:
        await interlock.triggers.resume(trigger)
    return _tell({"trigger": trigger, "is_paused": False}, f"{trigger} goes on", on)


@app.command()
def fire(
    trigger: TriggerName,
    *,
    data: Annotated[
        str | None, typer.Option("--data", metavar="JSON|-", help="What the event says, for an event trigger.")
    ] = None,
    by: By = "",
    why: Why = "",
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Start a run by hand, whatever else runs. A worker takes it up, or `interlock resume`."""
    from interlock.cli.inputs import read_json

    value = None if data is None else read_json(data, "the data")
    return finished(_fire(trigger, value, by, why, Invocation(store=store, as_json=as_json, drives=False)))


async def _fire(trigger: str, data: Any, by: str, why: str, on: Invocation) -> int:  # noqa: ANN401 - JSON data
    from interlock.cli.opening import looked_at_all, who

    async with looked_at_all(on.store) as interlock:
        run = await interlock.triggers.fire(trigger, data, by=who(by), why=why)
    return _tell({"run": run}, f"{trigger} has started run {run}", on)


def _tell(told: dict[str, Any], text: str, on: Invocation) -> int:
    from interlock.cli.output import console, plain, print_json

    if on.as_json:
        print_json(told)
    else:
        console().print(plain(text), markup=False, soft_wrap=True)
    return ExitCode.SUCCEEDED


def _print(views: list[TriggerView]) -> None:
    from rich.text import Text

    from interlock.cli.narrow_table import Column, print_table
    from interlock.cli.output import console, plain

    out = console()
    if not views:
        out.print("no released graph has triggers")
        return
    columns = (
        Column("trigger"),
        Column("on", may_be_cut=True),
        Column("next"),
        Column("in UTC", leaves=3),
        Column("last run"),
        Column("overlap", leaves=2),
        Column("catch up", leaves=1),
        Column("", may_be_cut=True),
    )
    rows = [
        [
            Text(f"{view.graph}/{view.name}"),
            Text(plain(f"{view.kind} {view.what}")),
            *(Text(each) for each in _next(view)),
            Text(view.state.last.run if view.state.last else ""),
            Text(view.overlap),
            Text(view.catch_up),
            Text(plain(_note(view)), style="yellow"),
        ]
        for view in views
    ]
    print_table(out, columns, rows)


def _next(view: TriggerView) -> tuple[str, str]:
    """When it falls due next: where it is meant, and in UTC."""
    if view.next is None:
        return "", ""
    from datetime import UTC, datetime, timedelta
    from zoneinfo import ZoneInfo

    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=view.next)
    return f"{at.astimezone(ZoneInfo(view.zone)):%Y-%m-%d %H:%M} {view.zone}", f"{at:%Y-%m-%d %H:%M}"


def _note(view: TriggerView) -> str:
    state = view.state
    if state.paused is not None:
        return f"paused by {state.paused.by}" + (f": {state.paused.why}" if state.paused.why else "")
    if state.trouble:
        return state.trouble
    return f"{len(state.waiting)} wait" if state.waiting else ""
