"""Models: `GET /v1/models`, by pool, and how each is as seen from this server. No key is told, only its name."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.desks import ReadsModels
from interlock.api.pages import LIMIT, Cursor, Limit, page_of
from interlock.showing.models import model
from interlock.wire.models import ModelPage

router = APIRouter(tags=["registry"])


@router.get("/models", **answers(ModelPage, "Models by pool."))
async def list_models(desk: ReadsModels, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    """List the models: how good and safe each is, what it costs, and what keeps it from being asked."""
    page, following = page_of(desk.interlock.known_models, limit=limit, cursor=cursor, of="models")
    return told(ModelPage(models=[model(each, is_live=True) for each in page], next=following))
