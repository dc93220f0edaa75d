"""`/health`, which three systems had: whether it is well, without saying what it depends on (`/v1/health` does)."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.health import health_of
from interlock.wire.health import PlainHealth

router = APIRouter(tags=["other systems"])


@router.get("/health", **answers(PlainHealth, "It is well.", also={503: "It takes no requests."}))
async def plain_health(request: Request) -> Response:
    """Whether it is well."""
    found = await health_of(request.app.state.reception)
    if found.status == "away":
        return told(PlainHealth(status="unhealthy", database="disconnected"), status=503)
    return told(PlainHealth(status="healthy", database="connected"))
