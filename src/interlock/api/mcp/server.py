"""The server as the SDK has it: each request finds its visitor, and what goes wrong is told in the protocol's words.

It offers tools and resources. Prompts, completion and logging are not offered, and nothing of a client is asked but
what its person says to a question.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any, Final, TypeAlias, TypeVar

import mcp_types as types
import msgspec
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from interlock.api.mcp.calls import Outcome, called
from interlock.api.mcp.listening import heard
from interlock.api.mcp.resources import TEMPLATE, listed_runs, read_run
from interlock.api.mcp.tools import listed_tools
from interlock.api.problems import problem_of
from interlock.api.streams.hub import Hub
from interlock.api.visitors import Visitor
from interlock.core.errors import InterlockError

T = TypeVar("T")

Context: TypeAlias = ServerRequestContext[Any, Any]
FindVisitor: TypeAlias = Callable[[Context], Awaitable[Visitor]]
FindHub: TypeAlias = Callable[[str], Awaitable[Hub]]

INSTRUCTIONS: Final = """\
Each graph is a tool: calling it starts a run and waits for what it comes to. Runs are durable: \
one that takes longer goes on, and interlock_run tells how it stands. A run may wait for a person: ask them, and give \
their answer with interlock_answer; never answer for them.\
"""


def make_server(visitor_of: FindVisitor, hub_of: FindHub | None = None) -> Server[Any]:
    """The server of all who come; `visitor_of` says who it is that asks.

    Clients may listen to runs where there is a hub that hears of them.
    """

    async def list_tools(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return await _told_as_error(listed_tools(await visitor_of(ctx), params.cursor if params else None))

    async def call_tool(ctx: Context, params: types.CallToolRequestParams) -> Outcome:
        return await _told_as_outcome(called(await visitor_of(ctx), ctx, params))

    async def list_resources(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        return await _told_as_error(listed_runs(await visitor_of(ctx), params.cursor if params else None))

    async def list_templates(_: Context, __: types.PaginatedRequestParams | None) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=[TEMPLATE])

    async def read_resource(ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        return await _told_as_error(read_run(await visitor_of(ctx), params.uri))

    async def listen(ctx: Context, params: types.SubscriptionsListenRequestParams) -> types.SubscriptionsListenResult:
        visitor = await visitor_of(ctx)
        assert hub_of is not None
        return await _told_as_error(heard(visitor, await hub_of(visitor.caller.tenant), ctx, params))

    return Server(
        "interlock",
        version=version("interlock"),
        title="Interlock",
        instructions=INSTRUCTIONS,
        # No tool asks for headers of its own, so none is looked up for that with each call.
        get_tool_input_schema=lambda _: None,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        on_subscriptions_listen=None if hub_of is None else listen,
    )


async def _told_as_error(work: Awaitable[T]) -> T:
    try:
        return await work
    except InterlockError as error:
        raise _protocol_error(error) from error


async def _told_as_outcome(work: Awaitable[Outcome]) -> Outcome:
    """What is wrong with a call is told to whoever made it, so that they can mend it; so the protocol wants it."""
    try:
        return await work
    except msgspec.ValidationError as error:
        return _failed(f"invalid_request: {error}")
    except InterlockError as error:
        problem = problem_of(error, "")
        if problem.code == "graph_not_found":
            raise _protocol_error(error) from error
        return _failed(f"{problem.code}: {problem.detail}. {problem.advice}")


def _failed(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=text)], is_error=True)


def _protocol_error(error: InterlockError) -> MCPError:
    problem = problem_of(error, "")
    code = types.INVALID_PARAMS if problem.status < 500 else types.INTERNAL_ERROR
    return MCPError(code, problem.detail, {"code": problem.code, "advice": problem.advice})
