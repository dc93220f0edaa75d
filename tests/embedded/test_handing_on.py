"""Runs that continue another one work on the files that it has left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from interlock import Interlock, RequestRefusedError, RunHandle
from interlock.tools.workspace import Workspaces
from tests.store.event_loop import in_event_loop

PATCH = "--- a/total.py\n+++ b/total.py\n@@ -1 +1 @@\n-TOTAL = 41\n+TOTAL = 42\n"
FIX: dict[str, Any] = {"tool": "apply_patch", "input": {"patch": PATCH}, "undo": {"tool": "revert_patch"}}
LOOK: dict[str, Any] = {"tool": "read_file", "input": {"path": "total.py"}, "after": "fix"}
MISSING: dict[str, Any] = {"tool": "read_file", "input": {"path": "notes.md"}, "after": "look"}


def graph(**nodes: dict[str, Any]) -> dict[str, Any]:
    """A graph that mends a file, and what else it does."""
    return {"graph": "mend", "nodes": {"fix": FIX, "look": LOOK, **nodes}}


@pytest.fixture(name="place")
def a_place(tmp_path: Path) -> Path:
    """Where runs are kept; beside it, the folder that is mended."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "total.py").write_text("TOTAL = 41\n")
    return tmp_path / "interlock.db"


async def ended(interlock: Interlock, place: Path, **nodes: dict[str, Any]) -> RunHandle:
    """A run of it that has ended."""
    run = await interlock.start(graph(**nodes), workspace=place.parent / "source")
    await run.ended()
    return run


def total_of(place: Path, run: RunHandle) -> str:
    """The file in the workspace of a run."""
    return (place.parent / "workspaces" / run.id / "files" / "total.py").read_text()


@in_event_loop
async def test_a_rollback_takes_back_what_the_run_has_left(place: Path) -> None:
    """In an empty workspace there would be nothing to take a patch out of; what was released stays to be looked at."""
    async with Interlock(place) as interlock:
        run = await ended(interlock, place)

        rollback = await run.rollback(by="ada")

        assert await rollback.ended() == "rolled_back"
        assert (total_of(place, run), total_of(place, rollback)) == ("TOTAL = 42\n", "TOTAL = 41\n")


@in_event_loop
async def test_a_retry_goes_on_with_the_files_of_what_it_takes_over(place: Path) -> None:
    """The patch is not applied again, so it has to be there."""
    async with Interlock(place) as interlock:
        run = await ended(interlock, place, notes=MISSING)

        retry = await run.retry(by="ada")
        await retry.ended()

        assert (await run.result()).status == "failed"
        assert total_of(place, retry) == "TOTAL = 42\n"


@in_event_loop
async def test_a_run_that_is_not_continued_leaves_no_second_workspace(place: Path) -> None:
    """A refusal leaves nothing behind that somebody would have to clear away."""
    async with Interlock(place) as interlock:
        run = await ended(interlock, place)
        rollback = await run.rollback(by="ada")
        await rollback.ended()

        with pytest.raises(RequestRefusedError):
            await run.rollback(by="bob")

        assert Workspaces(place.parent / "workspaces").runs() == sorted([run.id, rollback.id])
