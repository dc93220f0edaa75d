"""Putting a question of a run to the person in front of an MCP client.

The protocol has two ways: until 2025 the server asks while the call is under way, from 2026 on the call is answered
with the question, and made again with the answer. What identifies the run in between is its id: it opens nothing that
the caller could not open anyway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from interlock.api.mcp.forms import form_of
from interlock.store.rows import QuestionRow

PERSON_SECONDS: Final = 600.0
"""How long a person may take to answer while the call is under way; then the call says how the run stands."""


def can_be_asked(ctx: ServerRequestContext[Any, Any]) -> bool:
    """Whether the client shows its person forms."""
    capabilities = ctx.session.client_capabilities
    asks = capabilities.elicitation if capabilities is not None else None
    return asks is not None and (asks.form is not None or asks.url is None)


async def put_at_once(ctx: ServerRequestContext[Any, Any], row: QuestionRow) -> dict[str, Any] | None:
    """Ask, and wait for what the form says; None where nobody filled it in."""
    form = form_of(row)
    if form is None:
        return None
    try:
        async with asyncio.timeout(PERSON_SECONDS):
            result = await ctx.session.elicit_form(row.question.text, form, related_request_id=ctx.request_id)
    except (TimeoutError, MCPError):
        return None
    return dict(result.content or {}) if result.action == "accept" else None


def put_with_the_answer(questions: Mapping[str, QuestionRow], *, run: str) -> types.InputRequiredResult:
    """The answer to a call that asks for more, with what tells later which run is meant."""
    asked: dict[str, Any] = {}
    for name, row in questions.items():
        params = types.ElicitRequestFormParams(message=row.question.text, requested_schema=form_of(row) or {})
        asked[name] = types.ElicitRequest(params=params)
    return types.InputRequiredResult(input_requests=asked, request_state=run)
