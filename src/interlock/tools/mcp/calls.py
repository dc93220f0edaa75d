"""A call of an MCP tool: that it still is what was approved, the call itself, and what an answer means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlock.core.values import Value
from interlock.tools.declared.declaring import McpSource
from interlock.tools.declared.reading import DeclaredSource
from interlock.tools.errors import ToolError, ToolFailed
from interlock.tools.mcp.clients import McpClients
from interlock.tools.mcp.connection import McpConnection
from interlock.tools.mcp.definitions import definition_named, real_name
from interlock.tools.mcp.failures import ConnectionLost
from interlock.tools.mcp.reach import reach_of
from interlock.tools.mcp.results import result_of
from interlock.tools.pinning import Definition, Quarantine

if TYPE_CHECKING:
    import mcp_types

    from interlock.tools.context import AsyncToolContext


@dataclass(frozen=True)
class McpCall:
    """Calls one tool of one server."""

    declared: DeclaredSource
    approved: Definition
    clients: McpClients
    quarantine: Quarantine

    async def __call__(self, arguments: dict[str, Value], context: AsyncToolContext) -> Value:
        """The result of the tool; `ToolFailed` if there is none."""
        connection = await self._checked_connection(context)
        try:
            answer = await connection.call(real_name(self.approved), arguments)
        except ConnectionLost as lost:
            raise ToolFailed(f"{self._server}: {lost}", kind="unavailable", in_doubt=True) from lost
        except ToolFailed as failure:
            raise self._named(failure) from failure
        return result_of(answer, server=self._server)

    @property
    def _server(self) -> str:
        return f"the MCP server {self.declared.name}"

    async def _checked_connection(self, context: AsyncToolContext) -> McpConnection:
        """A connection through which the tool was just seen to be what was approved.

        To ask for it is harmless, so a kept connection that turns out to be lost is replaced, once.
        """
        try:
            return await self._checked(context)
        except ConnectionLost:
            pass
        try:
            return await self._checked(context)
        except ConnectionLost as lost:
            raise ToolFailed(f"{self._server}: {lost}", kind="unavailable") from lost

    async def _checked(self, context: AsyncToolContext) -> McpConnection:
        source = self.declared.source
        assert isinstance(source, McpSource)
        reach = reach_of(self.declared, context.secrets)
        try:
            connection = await self.clients.connection(
                context.tenant, self.declared.name, reach, protocol=source.protocol
            )
            offered = await connection.tools()
        except ToolFailed as failure:
            raise self._named(failure) from failure
        self._check(offered)
        return connection

    def _check(self, offered: Sequence[mcp_types.Tool]) -> None:
        """Refuse the call if the server says something else of the tool now than a person has approved."""
        told = f"{self._server} was not asked for `{self.approved.name}`"
        try:
            found = definition_named(offered, real_name(self.approved), self.declared.name)
        except ToolError as error:
            raise _refused(f"{told}: it changed since it was approved: {error}") from error
        why = self.quarantine.compare(self.approved, found)
        if why:
            raise _refused(f"{told}: {why}")

    def _named(self, failure: ToolFailed) -> ToolFailed:
        return ToolFailed(
            f"{self._server}: {failure}", kind=failure.kind, retryable=failure.retryable, in_doubt=failure.in_doubt
        )


def _refused(message: str) -> ToolFailed:
    return ToolFailed(message, kind="refused", retryable=False)
