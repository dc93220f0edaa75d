"""What runs in the process of an isolated tool: import the function, call it, say what came of it.

The process leads its own group and never outlives the one that started it: when the socket closes, the group is killed.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from pathlib import Path
from queue import SimpleQueue

from interlock.core.events import Error
from interlock.tools.calling import call_blocking
from interlock.tools.context import ToolContext
from interlock.tools.conversation import (
    LENGTH_BYTES,
    FromTool,
    Job,
    Note,
    Raised,
    Reply,
    Request,
    Said,
    ToTool,
    framed,
    to_tool,
)
from interlock.tools.errors import ToolError
from interlock.tools.loading import load_file, load_module
from interlock.tools.tool import Tool, tool_of


def main(descriptor: int) -> None:
    """Do the one job that comes in through this socket."""
    os.set_inheritable(descriptor, False)  # noqa: FBT003 - the standard library takes it by position
    line = SocketLine(socket.socket(fileno=descriptor))
    job = line.receive()
    assert isinstance(job, Job)
    line.send(_ending_of(job, line))


def _ending_of(job: Job, line: SocketLine) -> Said:
    try:
        tool = _tool_named(job)
    except ToolError as error:
        return Raised(Error("failed", f"its process could not import it: {error}"), retryable=False, said=True)
    return call_blocking(tool, job.input, ToolContext(job.facts, line))


def _tool_named(job: Job) -> Tool:
    module = load_module(job.module) if job.file is None else load_file(Path(job.file))
    tool = tool_of(getattr(module, job.function, None))
    if tool is None:
        raise ToolError(f"{job.module} has no tool function `{job.function}` at its top level")
    return tool


class SocketLine:
    """The way from a tool in this process to the door. Any thread of the tool may use it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._asking = threading.Lock()
        self._sending = threading.Lock()
        self._received: SimpleQueue[ToTool] = SimpleQueue()
        threading.Thread(target=self._listen, name="interlock-line", daemon=True).start()

    def receive(self) -> ToTool:
        """The next message of the door."""
        return self._received.get()

    def send(self, message: FromTool) -> None:
        """Say something to the door."""
        data = framed(message)
        with self._sending:
            self._connection.sendall(data)

    def request(self, request: Request) -> Reply:
        """Ask, and block until the reply is there: one question at a time."""
        with self._asking:
            self.send(request)
            reply = self.receive()
        assert not isinstance(reply, Job)
        return reply

    def note(self, note: Note) -> None:
        """Say something that needs no reply."""
        self.send(note)

    def is_stopping(self) -> bool:
        """Never: an isolated tool is not asked to stop, its process is killed."""
        return False

    def _listen(self) -> None:
        with self._connection.makefile("rb") as stream:
            while len(head := stream.read(LENGTH_BYTES)) == LENGTH_BYTES:
                self._received.put(to_tool(stream.read(int.from_bytes(head, "big"))))
        os.killpg(os.getpgrp(), signal.SIGKILL)
