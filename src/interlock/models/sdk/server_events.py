"""Server-sent events as they come over the wire, cut anywhere: the data of each, with `DONE` where a server says it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable

from interlock.models.sdk.streamed_completion import DONE


async def data_of(stream: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
    """The data of each event."""
    rest, said = bytearray(), list[bytes]()
    async for piece in stream:
        rest += piece
        if b"\n" not in piece:
            continue
        *lines, last = bytes(rest).split(b"\n")
        rest = bytearray(last)
        for line in lines:
            field, _, data = line.rstrip(b"\r").partition(b":")
            if field == b"data":
                said.append(data.removeprefix(b" "))
            elif not field and not data and said:
                yield b"\n".join(said)
                if said == [DONE]:
                    return
                said.clear()
