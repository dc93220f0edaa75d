"""Standard input line by line, read by a thread that nobody waits for: a program that is told to end, ends.

The SDK's own reader waits for the client's next word even then. While lines are read, whoever else reads standard
input, as a program that a tool starts, finds it at its end.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager, suppress
from typing import BinaryIO, Final

LINE_BYTES_MAX: Final = 16 * 1024 * 1024
"""Of a message. A longer one ends the conversation: where the next begins cannot be told."""
LINES_AHEAD: Final = 16
_INPUT: Final = 0


@contextmanager
def input_lines() -> Generator[AsyncIterator[str]]:
    """The lines of standard input, within the block."""
    own = os.dup(_INPUT)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, _INPUT)
    os.close(nothing)
    try:
        yield _lines(os.fdopen(own, "rb", closefd=False))
    finally:
        os.dup2(own, _INPUT)  # `own` stays open: the thread may still wait for a line of it


async def _lines(stream: BinaryIO) -> AsyncIterator[str]:
    ahead: asyncio.Queue[bytes] = asyncio.Queue(LINES_AHEAD)
    loop = asyncio.get_running_loop()
    threading.Thread(target=_read, args=(stream, ahead, loop), name="interlock-mcp-input", daemon=True).start()
    while line := await ahead.get():
        yield line.decode(errors="replace")


def _read(stream: BinaryIO, ahead: asyncio.Queue[bytes], loop: asyncio.AbstractEventLoop) -> None:
    """Hand over line after line, and nothing at the end; no more than a few ahead of who takes them."""
    line = b"begins"
    with suppress(RuntimeError):  # the loop has ended: nobody takes them any more
        while line:
            line = stream.readline(LINE_BYTES_MAX + 1)
            line = b"" if len(line) > LINE_BYTES_MAX else line
            asyncio.run_coroutine_threadsafe(ahead.put(line), loop).result()
