"""Serving a store: what can never work is refused at once, and not found out again every second."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from pathlib import Path

import pytest

from interlock import Interlock
from interlock.agents import agent
from interlock.store import PlaceError
from tests.embedded.workshop import graph
from tests.privileges import folder_open_to_all, without_privileges
from tests.store.event_loop import in_event_loop

WITHIN_SECONDS = 20


@pytest.fixture
def open_folder() -> Generator[Path]:
    """A folder that everybody may look into."""
    with folder_open_to_all() as folder:
        yield folder


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o444, 0o777), (0o444, 0o555)])
def test_a_store_that_may_only_be_read_is_not_served(open_folder: Path, file_mode: int, folder_mode: int) -> None:
    """A worker that says that it works, and logs for ever that it cannot, is believed by whoever has started it."""
    place = open_folder / "interlock.db"
    ready: list[object] = []

    def protect() -> None:
        place.chmod(file_mode)
        open_folder.chmod(folder_mode)

    @in_event_loop
    async def story() -> None:
        async with Interlock(place) as interlock:
            await interlock.run_async(graph({"a": {"value": 1}}))
        protect()

        with without_privileges(), pytest.raises(PlaceError) as refused:
            async with asyncio.timeout(WITHIN_SECONDS):
                await Interlock(place).serve(asyncio.Event(), on_ready=ready.append)

        assert (refused.value.reason, ready) == ("read_only", [])
        assert str(refused.value) == f"{place}: the file can only be read: make it and its folder writable"

    story()


@in_event_loop
async def test_a_worker_that_serves_lets_agents_work(tmp_path: Path) -> None:
    """An agent is performed as a tool is: by whoever serves the store, and not only by who has started its run."""
    script = "agent: fixer\nturns:\n  - answer: {number: 42}\n"
    (tmp_path / "fixer.yaml").write_text(script, encoding="utf-8")
    fixer = agent("fixer", prompt="You fix.", output={"number": "integer"})
    script_of_all = {"providers": {"script": {"kind": "scripted", "path": "fixer.yaml"}}}
    models = script_of_all | {"pools": {"default": {"models": ["script/any"]}}}

    def process() -> Interlock:
        return Interlock(tmp_path / "interlock.db", agents=[fixer], models=models, folder=tmp_path)

    leaves = asyncio.Event()
    async with process() as interlock, asyncio.timeout(WITHIN_SECONDS):
        serving = asyncio.create_task(process().serve(leaves))
        run = await interlock.start(graph({"fix": {"agent": "fixer", "input": {}}}), detach=True)
        result = await run.wait()
        leaves.set()
        await serving

    assert (result.status, result.outputs) == ("succeeded", {"fix": {"number": 42}})
