"""Runs as signed files: made here, and verified and kept where they arrive. It works while its `Interlock` is open.

What stands in a file, and what is found wrong with one, is for `interlock.audit`. Here it is said where a file comes
from, who signs for this installation, and that what was given up here on purpose does not come back by a file.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from interlock.audit.errors import NotImportedError
from interlock.audit.exporting import Progress, RunExport, unsigned, untold
from interlock.audit.file_at_hand import RunFileSource, file_at_hand
from interlock.audit.import_record import ImportRecord, find_import
from interlock.audit.importing import ImportedRun, import_run, verified_file
from interlock.audit.kept_key import signing_key
from interlock.audit.run_file import VerifiedFile
from interlock.audit.signing_key import SigningKey
from interlock.audit.trusting import trusted_fingerprint
from interlock.engine.engine import Engine
from interlock.engine.retaining.pruning import find_pruned
from interlock.engine.telling.events_in_words import instant
from interlock.tenancy.tenant import PLATFORM


class RunFiles:
    """The run files of an `Interlock`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def signing_key(self) -> SigningKey:
        """The key with which this installation signs; it is made when it is first asked for."""
        return await signing_key(self._engine.store.records, tenant=PLATFORM, random_bytes=secrets.token_bytes)

    async def export(self, run: str, *, progress: Progress = untold) -> RunExport:
        """The run's file: iterate over it to get its bytes, piece by piece, as they are made.

        Of a run that goes on, it holds what is on record when that begins. The same record gives the same bytes.
        `progress` is told what is done, how much of it, and how much there is.
        """
        engine = self._engine
        await engine.row(run)
        key, brought = await self.signing_key(), await self.find_import(run)
        return RunExport(
            engine.store,
            key,
            tenant=engine.tenant,
            run=run,
            signed=brought.signed if brought else unsigned,
            progress=progress,
        )

    async def verify(
        self,
        source: RunFileSource,
        *,
        trust: Iterable[str] = (),
        bytes_max: int | None = None,
        progress: Progress = untold,
    ) -> VerifiedFile:
        """What a file holds, once all of it was found as it was signed; nothing is kept of it.

        `trust` names keys, by fingerprint or by a file with the public key: one of them has to have signed it. Without
        any, the file is known to be whole, and its signer to be whoever has made the key.
        Raises `RunFileError`, `UntrustedSignerError` or `RunFileTooLongError`.
        """
        trusted = [trusted_fingerprint(named) for named in trust]
        async with file_at_hand(source, bytes_max=bytes_max) as file:
            return await verified_file(file, trusted=trusted, progress=progress)

    async def import_run(
        self,
        source: RunFileSource,
        *,
        by: str = "",
        trust: Iterable[str] = (),
        bytes_max: int | None = None,
        progress: Progress = untold,
    ) -> ImportedRun:
        """Verify a file and keep its run, as a record that is looked at and replayed, and never driven on.

        The same file again changes nothing; a longer one of the same run is kept on. `trust` as for `verify`.
        Raises what that raises, and `NotImportedError`.
        """
        trusted = [trusted_fingerprint(named) for named in trust]
        engine = self._engine
        async with file_at_hand(source, bytes_max=bytes_max) as file:
            verified = await verified_file(file, trusted=trusted, progress=progress)
            await self._refuse_given_up(verified.manifest.run)
            return await import_run(
                engine.store,
                file,
                verified,
                tenant=engine.tenant,
                by=by,
                at=engine.now(),
                trusted=trusted,
                progress=progress,
            )

    async def find_import(self, run: str) -> ImportRecord | None:
        """How a run came here, if it was imported: who has signed it, who was trusted, when and by whom."""
        return await find_import(self._engine.store.records, self._engine.tenant, run)

    async def _refuse_given_up(self, run: str) -> None:
        pruned = await find_pruned(self._engine, run)
        if pruned is not None and pruned.what == "runs":
            why = f" ({pruned.why})" if pruned.why else ""
            told = f"it was given up here at {instant(pruned.at)} by {pruned.by}{why}, and does not come back by a file"
            raise NotImportedError(run, f"{told}; import it into another store")
