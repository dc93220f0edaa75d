"""`POST /tasks`, which two systems have: the body says whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from interlock.api.answers import JSON, REF
from interlock.api.compat.agentops.starting import AgentOpsTaskBody, start_agentops_task
from interlock.api.compat.platform.starting import PlatformTaskBody, start_platform_task
from interlock.api.desks import ActsOnRuns
from interlock.api.errors import ApiError
from interlock.wire.agentops import AgentOpsTask
from interlock.wire.platform_tasks import PlatformTask

T = TypeVar("T", bound=BaseModel)

router = APIRouter(tags=["other systems"])

SHAPES: Final = (
    'AgentOps sends {"agent_type": "backend_developer", "description": "…", "context": {}}, '
    'the Orchestration Platform {"type": "workflow:research_assessment", "input": {}}'
)


def _only(body: type[BaseModel], *, without: str) -> dict[str, Any]:
    return {**body.model_json_schema(), "not": {"required": [without]}}


BODIES: Final = [_only(AgentOpsTaskBody, without="type"), _only(PlatformTaskBody, without="agent_type")]


def _answer(shape: type, description: str) -> dict[str, Any]:
    return {"description": description, "content": {JSON: {"schema": {"$ref": REF + shape.__name__}}}}


@router.post(
    "/tasks",
    status_code=201,
    responses={
        200: _answer(AgentOpsTask, "AgentOps: the task was given to an agent."),
        201: _answer(PlatformTask, "Orchestration Platform: the task as it is now."),
    },
    openapi_extra={"requestBody": {"content": {JSON: {"schema": {"oneOf": BODIES}}}, "required": True}},
)
async def create_task(body: dict[str, Any], desk: ActsOnRuns) -> Response:
    """Create a task, as AgentOps (`agent_type`) or the Orchestration Platform (`type`) takes it."""
    await desk.reception.backlog.refuse_if_full()
    match "agent_type" in body, "type" in body:
        case True, False:
            return await start_agentops_task(desk, _fitted(AgentOpsTaskBody, body))
        case False, True:
            return await start_platform_task(desk, _fitted(PlatformTaskBody, body))
        case True, True:
            raise ApiError("unclear_task", f"the body has both `agent_type` and `type`: {SHAPES}")
        case _:
            raise ApiError("unclear_task", f"the body has neither `agent_type` nor `type`: {SHAPES}")


def _fitted(model: type[T], body: Mapping[str, Any]) -> T:
    try:
        return model.model_validate(body)
    except ValidationError as misfit:
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in misfit.errors()]) from misfit
