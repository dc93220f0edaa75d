"""Serving a store: what can never work is refused at once, and not found out again every second."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from pathlib import Path

import pytest

from interlock import Interlock
from interlock.store import PlaceError
from tests.client.workshop import graph
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
