"""Tools: `GET /v1/tools`. Nobody outside is asked: what somebody else defines is told as it was approved."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.desks import ReadsTools
from interlock.api.errors import ApiError
from interlock.api.pages import LIMIT, Cursor, Limit, page_of
from interlock.showing.tools import tool as tool_shown
from interlock.showing.tools import tool_row
from interlock.tools.errors import ToolError
from interlock.wire.tools import Tool, ToolPage

router = APIRouter(tags=["registry"])


@router.get("/tools", **answers(ToolPage, "Tools by name, those in quarantine as well."))
async def list_tools(desk: ReadsTools, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    """List the tools: where each comes from, what a repeat would do, what it needs, whether it was approved."""
    toolbox = desk.interlock.toolbox
    page, following = page_of(toolbox.everything(), limit=limit, cursor=cursor, of="tools")
    rows = [tool_row(each, with_place=desk.sees_platform) for each in page]
    return told(ToolPage(tools=rows, not_approved=toolbox.unseen(), next=following))


@router.get("/tools/{tool}", **answers(Tool, "The tool with its schemas and terms."))
async def get_tool(
    tool: Annotated[str, Path(max_length=200, description="The name of a tool.")], desk: ReadsTools
) -> Response:
    """One tool: its description, schemas and terms, and whether it may be called."""
    toolbox = desk.interlock.toolbox
    try:
        found = toolbox.find(tool) or toolbox.get(tool)
    except ToolError as error:
        raise ApiError("tool_not_found", str(error)) from error
    return told(tool_shown(found, with_place=desk.sees_platform))
