"""A kept connection to an MCP server. One task owns it from its opening to its end, whoever calls through it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final, cast

from interlock.tools.errors import ToolFailed
from interlock.tools.mcp.address_transport import connected
from interlock.tools.mcp.failures import ConnectionLost, failure_of, is_loss
from interlock.tools.mcp.program_transport import Pipe, spoken_to, start
from interlock.tools.mcp.reach import Program, Reach
from interlock.tools.outgoing import MACHINE, Network

if TYPE_CHECKING:
    import mcp_types
    from mcp.client import Client

OPENING_SECONDS: Final = 30.0
TOOLS_MAX: Final = 2_000
PAGES_MAX: Final = 100
NOTES_MAX: Final = 10_000
"""How many notifications a server may send while nothing else comes of it: beyond that it is flooding."""


class McpConnection:
    """A connection that is opened once, and used by many calls at once."""

    def __init__(self, reach: Reach, *, protocol: str, network: Network = MACHINE) -> None:
        self.reach = reach
        self._protocol = protocol
        self._network = network
        self._opened: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._ending = asyncio.Event()
        self._owner = asyncio.get_running_loop().create_task(self._live(), name="interlock-mcp")
        self._pipe: Pipe | None = None
        self._notes = 0
        self.why_lost = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing can be asked of it any more."""
        return self._owner.done() or self._ending.is_set()

    async def opened(self) -> None:
        """Wait until the server answers; `ToolFailed` says why it does not."""
        await asyncio.shield(self._opened)

    async def close(self) -> None:
        """End it, and the program behind it."""
        self._ending.set()
        if not self._opened.done():
            self._owner.cancel()  # it waits for a server that may never answer
        await asyncio.gather(self._owner, return_exceptions=True)

    async def tools(self) -> list[mcp_types.Tool]:
        """What the server offers just now."""
        import mcp_types  # noqa: PLC0415 - an extra, loaded when a server is spoken to

        client, found, cursor = await self._client(), list[Any](), None
        for _ in range(PAGES_MAX):
            params = mcp_types.PaginatedRequestParams(cursor=cursor)
            with self._told_as(in_doubt=False):
                page = await client.session.list_tools(params=params)
            self._notes = 0
            found += page.tools
            cursor = page.next_cursor
            if not cursor:
                return found
            if len(found) > TOOLS_MAX:
                break
        raise ToolFailed(f"it offers more than {TOOLS_MAX:,} tools, or no end of them", kind="invalid", retryable=False)

    async def call(self, name: str, arguments: dict[str, Any]) -> mcp_types.CallToolResult:
        """What the server answers to a call.

        Asked past the SDK's own method, which judges answers by a validator whose patterns can be made to hang; the
        tool's own schema judges them instead.
        """
        import mcp_types  # noqa: PLC0415 - as above

        client = await self._client()
        params = mcp_types.CallToolRequestParams(name=name, arguments=arguments)
        request = mcp_types.CallToolRequest(params=params)
        with self._told_as(in_doubt=True):
            result = await client.session.send_request(request, mcp_types.CallToolResult)
        self._notes = 0
        return result

    # --- the owner ---

    async def _live(self) -> None:
        try:
            async with self._streams() as streams:
                await self._serve(streams)
        except Exception as error:  # noqa: BLE001 - the boundary to the SDK and to whatever the server has sent
            self._fail(error)
        finally:
            self._ending.set()
            if not self._opened.done():
                self._opened.set_exception(ToolFailed(self._told("it went away"), kind="unavailable"))
                self._opened.exception()  # nobody may have waited

    @asynccontextmanager
    async def _streams(self) -> AsyncGenerator[Any]:
        if isinstance(self.reach, Program):
            self._pipe = await start(self.reach)
            async with spoken_to(self._pipe) as streams:
                yield streams
        else:
            async with connected(self.reach, self._network) as streams:
                yield streams

    async def _serve(self, streams: Any) -> None:  # noqa: ANN401 - the SDK's
        from mcp.client import Client  # noqa: PLC0415 - as above

        transport: Any = _Entered(streams)
        client = Client(transport, mode=self._protocol, cache=None, message_handler=self._noted)
        async with asyncio.timeout(OPENING_SECONDS):
            await client.__aenter__()
        try:
            self._opened.set_result(client)
            await self._ending.wait()
        finally:
            await client.__aexit__(None, None, None)

    async def _noted(self, message: object) -> None:  # noqa: ARG002 - only counted
        """A notification: nothing is done with any, but they are counted."""
        self._notes += 1
        if self._notes > NOTES_MAX:
            self.why_lost = f"it sent more than {NOTES_MAX:,} notifications and no answer"
            self._ending.set()

    def _fail(self, error: Exception) -> None:
        if self._opened.done():
            return
        failure = _first(error)
        if not isinstance(failure, ToolFailed):
            is_late = isinstance(failure, TimeoutError)
            what = (
                f"it did not answer within {OPENING_SECONDS:g} s" if is_late else f"it cannot be spoken to: {failure}"
            )
            failure = ToolFailed(self._told(what), kind="timeout" if is_late else "unavailable")
        self._opened.set_exception(failure)
        self._opened.exception()

    # --- those who call ---

    async def _client(self) -> Client:
        await self.opened()
        if self.is_over:
            raise ConnectionLost(self._told("it was lost"))
        return self._opened.result()

    @contextmanager
    def _told_as(self, *, in_doubt: bool) -> Generator[None]:
        """Whatever the SDK raises, as `ConnectionLost` or `ToolFailed`."""
        try:
            yield
        except Exception as error:
            if is_loss(error):
                raise ConnectionLost(self.told_lost()) from error
            raise failure_of(error, in_doubt=in_doubt) from error

    def _told(self, what: str) -> str:
        said = self._pipe.said if self._pipe is not None else ""
        return f"{self.why_lost or what}" + (f" (it said: {said})" if said else "")

    def told_lost(self) -> str:
        """Why it was lost, for people."""
        self._ending.set()
        return self._told("the connection to it was lost")


class _Entered:
    """Streams that are open already, as the SDK takes transports."""

    def __init__(self, streams: Any) -> None:  # noqa: ANN401 - the SDK's
        self._streams = streams

    async def __aenter__(self) -> Any:  # noqa: ANN401
        return self._streams

    async def __aexit__(self, *_: object) -> None:
        """Who opened them closes them."""


def _first(error: BaseException) -> BaseException:
    """The error inside the groups into which tasks have put it."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error
