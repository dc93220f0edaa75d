"""Tasks for one agent or one tool, at addresses of their own: the same as `POST /tasks` with `agent:` or `tool:`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from interlock.api.answers import answers
from interlock.api.compat.platform.starting import PlatformTaskBody, start_platform_task
from interlock.api.desks import ActsOnRuns
from interlock.wire.platform_tasks import PlatformTask

router = APIRouter(tags=["other systems"])
CREATED = answers(PlatformTask, "The task as it is now.", status=201)


class _DirectTask(BaseModel):
    """What both have in common. What is not known is ignored, as it was there."""

    input: dict[str, Any]
    user_id: str | None = Field(default=None, max_length=500, description="A mail address; kept as a keyed hash.")
    tenant_id: str | None = Field(default=None, max_length=200, description="The tenant of the key, or nothing.")

    def of_type(self, type: str) -> PlatformTaskBody:
        """The same as a task of a type."""
        return PlatformTaskBody(type=type, input=self.input, user_id=self.user_id, tenant_id=self.tenant_id)


class AgentTaskBody(_DirectTask):
    """A task for an agent."""

    agent_type: str = Field(min_length=1, max_length=200, examples=["research"])


class ToolTaskBody(_DirectTask):
    """A task for a tool."""

    tool_name: str = Field(min_length=1, max_length=200, examples=["web_search"])


@router.post("/tasks/agent", **CREATED)
async def create_agent_task(body: AgentTaskBody, desk: ActsOnRuns) -> Response:
    """Start a task for one agent."""
    await desk.reception.backlog.refuse_if_full()
    return await start_platform_task(desk, body.of_type(f"agent:{body.agent_type}"))


@router.post("/tasks/tool", **CREATED)
async def create_tool_task(body: ToolTaskBody, desk: ActsOnRuns) -> Response:
    """Start a task for one tool."""
    await desk.reception.backlog.refuse_if_full()
    return await start_platform_task(desk, body.of_type(f"tool:{body.tool_name}"))
