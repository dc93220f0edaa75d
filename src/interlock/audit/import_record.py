"""What is on record of an import: who signed the file, who was trusted, when it was kept and by whom.

The signatures are kept, so that the run's file can be made again with them: whoever is given that one need not trust
whoever passed it on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Final, Self

import msgspec
from msgspec import Struct

from interlock.audit.manifest import Signature
from interlock.audit.run_file import VerifiedFile
from interlock.store.records import Records

IMPORT_KIND: Final = "import"
"""The kind of the records; the key is the run."""


class ImportRecord(Struct, frozen=True, kw_only=True):
    """How a run came here."""

    run: str
    tenant: str
    """Whose it was where it ran."""
    events: int
    """How many events the file held."""
    manifest: str
    """The SHA-256 of the file's manifest."""
    signatures: tuple[Signature, ...]
    trusted: tuple[str, ...]
    """Those of the signers that were trusted. None, if nobody was named: then the signer is whoever made the key."""
    at: int
    by: str

    @classmethod
    def of(cls, verified: VerifiedFile, *, at: int, by: str, trusted: Collection[str]) -> Self:
        """The record of keeping a file now."""
        return cls(
            run=verified.manifest.run,
            tenant=verified.manifest.tenant,
            events=verified.manifest.events,
            manifest=sha256(verified.written).hexdigest(),
            signatures=verified.signatures,
            trusted=tuple(signer for signer in verified.signers if signer in trusted),
            at=at,
            by=by,
        )

    def signed(self, manifest: bytes) -> Sequence[Signature]:
        """The signatures that came with the run, if it is the same manifest that they are of."""
        return self.signatures if sha256(manifest).hexdigest() == self.manifest else ()


async def note_import(records: Records, tenant: str, record: ImportRecord) -> None:
    """Put an import on record, unless one of the same or of a longer file is."""
    before = await find_import(records, tenant, record.run)
    if before is None or before.events < record.events or (record.trusted and not before.trusted):
        await records.put(tenant, IMPORT_KIND, record.run, msgspec.msgpack.encode(record))


async def find_import(records: Records, tenant: str, run: str) -> ImportRecord | None:
    """How a run came here, if it was imported."""
    record = await records.find(tenant, IMPORT_KIND, run)
    return None if record is None else msgspec.msgpack.decode(record.data, type=ImportRecord)
