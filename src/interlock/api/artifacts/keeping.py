"""Artifacts: `/v1/artifacts`. Bytes are kept as they come, and sent as they are read; nowhere are they held whole."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from interlock.api.actions import actions
from interlock.api.answers import NOTHING, answers, told
from interlock.api.artifacts.sending import FILE, sent
from interlock.api.desks import ActsOnArtifacts, Desk, ManagesArtifacts, ReadsArtifacts
from interlock.api.errors import ApiError
from interlock.api.pages import LIMIT, Cursor, Limit, cursor_at, place_of
from interlock.api.raw_bodies import ANY_BODY, received
from interlock.artifacts import Artifact as Kept
from interlock.showing.artifacts import artifact
from interlock.wire.artifacts import Artifact, ArtifactPage
from interlock.wire.runs import Actions

_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}( *; *[\w-]{1,50}=[\w.+:-]{1,100}){0,5}", re.ASCII)

router = APIRouter(tags=["artifacts"])

Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="The SHA-256 of the bytes.")]
UPLOADED = answers(
    Artifact, "It is kept.", status=201, also={200: "The same bytes were kept before; this is their artifact."}
)


@router.post("/artifacts", openapi_extra=ANY_BODY, **UPLOADED)
async def upload_artifact(request: Request, desk: ActsOnArtifacts) -> Response:
    """Keep a file under the SHA-256 of its bytes: the body is the file, its Content-Type the type that is kept."""
    kept, is_new = await desk.interlock.artifacts.keep(
        received(request),
        type=_type_in(request),
        by=desk.caller.name,
        bytes_max=desk.reception.settings.upload_bytes,
    )
    shown = artifact(kept, actions=_actions(desk))
    return told(shown, status=201 if is_new else 200, headers={"location": f"/v1/artifacts/{kept.digest}"})


@router.put("/artifacts", openapi_extra=ANY_BODY, **UPLOADED)
async def put_artifact(request: Request, desk: ActsOnArtifacts) -> Response:
    """Keep a file that `curl --upload-file` sends, under the SHA-256 of its bytes."""
    return await upload_artifact(request, desk)


@router.get("/artifacts", **answers(ArtifactPage, "Artifacts in the order of their digests."))
async def list_artifacts(desk: ReadsArtifacts, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    """What is kept, page by page."""
    found = await desk.interlock.artifacts.listed(after=place_of(cursor, of="artifacts") or "", limit=limit + 1)
    page = found[:limit]
    following = cursor_at(page[-1].digest, of="artifacts") if len(found) > limit else None
    allowed = _actions(desk)
    return told(ArtifactPage(artifacts=[artifact(each, actions=allowed) for each in page], next=following))


@router.get("/artifacts/{digest}", status_code=200, responses=FILE)
async def download_artifact(digest: Digest, request: Request, desk: ReadsArtifacts) -> Response:
    """The bytes of an artifact, or a range of them."""
    kept = await desk.interlock.artifacts.get(digest)
    return _sent(request, desk, kept)


@router.head("/artifacts/{digest}", include_in_schema=False)
async def look_at_artifact(digest: Digest, request: Request, desk: ReadsArtifacts) -> Response:
    """Its size and type alone."""
    return await download_artifact(digest, request, desk)


@router.delete("/artifacts/{digest}", **answers(None, "It is given up.", status=NOTHING))
async def give_up_artifact(digest: Digest, desk: ManagesArtifacts) -> Response:
    """Give an artifact up. One that a run on record was started with stays."""
    await desk.interlock.artifacts.drop(digest)
    return Response(status_code=NOTHING)


def _sent(request: Request, desk: Desk, kept: Kept) -> Response:
    shelf = desk.interlock.artifacts
    return sent(
        request,
        lambda first, after: shelf.read(kept.digest, first=first, after=after),
        size=kept.bytes,
        type=kept.type,
        digest=kept.digest,
        is_forever=True,
    )


def _actions(desk: Desk) -> Actions:
    return actions(desk.caller, "artifacts", {"download": ("read", ""), "give_up": ("manage", "")})


def _type_in(request: Request) -> str:
    said = request.headers.get("content-type", "")
    if said and _MEDIA_TYPE.fullmatch(said) is None:
        raise ApiError("invalid_request", "the Content-Type is no media type, such as image/png", field="content-type")
    return said
