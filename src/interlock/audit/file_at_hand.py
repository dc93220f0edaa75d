"""A run file that can be read several times, wherever it comes from.

What arrives in pieces, or can be read only once, is put into a file without a name, which is gone when it was read.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, TypeAlias

from interlock.audit.errors import RunFileTooLongError

RunFileSource: TypeAlias = Path | AsyncIterable[bytes]
"""Where a run's file is read from: a file, or pieces that arrive one after the other."""


@asynccontextmanager
async def file_at_hand(source: RunFileSource, *, bytes_max: int | None = None) -> AsyncGenerator[BinaryIO]:
    """The file, open. `RunFileTooLongError` if more than `bytes_max` bytes arrive."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            if file.seekable():
                yield file
                return
            with tempfile.TemporaryFile() as copy:
                await asyncio.to_thread(shutil.copyfileobj, file, copy)
                yield copy
        return
    with tempfile.TemporaryFile() as copy:
        await _filled(copy, source, bytes_max)
        yield copy


async def _filled(copy: BinaryIO, pieces: AsyncIterable[bytes], bytes_max: int | None) -> None:
    size = 0
    async for piece in pieces:
        size += len(piece)
        if bytes_max is not None and size > bytes_max:
            raise RunFileTooLongError(bytes_max)
        await asyncio.to_thread(copy.write, piece)
