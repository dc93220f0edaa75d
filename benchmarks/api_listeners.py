"""Listeners on the runs of a server: how late each event comes, and whether any was missed or told twice.

A tenth of them break off every seven seconds and come again where they were.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from typing import Final

from api_client import HOST, Clients

SETTLED_SECONDS: Final = 5
"""So long after the first connection nothing is counted: a thousand of them take a while."""
COMES_AGAIN: Final = 10
COMES_AGAIN_SECONDS: Final = 7.0


class Heard:
    """What all of them have heard."""

    def __init__(self, counted_from: float) -> None:
        self._counted_from = int(counted_from * 1e6)
        self.late: list[int] = []
        """Microseconds from the instant of an event to its arrival."""
        self.missed = 0
        self.twice = 0

    def note(self, line: bytes, last: int) -> int:
        """An event, as it comes behind the last one; gives its number."""
        event = json.loads(line.removeprefix(b"data: "))
        seq, at = int(event["seq"]), int(event["at"])
        self.missed += seq > last + 1
        self.twice += seq <= last
        if at > self._counted_from:
            self.late.append(int(time.time() * 1e6) - at)
        return seq


async def listen(port: int, run: str, heard: Heard, *, after: int, until: float, each_seconds: float) -> None:
    """Hear one run, and come again now and then."""
    while (now := time.time()) < until:
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            async with asyncio.timeout(min(until - now, each_seconds)):
                writer.write(f"GET /v1/runs/{run}/stream?after={after} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
                while line := await reader.readline():
                    if line.startswith(b"data: "):
                        after = heard.note(line, after)
        except TimeoutError:
            continue
        finally:
            writer.close()


async def main() -> None:
    """Listen, and print what was heard."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("port", type=int)
    parser.add_argument("listeners", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("runs", nargs="+")
    given = parser.parse_args()
    clients = await Clients.connected(given.port, 1)
    seqs = {run: await clients.seq_of(run) for run in given.runs}
    began = time.time()
    heard, until = Heard(began + SETTLED_SECONDS), began + SETTLED_SECONDS + given.seconds
    async with asyncio.TaskGroup() as group:
        for number in range(given.listeners):
            run = given.runs[number % len(given.runs)]
            each = COMES_AGAIN_SECONDS if number % COMES_AGAIN == 0 else float("inf")
            group.create_task(listen(given.port, run, heard, after=seqs[run], until=until, each_seconds=each))
            await asyncio.sleep(SETTLED_SECONDS / 2 / given.listeners)
    late = sorted(heard.late)
    clients = await Clients.connected(given.port, 1)  # the other has said nothing for longer than a server waits
    events = (await clients.events_since(seqs)) / (SETTLED_SECONDS + given.seconds)
    print(
        f"{given.listeners:,} listeners on {len(given.runs)} runs with {events:.0f} events/s: {len(late):,} heard, "
        f"p50 {late[len(late) // 2] / 1000:.0f} ms, p99 {late[int(len(late) * 0.99)] / 1000:.0f} ms, "
        f"latest {late[-1] / 1000:.0f} ms, {heard.missed} missed, {heard.twice} told twice"
    )


if __name__ == "__main__":
    asyncio.run(main())
