"""Who works on the server's store, and what waits for them."""

from __future__ import annotations

from interlock.client.errands import Flow, made
from interlock.client.requests import look
from interlock.wire.fleet import Queue, Worker, Workers


def workers() -> Flow[list[Worker]]:
    """Who works: what each is for, what it does now, and when it said so last."""
    found = yield from made(look("workers", shape=Workers))
    return found.workers


def queue() -> Flow[Queue]:
    """How many runs wait for somebody to drive them, how many calls for a worker of their pool, and since when."""
    return made(look("queue", shape=Queue))
