"""A blocking tool in a process of its own: it can be killed, with all that it has started, and cannot take us with it.

The process imports the function, is told its input and talks back over one socket; it shares nothing else. What it
prints is kept only as far as it explains a death. What it starts in a session of its own (a daemon) is neither killed
nor waited for. This is no sandbox: the process may do whatever the user may. It needs POSIX.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from typing import Final

import msgspec

from interlock.core.events import Error
from interlock.core.values import Value
from interlock.tools.attempt import Attempt
from interlock.tools.conversation import (
    LENGTH_BYTES,
    MESSAGE_BYTES_MAX,
    CallFacts,
    Ending,
    FromTool,
    Heartbeat,
    Job,
    Over,
    Progress,
    Raised,
    Returned,
    Said,
    Stopped,
    ToTool,
    Vanished,
    framed,
    from_tool,
)
from interlock.tools.loading import file_behind
from interlock.tools.secrets import ENVIRONMENT_PREFIX
from interlock.tools.tool import Tool

OUTPUT_BYTES_KEPT: Final = 64 * 1024
"""How much of what the process printed last is kept, in case it dies."""
EXIT_SECONDS: Final = 5.0
"""How long a process may take to leave once it has said its last word."""

_BOOT: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from interlock.tools.tool_process import main; main(int(sys.argv[2]))"
)
_NO_FACTS: Final = CallFacts(run="", path="", attempt=0, effect_id="", deadline=None, last_heartbeat=None)


class RunningProcess:
    """One call in one process. Asked to stop, it is killed."""

    cleans_up = True

    def __init__(self, tool: Tool, input: Value, attempt: Attempt | None) -> None:
        self._tool = tool
        self._attempt = attempt
        self._process: asyncio.subprocess.Process | None = None
        self._is_stopping = False
        self._job = Job(
            module=tool.function.__module__,
            file=file_behind(tool.function.__module__),
            function=tool.function.__name__,
            input=input,
            facts=_NO_FACTS if attempt is None else attempt.facts,
        )

    def ask_to_stop(self) -> None:
        """Kill the process and all that it has started."""
        self._is_stopping = True
        self._kill()

    async def ending(self) -> Ending:
        """Start the process, serve it, and wait until it is gone."""
        ours, theirs = socket.socketpair()
        printed, printing = os.pipe()
        output = _Output(printed)
        try:
            process = await _start(theirs, printing)
        except OSError as error:
            ours.close()
            output.close()
            return Raised(Error("unavailable", f"no process could be started for `{self._tool.name}`: {error}"))
        finally:
            theirs.close()
            os.close(printing)
        self._process = process
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            if self._is_stopping:
                self._kill()
            return await self._until_gone(process, reader, writer, output)
        finally:
            self._kill()
            writer.close()
            output.close()

    async def _until_gone(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        output: _Output,
    ) -> Ending:
        async with asyncio.TaskGroup() as tasks:
            read = tasks.create_task(output.read())
            talk = tasks.create_task(self._converse(reader, writer))
            gone = tasks.create_task(process.wait())
            await asyncio.wait((talk, gone), return_when=asyncio.FIRST_COMPLETED)
            has_spoken = talk.done() and talk.result() is not None
            if has_spoken:
                await asyncio.wait((gone,), timeout=EXIT_SECONDS)
            # Whatever it started dies with it. What has left its group may hold its socket and its output much longer.
            self._kill()
            await asyncio.wait((gone,) if has_spoken else (gone, talk, read), timeout=EXIT_SECONDS)
            read.cancel()
            talk.cancel()
        # It has been waited for, so its id may soon be another's.
        self._process = None
        ending = None if talk.cancelled() else talk.result()
        return ending or Vanished(_how_it_died(self._tool, process.returncode), output.text())

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Said | None:
        """Answer the process until it has said its last word; None if it fell silent before."""
        try:
            await _send(writer, self._job)
            while True:
                message = await _receive(reader)
                match message:
                    case Returned() | Raised() | Stopped():
                        return message
                    case Progress() | Heartbeat():
                        if self._attempt is not None:
                            self._attempt.note(message)
                    case _:
                        reply = Over("ended") if self._attempt is None else await self._attempt.request(message)
                        await _send(writer, reply)
        except (OSError, asyncio.IncompleteReadError, msgspec.DecodeError):
            return None

    def _kill(self) -> None:
        if self._process is not None:
            # The process leads a group of its own, so its id is the group's.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


class _Output:
    """What a process prints; its end is kept, the rest is let go, so that printing never blocks the tool.

    The pipe is ours: asyncio takes a process for gone only once nobody holds a pipe of its own making any more.
    """

    def __init__(self, printed: int) -> None:
        self._pipe = os.fdopen(printed, "rb", buffering=0)
        self._kept = b""

    async def read(self) -> None:
        """Read until nobody is left who could print."""
        stream = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(stream)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, self._pipe)
        try:
            while chunk := await stream.read(64 * 1024):
                self._kept = (self._kept + chunk)[-OUTPUT_BYTES_KEPT:]
        finally:
            transport.close()

    def text(self) -> str:
        """What was printed last."""
        return self._kept.decode(errors="replace").strip()

    def close(self) -> None:
        """Listen no more."""
        self._pipe.close()


async def _start(theirs: socket.socket, printing: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _BOOT,
        json.dumps(sys.path),
        str(theirs.fileno()),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=printing,
        stderr=asyncio.subprocess.STDOUT,
        pass_fds=(theirs.fileno(),),
        start_new_session=True,
        env={name: text for name, text in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)},
    )


async def _send(writer: asyncio.StreamWriter, message: ToTool) -> None:
    writer.write(framed(message))
    await writer.drain()


async def _receive(reader: asyncio.StreamReader) -> FromTool:
    length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
    if length > MESSAGE_BYTES_MAX:
        raise msgspec.DecodeError(f"a message of {length} bytes is longer than {MESSAGE_BYTES_MAX}")
    return from_tool(await reader.readexactly(length))


def _how_it_died(tool: Tool, status: int | None) -> str:
    match status:
        case int() if status < 0:
            how = f"was killed by {signal.Signals(-status).name}"
        case _:
            how = f"exited with status {status}"
    return f"the process of `{tool.name}` {how} before it answered; whether it took effect is unknown"
