"""`interlock sinks …`: where events leave for, how far each sink has been told, and what is held back from it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from interlock.cli.failures import CommandError, ExitCode
from interlock.cli.invocation import finished
from interlock.cli.options import AsJson, By, Store, Why

if TYPE_CHECKING:
    from interlock.embedded.sinks import Sinks
    from interlock.engine.relaying.sink_reports import SinkReport

app = typer.Typer(help="Where events leave for: how far each sink has been told, and what troubles it.")

SinkArgument: TypeAlias = Annotated[str, typer.Argument(metavar="SINK", help="A sink, as the settings name it.")]


@app.callback(invoke_without_command=True)
def sinks(context: typer.Context, *, store: Store = None, as_json: AsJson = False) -> int:
    """List the sinks: what each was told last, how far it lags behind, and what troubles it."""
    return ExitCode.SUCCEEDED if context.invoked_subcommand else finished(_list(store, as_json=as_json))


async def _list(store: str | None, *, as_json: bool) -> int:
    async with _sinks(store) as declared:
        _tell(await declared.reports(), store, as_json=as_json)
    return ExitCode.SUCCEEDED


@app.command()
def deliver(
    sink: Annotated[str | None, typer.Argument(metavar="[SINK]", help="One sink. Else all of them.")] = None,
    *,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Tell sinks everything they have not been told, once, from here. A worker does so all the time."""
    return finished(_deliver(sink, store, as_json=as_json))


async def _deliver(sink: str | None, store: str | None, *, as_json: bool) -> int:
    async with _sinks(store) as declared:
        names = [report.name for report in await declared.reports()] if sink is None else [sink]
        reports = [await declared.deliver(name) for name in names]
        _tell(reports, store, as_json=as_json)
    is_told = all(report.progress.failures == 0 and not report.held for report in reports)
    return ExitCode.SUCCEEDED if is_told else ExitCode.NOT_SUCCEEDED


@app.command()
def resend(
    sink: SinkArgument,
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]…", help="Runs that are held back. Else all of them.")
    ] = None,
    *,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Give up the refused event, and send those behind it.")
    ] = False,
    by: By = "",
    why: Why = "",
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Send again what a sink has refused, and what was held back behind it."""
    if leave_out and not (runs and why):
        raise CommandError("--leave-out gives up events: name the runs, and say --why")
    return finished(_resend(sink, runs or [], leave_out=leave_out, by=by, why=why, store=store, as_json=as_json))


async def _resend(
    sink: str, runs: list[str], *, leave_out: bool, by: str, why: str, store: str | None, as_json: bool
) -> int:
    from interlock.cli.opening import who
    from interlock.cli.output import console, print_json

    results: list[dict[str, Any]] = []
    async with _sinks(store) as declared:
        for run in runs or list((await declared.report(sink)).held):
            again = declared.leave_out(sink, run, by=who(by), why=why) if leave_out else declared.resend(sink, run)
            results.append({"run": run} | await _outcome(again))
    if as_json:
        print_json({"sink": sink, "resent": results})
    else:
        for result in results:
            told = result["error"] or f"{result['events']} events sent"
            console().print(f"{result['run']}  {told}", markup=False, soft_wrap=True)
        if not results:
            console().print(f"nothing is held back from {sink}", markup=False)
    return ExitCode.NOT_SUCCEEDED if any(result["error"] for result in results) else ExitCode.SUCCEEDED


async def _outcome(again: Any) -> dict[str, Any]:  # noqa: ANN401 - a coroutine of either kind
    from interlock.sinks.errors import SinkError

    try:
        return {"events": await again, "error": ""}
    except SinkError as error:
        return {"events": 0, "error": str(error)}


@asynccontextmanager
async def _sinks(store: str | None) -> AsyncGenerator[Sinks]:
    from interlock.cli.opening import opened_for_sinks

    async with opened_for_sinks(store) as interlock:
        yield interlock.sinks


# --- telling ---------------------------------------------------------------------------------------------------------


def _tell(reports: list[SinkReport], store: str | None, *, as_json: bool) -> None:
    from interlock.cli.output import console, plain, print_json
    from interlock.cli.sink_table import print_sinks
    from interlock.showing.json import plain_data
    from interlock.showing.sinks import sink

    if as_json:
        print_json({"sinks": [plain_data(sink(report)) for report in reports]})
    elif reports:
        print_sinks(console(), reports, store=store, now=time.time_ns() // 1_000)
    else:
        console().print(plain("no sinks: name some under [sinks] in interlock.toml"), markup=False)
