"""What a run's file keeps on its way through every store: the bytes of its events, its values, its signatures."""

from __future__ import annotations

import io
from pathlib import Path

from interlock.audit import RunExport, SigningKey, find_import, import_run, verify_file
from interlock.audit.manifest import SIGNATURES
from interlock.audit.tar_parts import Part, read_parts
from interlock.store import EventStore, verify_chain
from tests.store.event_loop import in_event_loop
from tests.store.logs import NOON, owner
from tests.store.places import Place

RECORDED = Path(__file__).parents[1] / "audit" / "recorded" / "format-1.run.tar"
KEY = SigningKey(b"k" * 32)
AUDITOR = "auditor"


async def imported(store: EventStore) -> str:
    """The run that was recorded, kept in the auditor's place."""
    file = io.BytesIO(RECORDED.read_bytes())
    kept = await import_run(store, file, verify_file(file), tenant=AUDITOR, at=NOON, by="ann")
    return kept.run


def parts_of(data: bytes) -> list[Part]:
    """The parts of a file but for who has signed it."""
    return [part for part in read_parts(io.BytesIO(data)) if part.name != SIGNATURES]


async def exported(store: EventStore, run: str) -> bytes:
    """The run's file, as the auditor would send it on."""
    record = await find_import(store.records, AUDITOR, run)
    assert record is not None
    return b"".join([piece async for piece in RunExport(store, KEY, tenant=AUDITOR, run=run, signed=record.signed)])


@in_event_loop
async def test_a_run_of_another_tenant_is_kept_and_sent_on_as_it_came(place: Place) -> None:
    """Whoever is given it by the auditor can still hold it against the key of where it ran."""
    before = RECORDED.read_bytes()
    async with place.store() as store:
        run = await imported(store)
    async with place.store() as store:
        data = await exported(store, run)
        row = await store.get_run(AUDITOR, run)

    assert parts_of(data) == parts_of(before)
    assert set(verify_file(io.BytesIO(data)).signers) == {*verify_file(io.BytesIO(before)).signers, KEY.fingerprint}
    assert (row.tenant, row.imported_from, row.status, row.head.hex()) == (
        AUDITOR,
        "local",
        "succeeded",
        verify_file(io.BytesIO(before)).manifest.head,
    )


@in_event_loop
async def test_importing_again_changes_nothing(place: Place) -> None:
    """Not a row, not a value, not the record of who was trusted."""
    async with place.store() as store:
        run = await imported(store)
        record = await find_import(store.records, AUDITOR, run)
        before = await store.read_sealed(AUDITOR, run)

        await imported(store)

        assert await store.read_sealed(AUDITOR, run) == before
        assert await find_import(store.records, AUDITOR, run) == record


@in_event_loop
async def test_the_chain_and_every_value_verify_where_they_are_kept(place: Place) -> None:
    """The headers name another tenant, and the values were named under another key."""
    async with place.store() as store:
        run = await imported(store)
        row = await store.get_run(AUDITOR, run)
        digests = [part.name[6:70] for part in parts_of(RECORDED.read_bytes()) if part.name.startswith("blobs/")]

        assert verify_chain(await store.read_sealed(AUDITOR, run), head=row.head) is None
        assert len(await store.blobs(AUDITOR, digests)) == len(digests) == 2
        assert await store.claim_runs(owner=owner(1), limit=10) == []
