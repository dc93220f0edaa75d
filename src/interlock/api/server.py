"""A server in the event loop of whoever serves: bound before anything else begins, and over before the work is.

It decides nothing about requests. What it cannot bind is refused at once, in words.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from interlock.core.errors import InterlockError

if TYPE_CHECKING:
    from interlock.api.guard import App

BACKLOG: Final = 1_024
"""How many connections may wait to be taken."""
FINISH_SECONDS: Final = 10
"""How long requests that were taken may go on when the server is told to stop."""
MESSAGE_BYTES_MAX: Final = 1024 * 1024
"""How long a message on a WebSocket may be."""


class AddressError(InterlockError):
    """The address that was asked for cannot be listened on."""

    def __init__(self, host: str, port: int, why: OSError) -> None:
        shown = f"{host}:{port}"
        if why.errno == errno.EADDRINUSE:
            what = f"somebody listens on {shown} already: name another port (`--port 8001`; 0 takes a free one)"
        elif why.errno == errno.EACCES:
            what = f"this user may not listen on {shown}: name a port above 1023 (`--port 8000`)"
        else:
            what = f"{shown} cannot be listened on: {why.strerror or why}; name an address of this machine (`--host`)"
        super().__init__(what)
        self.host, self.port = host, port


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens there, with a free port for 0. Raises `AddressError`."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # Only of a socket that says it is TCP asyncio sends small pieces at once; else answers wait 40 ms for more.
        made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise AddressError(host, port, error) from error
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise AddressError(host, port, error) from error
    made.setblocking(False)  # noqa: FBT003 - as the socket has it
    return made


def address_of(listening: socket.socket) -> tuple[str, int]:
    """The host and port it listens on, whatever it was asked for."""
    name = listening.getsockname()
    return str(name[0]), int(name[1])


async def take_requests(app: App, listening: socket.socket, *, until: asyncio.Event) -> None:
    """Take requests until told to stop, then finish those that were taken."""
    import uvicorn  # noqa: PLC0415 - with the web framework a third of a second, and only who serves needs it

    from interlock.api.connections import BoundedConnection  # noqa: PLC0415 - it stands on uvicorn

    class Server(uvicorn.Server):
        """One that leaves signals to the process it is a part of."""

        @contextlib.contextmanager
        def capture_signals(self) -> Generator[None]:
            yield

    config = uvicorn.Config(
        app,
        http=BoundedConnection,
        ws="websockets-sansio",
        ws_max_size=MESSAGE_BYTES_MAX,
        lifespan="off",
        log_config=None,
        log_level="critical",  # whoever sends nonsense fills nobody's log, and what goes wrong here the guard has told
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=FINISH_SECONDS,
    )
    server = Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[listening]))
    stopping = asyncio.ensure_future(until.wait())
    try:
        await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
    finally:
        server.should_exit = server.force_exit = True
        stopping.cancel()
        await asyncio.gather(serving, stopping, return_exceptions=True)
        listening.close()
