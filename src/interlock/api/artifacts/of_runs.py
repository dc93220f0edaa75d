"""The files that a run has made: `/v1/runs/{run}/artifacts`. They lie where the run was driven."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.artifacts.sending import FILE, sent
from interlock.api.desks import ReadsArtifacts
from interlock.api.errors import ApiError
from interlock.api.pages import LIMIT, Cursor, Limit, cursor_at, place_of
from interlock.api.runs.looking import RunId
from interlock.showing.artifacts import run_file
from interlock.tools.workspace.errors import FileMissing, WorkspaceError
from interlock.wire.artifacts import RunFilePage

router = APIRouter(tags=["artifacts"])

FilePath = Annotated[str, Path(max_length=1_024, description="From the workspace's folder on: `reports/summary.md`.")]


@router.get("/runs/{run_id}/artifacts", **answers(RunFilePage, "The files in the run's workspace."))
async def list_run_files(run_id: RunId, desk: ReadsArtifacts, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    """The files that a run has in its workspace, with sizes, types and digests."""
    files = await desk.interlock.files_of(run_id)
    with _told_as_problems():
        found, goes_on_behind = await files.listed(after=place_of(cursor, of=run_id) or "", limit=limit)
    following = None if goes_on_behind is None else cursor_at(goes_on_behind, of=run_id)
    return told(RunFilePage(run=run_id, files=[run_file(each) for each in found], next=following))


@router.get("/runs/{run_id}/artifacts/{path:path}", status_code=200, responses=FILE)
async def download_run_file(run_id: RunId, path: FilePath, request: Request, desk: ReadsArtifacts) -> Response:
    """One file of a run, or a range of it. Nothing outside the workspace is reached, and no link is followed."""
    files = await desk.interlock.files_of(run_id)
    with _told_as_problems():
        found = await files.get(path)
    return sent(
        request,
        lambda first, after: files.read(found, first=first, after=after),
        size=found.bytes,
        type=found.type,
        digest=found.digest,
        is_forever=False,
    )


@router.head("/runs/{run_id}/artifacts/{path:path}", include_in_schema=False)
async def look_at_run_file(run_id: RunId, path: FilePath, request: Request, desk: ReadsArtifacts) -> Response:
    """Its size, type and digest alone."""
    return await download_run_file(run_id, path, request, desk)


@contextmanager
def _told_as_problems() -> Generator[None]:
    try:
        yield
    except FileMissing as missing:
        raise ApiError("artifact_not_found", str(missing), field="path") from missing
    except WorkspaceError as refused:
        raise ApiError("path_refused", str(refused), field="path") from refused
