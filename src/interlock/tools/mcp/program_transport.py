"""A server's program and the pipe to it: a line a message, bounded in length, with no environment but its own.

The program leads its own process group, which ends with it: nothing that it has started is left behind.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from interlock.tools.errors import ToolFailed
from interlock.tools.mcp.reach import Program

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

MESSAGE_BYTES_MAX: Final = 8 << 20
"""How long one message of a server may be; what a result may be is said by the tool."""
SECONDS_TO_END: Final = 1.0
SECONDS_BETWEEN_LOOKS: Final = 0.01
_SAID_LINES: Final = 5
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER", "LOGNAME", "SYSTEMROOT")
"""Of our own environment, in which secrets stand, only what a program needs to be found and to run."""


class Pipe:
    """A running program. `said` is what it printed last as errors, for people."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._errors: deque[str] = deque(maxlen=_SAID_LINES)

    @property
    def said(self) -> str:
        """The last lines that it printed as errors."""
        return " ".join(self._errors)

    async def listen_to_errors(self) -> None:
        """Read what it prints as errors, so that it never waits for somebody to do so."""
        assert self.process.stderr is not None
        while chunk := await self.process.stderr.read(4096):
            self._errors.extend(line[:200] for line in chunk.decode(errors="replace").splitlines() if line.strip())

    async def end(self) -> None:
        """Close its input, and end it with all that it started if it does not end by itself."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        if not await self._ends():
            self._signal(signal.SIGTERM)
            await self._ends()
        # What it has started may still live, though the program itself has ended.
        self._signal(signal.SIGKILL)
        await self._ends()
        # A process that has left the group may hold the pipe, and would keep the transport open with it.
        transport: asyncio.SubprocessTransport = vars(self.process)["_transport"]
        transport.close()

    async def _ends(self) -> bool:
        """Whether it ends soon. Looked at, not awaited: who awaits it also waits for all that hold its pipes."""
        until = asyncio.get_running_loop().time() + SECONDS_TO_END
        while self.process.returncode is None and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110 - as above
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        return self.process.returncode is not None

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


async def start(program: Program) -> Pipe:
    """Start the program of a server; `ToolFailed` if there is none."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | program.environment
    try:
        process = await asyncio.create_subprocess_exec(
            *program.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            cwd=program.folder,
            start_new_session=True,
            limit=MESSAGE_BYTES_MAX,
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ToolFailed(f"its program {program.command[0]!r} cannot be started: {why}", kind="unavailable") from error
    return Pipe(process)


@asynccontextmanager
async def spoken_to(pipe: Pipe) -> AsyncGenerator[TransportStreams]:
    """The messages of a running program as the SDK wants them. In the end the program is ended."""
    import anyio  # noqa: PLC0415 - comes with the SDK, which is an extra
    from mcp.shared.message import SessionMessage  # noqa: PLC0415

    heard, to_hear = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    to_say, said = anyio.create_memory_object_stream[SessionMessage](0)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pipe.listen_to_errors)
            tasks.start_soon(_hear, pipe, heard)
            tasks.start_soon(_say, pipe, said, heard)
            yield to_hear, to_say
            tasks.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await pipe.end()
        for stream in (heard, to_hear, to_say, said):
            stream.close()


async def _hear(pipe: Pipe, heard: Any) -> None:  # noqa: ANN401 - a stream of the SDK
    """Pass on what it says, line by line, until it says no more, or too much at once."""
    import anyio  # noqa: PLC0415 - as above
    import mcp_types  # noqa: PLC0415
    from mcp.shared.message import SessionMessage  # noqa: PLC0415

    assert pipe.process.stdout is not None
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
        async with heard:
            while line := await _line(pipe.process.stdout):
                if not line.strip():
                    continue
                try:
                    message = mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False)
                except ValueError as error:
                    await heard.send(error)
                else:
                    await heard.send(SessionMessage(message))


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:  # longer than any message may be: from here on nothing it says can be made out
        return b""


async def _say(pipe: Pipe, said: Any, heard: Any) -> None:  # noqa: ANN401 - streams of the SDK
    """Write what is said to it, until it listens no more."""
    assert pipe.process.stdin is not None
    try:
        async with said:
            async for message in said:
                text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                pipe.process.stdin.write(text.encode() + b"\n")
                await pipe.process.stdin.drain()
    except OSError:
        heard.close()
