"""The routes of the endpoint: what can be asked, and asking it. Their shapes are described by OpenAI."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from interlock.api.answers import told
from interlock.api.desks import AsksModels, ReadsAskable
from interlock.api.errors import ApiError
from interlock.api.openai.askable import askable
from interlock.api.openai.bodies import parse_chat
from interlock.api.openai.completing import completion_of_model
from interlock.api.openai.spoken import spoken
from interlock.api.openai.talking import talk_meant
from interlock.wire.openai import AskedModels

router = APIRouter(include_in_schema=False)


@router.get("/models")
async def list_models(desk: ReadsAskable) -> Response:
    """Everything that can be named as `model`."""
    return told(AskedModels(data=askable(desk.interlock)))


@router.get("/models/{name:path}")
async def get_model(name: Annotated[str, Path(max_length=500)], desk: ReadsAskable) -> Response:
    """One of them."""
    for each in askable(desk.interlock):
        if each.id == name:
            return told(each)
    raise ApiError("model_not_found", f"nothing called {name} can be asked")


@router.post("/chat/completions")
async def complete_chat(request: Request, desk: AsksModels) -> Response:
    """Ask, and be answered whole or piece by piece."""
    body = parse_chat(await request.body())
    talk = await talk_meant(desk, body)
    return await completion_of_model(desk, body) if talk is None else spoken(talk, body)
