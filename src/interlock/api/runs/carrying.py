"""Runs as signed files: downloaded as they are made, and verified and kept as they arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from interlock.api.answers import answers, told
from interlock.api.desks import ActsOnRuns, ReadsRuns
from interlock.api.raw_bodies import ANY_BODY, BYTES, received
from interlock.api.runs.looking import RunId
from interlock.audit.signing_key import ALGORITHM, public_pem
from interlock.embedded.jobs.kinds import RUN_FILE_TYPE
from interlock.showing.jobs import run_file_found
from interlock.wire.jobs import RunFileFound, Signer

router = APIRouter(tags=["runs"])

EXPORTED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The file, as it is made.", "content": {RUN_FILE_TYPE: BYTES}}
}
Trust = Annotated[
    list[Annotated[str, Query(pattern="^[0-9a-f]{64}$")]] | None,
    Query(max_length=20, description="The fingerprints of keys, one of which has to have signed it."),
]


@router.get("/runs/{run_id}/export", status_code=200, responses=EXPORTED)
async def export_run(run_id: RunId, desk: ReadsRuns) -> Response:
    """The run in one signed file, with its events, decisions, graph and values, to be verified anywhere."""
    desk.refuse_unless("read", "artifacts")
    pieces = aiter(await (await desk.interlock.open(run_id)).export())
    first = await anext(pieces)  # what keeps it from being exported at all is told, and breaks off no file
    return StreamingResponse(
        _sent(first, pieces),
        media_type=RUN_FILE_TYPE,
        headers={"content-disposition": f'attachment; filename="{run_id}.run.tar"'},
    )


@router.post(
    "/runs/imports",
    openapi_extra=ANY_BODY,
    **answers(
        RunFileFound, "The file is sound, and its run is kept.", status=201, also={200: "Nothing of it was kept now."}
    ),
)
async def import_run(
    request: Request,
    desk: ActsOnRuns,
    trust: Trust = None,
    keep: Annotated[bool, Query(description="Or only verify it.")] = True,
) -> Response:
    """Verify a run's file and keep the run, to be looked at and replayed. It is never driven on here."""
    desk.refuse_unless("act", "artifacts")
    files, bytes_max = desk.interlock.run_files, desk.reception.settings.upload_bytes
    if not keep:
        verified = await files.verify(received(request), trust=trust or (), bytes_max=bytes_max)
        known = [signer for signer in verified.signers if signer in (trust or ())]
        return told(run_file_found(verified, trusted=known, kept=False))
    imported = await files.import_run(received(request), by=desk.caller.name, trust=trust or (), bytes_max=bytes_max)
    shown = run_file_found(imported.verified, trusted=imported.trusted, kept=True, events_added=imported.events_added)
    where = {"location": f"/v1/runs/{imported.run}"}
    return told(shown, status=201 if imported.events_added else 200, headers=where)


@router.get("/signer", **answers(Signer, "The key, and its fingerprint."))
async def get_signer(desk: ReadsRuns) -> Response:
    """With which key this installation signs: whoever gets its files compares the fingerprint."""
    key = await desk.interlock.run_files.signing_key()
    return told(Signer(algorithm=ALGORITHM, fingerprint=key.fingerprint, public_key=public_pem(key.public)))


async def _sent(first: bytes, others: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in others:
        yield piece
