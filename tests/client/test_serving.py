"""Serving a store: what can never work is refused at once, and not found out again every second."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from interlock import Interlock
from interlock.store import PlaceError
from tests.client.workshop import graph
from tests.store.event_loop import in_event_loop

NOBODY = 65_534
WITHIN_SECONDS = 20


@pytest.fixture
def open_folder() -> Generator[Path]:
    """A folder that everybody may look into, as pytest's own is not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@contextmanager
def without_privileges() -> Generator[None]:
    """Whoever may write everywhere is somebody for a while who may not."""
    before = os.geteuid()
    os.seteuid(NOBODY if before == 0 else before)
    try:
        yield
    finally:
        os.seteuid(before)


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
