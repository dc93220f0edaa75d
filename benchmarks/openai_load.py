"""What asks an endpoint of the OpenAI protocol as fast as it answers, over raw connections.

Run by itself with an address, a model and how many connections and requests; it prints a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any, Final
from urllib.parse import urlsplit

import gateway_work as work

PIECE_END: Final = b"0\r\n\r\n"
KEY: Final = f"sk-{'0123456789abcdef' * 4}"


def request_of(url: str, model: str) -> bytes:
    """The bytes of one request."""
    place = urlsplit(url)
    body = json.dumps(
        {
            "model": model,
            "messages": [{"role": "system", "content": work.INSTRUCTIONS}, {"role": "user", "content": work.TASK}],
            "max_tokens": work.TOKENS_MAX,
        }
    ).encode()
    head = (
        f"POST {place.path}/chat/completions HTTP/1.1\r\nhost: {place.netloc}\r\nauthorization: Bearer {KEY}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def answered(reader: asyncio.StreamReader) -> None:
    """Read one answer to its end; an error of the server ends the measurement."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200"):
        raise SystemExit(f"it answered {head!r} {await reader.read(2_000)!r}")
    if b"transfer-encoding: chunked" in head:
        await reader.readuntil(PIECE_END)
        return
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))


async def measured(url: str, model: str, *, connections: int, requests: int) -> dict[str, Any]:
    """How long each request took, and all of them."""
    place, sent = urlsplit(url), request_of(url, model)
    left = iter(range(requests))
    took: list[float] = []

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        for _ in left:
            began = time.perf_counter()
            writer.write(sent)
            await answered(reader)
            took.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one_connection() for _ in range(connections)))
    wall = time.perf_counter() - began
    ordered = sorted(took)
    return {
        "per_s": requests / wall,
        **{f"p{part}": ordered[min(len(ordered) - 1, len(ordered) * part // 100)] * 1e3 for part in (50, 95, 99)},
    }


if __name__ == "__main__":
    url, model, connections, requests = sys.argv[1:]
    print(json.dumps(asyncio.run(measured(url, model, connections=int(connections), requests=int(requests)))))
