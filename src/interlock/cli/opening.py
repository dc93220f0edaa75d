"""Opening the client for a command: with the project's settings, and what was given on the command line."""

from __future__ import annotations

import dataclasses
import getpass
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from interlock.cli.failures import CommandError
from interlock.cli.invocation import Invocation
from interlock.core.problems import nearest
from interlock.embedded.handle import RunHandle
from interlock.embedded.interlock import Interlock
from interlock.embedded.sessions import labels_of
from interlock.engine.errors import RunNotFoundError, RunPrunedError
from interlock.settings import Configured, read_settings
from interlock.store.places import StorePlace
from interlock.store.postgres.address import PostgresAddress
from interlock.store.rows import RunRow
from interlock.tools.secrets import read_secrets

RUNS_SEARCHED_MAX = 1_000
"""Among how many of the latest runs the beginning of an id is looked for."""


class StoreMissing(CommandError):
    """Nothing was ever run here."""

    def __init__(self, place: StorePlace) -> None:
        super().__init__(f"nothing was run here yet: there is no store {place} (--store names another)")


def configured(
    *, store: str | None = None, tools: Sequence[str] | None = None, more: Mapping[str, Any] | None = None
) -> Configured:
    """The settings in force; `more` flags are by dotted name."""
    return read_settings({"store": store, "tools": tuple(tools) if tools else None, **(more or {})})


def project_client(on: Invocation) -> Interlock:
    """The client of the project, not yet open."""
    found = configured(store=on.store, tools=on.tools)
    # Problems name a graph's file: what is below the folder one stands in is named from there.
    near = found.settings.model_copy(update={"graphs": _from_here(found.settings.graphs)})
    replaced = dataclasses.replace(found, settings=near)
    return Interlock.of_project(replaced, os.environ, world=on.world, record=on.record, adds_to_record=on.adds)


def _client_without_tools(store: str | None) -> Interlock:
    found = configured(store=store)
    return Interlock(found.settings.store, limits=found.settings.limits)


def _from_here(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


@asynccontextmanager
async def opened(on: Invocation, *, must_exist: bool = False) -> AsyncGenerator[Interlock]:
    """The client of the project, open. With `must_exist` no store is made where there is none."""
    if must_exist:
        _refuse_missing(configured(store=on.store))
    client = project_client(on) if on.drives else _client_without_tools(on.store)
    async with client as interlock:
        yield interlock


@asynccontextmanager
async def looked_at(run: str, store: str | None) -> AsyncGenerator[RunHandle]:
    """A run that is only looked at: the project's tools are not loaded for that."""
    async with looked_at_all(store) as interlock:
        yield await found_run(interlock, run)


@asynccontextmanager
async def looked_at_all(store: str | None) -> AsyncGenerator[Interlock]:
    """Every run there is, only to be looked at."""
    _refuse_missing(configured(store=store))
    async with _client_without_tools(store) as interlock:
        yield interlock


@asynccontextmanager
async def opened_to_keep(store: str | None) -> AsyncGenerator[Interlock]:
    """The place where runs are kept, made if it is not there: something comes to it that is not run here."""
    async with _client_without_tools(store) as interlock:
        yield interlock


@asynccontextmanager
async def opened_for_sinks(store: str | None) -> AsyncGenerator[Interlock]:
    """The client of a project whose events are to leave: sinks and secrets are there, tools are not."""
    found = configured(store=store)
    _refuse_missing(found)
    secrets = read_secrets(os.environ, found.settings.secrets)
    client = Interlock(found.settings.store, secrets=secrets, sinks=found.settings.sinks, folder=found.project)
    async with client as interlock:
        yield interlock


async def latest_runs(
    *,
    store: str | None = None,
    status: str | None = None,
    graph: str | None = None,
    session: str | None = None,
    limit: int,
) -> list[RunRow]:
    """Runs, the newest first; none where nothing was ever run. A store that was named has to be there."""
    place = configured(store=store).settings.store
    if not _is_there(place):
        if store is not None:
            raise StoreMissing(place)
        return []
    async with Interlock(place) as interlock:
        if session is None:
            return await interlock.runs(status=status, graph=graph, limit=limit)
        statuses = () if status is None else (status,)
        labels = labels_of(session, {})
        chosen = interlock.selected(graph=graph, statuses=statuses, labels=labels, limit=limit)
        return [row async for row in chosen.rows()]


async def found_run(interlock: Interlock, text: str) -> RunHandle:
    """The one run that is meant by an id, or by the beginning of one."""
    try:
        return await interlock.open(text)
    except RunPrunedError:
        raise
    except RunNotFoundError:
        ids = [row.run for row in await interlock.runs(limit=RUNS_SEARCHED_MAX)]
    meant = [run for run in ids if text and run.startswith(text)]
    match meant:
        case [run]:
            return await interlock.open(run)
        case []:
            raise RunNotFoundError(text, meant=nearest(text, ids))
        case _:
            raise CommandError(f"several runs begin with {text}: {', '.join(meant[:5])}; give more of the id")


async def run_under_key(interlock: Interlock, key: str) -> RunHandle:
    """The run that was started under a key."""
    handle = await interlock.find_by_key(key)
    if handle is None:
        raise CommandError(f"no run was started under the key {key!r}: see `interlock runs`")
    return handle


def who(by: str) -> str:
    """Who says something: as given, else the name under which the person is logged in."""
    if by:
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody"


def existing_store(store: str | None) -> StorePlace:
    """Where the store is that the settings name; it is not opened. Raises `StoreMissing`."""
    found = configured(store=store)
    _refuse_missing(found)
    return found.settings.store


def _refuse_missing(place: Configured) -> None:
    if not _is_there(place.settings.store):
        raise StoreMissing(place.settings.store)


def was_never_used(store: str | None) -> bool:
    """Whether nothing was ever run in the project. A store that was named has to be there, and is opened."""
    return store is None and not _is_there(configured().settings.store)


def _is_there(store: StorePlace) -> bool:
    """Whether runs may be in it. To open an empty file would make it a store, and who looks changes nothing."""
    if isinstance(store, PostgresAddress):
        return True  # only the server could tell
    return store.exists() and (not store.is_file() or store.stat().st_size > 0)
