"""`release`, `releases`, `migrate`: versions of a graph behind its name, and runs moved from one to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlock.cli.completion import graph_names
from interlock.cli.failures import CommandError, ExitCode
from interlock.cli.invocation import Invocation, finished
from interlock.cli.options import AsJson, By, GraphArgument, Run, Store, Tools, Why

if TYPE_CHECKING:
    from interlock.engine.releasing.releases import Release, ReleaseHistory


def release(
    graph: GraphArgument,
    *,
    back: Annotated[bool, typer.Option("--back", help="Return to the version before the one in force.")] = False,
    preflight: Annotated[
        bool,
        typer.Option("--preflight", help="Publish nothing; say what changes, and which runs could be moved."),
    ] = False,
    by: By = "",
    why: Why = "",
    tools: Tools = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Release a graph: from now on its name means this version. Runs in flight stay on theirs.

    With --preflight, exit code 1 says that a run in flight would break if it were moved, or lacks a tool.
    """
    from interlock.cli.preflighting import look_ahead

    on = Invocation(store=store, tools=tools, as_json=as_json)
    if preflight and back:
        raise CommandError("--preflight looks at a graph that is to be released: leave out --back")
    if preflight:
        return finished(look_ahead(graph, on))
    return finished(_go_back(graph, by, why, on) if back else _release(graph, by, why, on))


async def _release(graph: str, by: str, why: str, on: Invocation) -> int:
    from interlock.cli.opening import opened, who

    async with opened(on) as interlock:
        published = await interlock.release(graph, by=who(by), why=why)
        history = await interlock.releases_of(interlock.check(graph).accepted()[0].name)
    is_said = "is released as" if published.is_new else "is in force already as"
    return _told(history, published.release, is_said, on)


async def _go_back(graph: str, by: str, why: str, on: Invocation) -> int:
    from interlock.cli.opening import opened, who
    from interlock.embedded.graphs import is_graph_name

    if not is_graph_name(graph):
        raise CommandError(f"--back goes by the graph's name, and {graph} is a file")
    async with opened(Invocation(store=on.store, as_json=on.as_json, drives=False), must_exist=True) as interlock:
        entry = await interlock.release_before(graph, by=who(by), why=why)
        history = await interlock.releases_of(graph)
    return _told(history, entry, f"is back at version {entry.back_to}, as", on)


def _told(history: ReleaseHistory, entry: Release, is_said: str, on: Invocation) -> int:
    from interlock.cli.output import console, plain, print_json

    if on.as_json:
        print_json(_as_json(history, entry))
    else:
        console().print(plain(f"{history.graph} {is_said} version {entry.version}"), markup=False, soft_wrap=True)
    return ExitCode.SUCCEEDED


def migrate(
    run: Run,
    *,
    to: Annotated[
        str, typer.Option("--to", metavar="VERSION|GRAPH|HASH", help="A released version, a graph, or a bundle's hash.")
    ],
    plan: Annotated[bool, typer.Option("--plan", help="Only tell whether it could.")] = False,
    by: By = "",
    why: Why = "",
    tools: Tools = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """Move a run in flight to another bundle of its graph, if that would have brought it to where it stands."""
    on = Invocation(store=store, tools=tools, as_json=as_json)
    return finished(_migration_plan(run, to, on) if plan else _migrate(run, to, by, why, on))


async def _migrate(run: str, to: str, by: str, why: str, on: Invocation) -> int:
    from interlock.cli.driving import print_recorded
    from interlock.cli.opening import found_run, opened, who
    from interlock.cli.output import console

    async with opened(on, must_exist=True) as interlock:
        handle = await found_run(interlock, run)
        version = await interlock.version_meant(handle.id, to)
        submitted = await interlock.migrate(handle.id, to, by=who(by), why=why)
        if not on.as_json:
            console().print(f"run {handle.id} is to go on on {_called(version)}", markup=False, soft_wrap=True)
        return await print_recorded(handle, submitted, on, also={"to": version})


def _called(version: str) -> str:
    return f"the {version}" if version == "draft" else version


async def _migration_plan(run: str, to: str, on: Invocation) -> int:
    from interlock.cli.opening import found_run, opened
    from interlock.cli.output import console, plain, print_json
    from interlock.showing.json import plain_data
    from interlock.showing.releases import migration_plan

    async with opened(on, must_exist=True) as interlock:
        handle = await found_run(interlock, run)
        obstacle = await interlock.why_not_migrate(handle.id, to)
        version = await interlock.version_meant(handle.id, to)
    if on.as_json:
        print_json(plain_data(migration_plan(handle.id, version, obstacle)))
    else:
        called = _called(version)
        outlook = f"could migrate to {called}" if obstacle is None else f"would break on {called}: {obstacle.told}"
        console().print(plain(f"run {handle.id} {outlook}"), markup=False, soft_wrap=True)
    return ExitCode.SUCCEEDED if obstacle is None else ExitCode.NOT_SUCCEEDED


def releases(
    graph: Annotated[
        str | None,
        typer.Argument(
            metavar="[GRAPH]", help="A graph's name; without one, of every graph.", autocompletion=graph_names
        ),
    ] = None,
    *,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """List what was released of a graph, the newest first: versions, who, when and why."""
    return finished(_releases(graph, Invocation(store=store, as_json=as_json, drives=False)))


async def _releases(graph: str | None, on: Invocation) -> int:
    from interlock.cli.opening import looked_at_all
    from interlock.cli.output import print_json
    from interlock.engine.errors import NoReleaseError

    async with looked_at_all(on.store) as interlock:
        histories = [await interlock.releases_of(graph)] if graph else await interlock.releases()
    if graph and not histories[0].releases:
        raise NoReleaseError(graph)
    entries = [(history, entry) for history in histories for entry in reversed(history.releases)]
    if on.as_json:
        print_json({"releases": [_as_json(history, entry) for history, entry in entries]})
    else:
        _print(entries)
    return ExitCode.SUCCEEDED


def _as_json(history: ReleaseHistory, entry: Release) -> dict[str, Any]:
    from interlock.showing.json import plain_data
    from interlock.showing.releases import version_row

    return plain_data(version_row(history, entry))


def _print(entries: list[tuple[ReleaseHistory, Release]]) -> None:
    from rich.text import Text

    from interlock.cli.narrow_table import Column, print_table
    from interlock.cli.output import console, plain
    from interlock.engine.telling.events_in_words import instant

    out = console()
    if not entries:
        out.print("nothing was released yet")
        return
    columns = (
        Column("graph"),
        Column("version"),
        Column(""),
        Column("hash", leaves=2),
        Column("released", leaves=1),
        Column("by", may_be_cut=True),
        Column("why", may_be_cut=True, leaves=3),
    )
    print_table(
        out,
        columns,
        [
            [
                Text(plain(history.graph)),
                Text(str(entry.version) + (f", back to {entry.back_to}" if entry.back_to else "")),
                Text("in force" if entry == history.in_force else "", style="green"),
                Text(entry.graph_hash[:12], style="dim"),
                Text(instant(entry.at)),
                Text(plain(entry.by)),
                Text(plain(entry.why), style="dim"),
            ]
            for history, entry in entries
        ],
    )
