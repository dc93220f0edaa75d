"""An empty folder, as it is after `mkdir`: no settings, no models, nothing of a project's own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from interlock import Interlock, RunResult
from interlock.core.events import Event
from interlock.settings import read_settings
from tests.examples.project import texts_in


class Played(NamedTuple):
    """A run as it ended or rests, and all that happened in it."""

    result: RunResult
    events: list[Event]


def interlock_in(folder: Path) -> Interlock:
    """What the command line would open there, with what `interlock.toml` says where there is one."""
    return Interlock.of_project(read_settings(environment={}, folder=folder), {})


def run_in(folder: Path, graph: str, inputs: Mapping[str, Any]) -> RunResult:
    """A graph that is known there by name, run to where it rests."""
    return played_in(folder, graph, inputs).result


def played_in(folder: Path, graph: str, inputs: Mapping[str, Any], *, says: str = "") -> Played:
    """The same with its events. What is said is the answer to the one question that is asked on the way."""
    return asyncio.run(_played(folder, graph, inputs, [says] if says else []))


async def _played(folder: Path, graph: str, inputs: Mapping[str, Any], says: list[str]) -> Played:
    async with interlock_in(folder) as interlock:
        handle = await interlock.start(graph, inputs)
        result = await handle.wait_while_moving()
        for words in says:
            (question,) = await interlock.questions()
            await handle.answer(question.path, form={"answer": words}, by="a tester")
            result = await handle.wait_while_moving()
        return Played(result, [event async for event in handle.events()])


def files_of(folder: Path, run: str) -> dict[str, str]:
    """The texts in a run's workspace, by path."""
    return texts_in(folder / ".interlock" / "workspaces" / run / "files")
