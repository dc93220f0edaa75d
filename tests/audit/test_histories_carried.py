"""Runs of every kind, recorded by earlier releases, are carried elsewhere and on, and stay what they are."""

from __future__ import annotations

import io
from hashlib import sha256

import pytest

from interlock import Interlock
from interlock.audit import RunExport, SigningKey, verify_file
from interlock.audit.manifest import SIGNATURES
from interlock.audit.tar_parts import Part, read_parts
from interlock.store import EventStore, ImportedPage
from interlock.store.memory.store import MemoryEventStore
from interlock.store.sealing import CHAIN_START, unseal
from tests.audit.run_files import Carried, exported
from tests.histories.history import History, names, read_history
from tests.store.event_loop import in_event_loop

KEY = SigningKey(b"k" * 32)


WHOLE = [name for name in names() if name != "moved"]
"""Of the run that has moved to another bundle, the one before was not recorded."""


@pytest.fixture(params=WHOLE)
def history(request: pytest.FixtureRequest) -> History:
    """A run as it was recorded."""
    return read_history(request.param)


async def kept_in(store: EventStore, history: History) -> None:
    """The run as its store had it."""
    await store.put_bundle("local", sha256(history.bundle).hexdigest(), history.bundle)
    page = ImportedPage(
        tenant="local",
        run=history.run,
        imported_from="local",
        after=0,
        previous=CHAIN_START,
        sealed=history.events,
        events=[unseal(one) for one in history.events],
        status="running",
        blobs=history.blobs,
    )
    await store.imports.keep(page)


def unsigned(data: bytes) -> list[Part]:
    """All of a file that follows from the run alone."""
    return [part for part in read_parts(io.BytesIO(data)) if part.name != SIGNATURES]


@in_event_loop
async def test_a_run_of_any_kind_is_the_same_file_wherever_it_is_kept(history: History) -> None:
    """Loops, retries, undos, people, agents, forks: whatever a log can say."""
    async with MemoryEventStore(clock=lambda: 0) as store:
        await kept_in(store, history)
        export = RunExport(store, KEY, tenant="local", run=history.run)
        first = b"".join([piece async for piece in export])

    async with Interlock() as there:
        copy = await there.open((await there.run_files.import_run(Carried(first))).run)
        second = await exported(copy)

    assert unsigned(second) == unsigned(first)
    assert verify_file(io.BytesIO(second)).manifest.head == history.head.hex()
