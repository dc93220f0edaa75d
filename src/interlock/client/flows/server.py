"""The server itself: whether it is well, and what its codes mean."""

from __future__ import annotations

import msgspec

from interlock.client.errands import Flow, made
from interlock.client.requests import look
from interlock.wire.health import Health
from interlock.wire.problems import ProblemKind, ProblemKinds


def health() -> Flow[Health]:
    """Whether the server is well, with each thing it depends on. It may be asked without a key."""
    return made(msgspec.structs.replace(look("health", shape=Health), also=frozenset({503})))


def problems() -> Flow[list[ProblemKind]]:
    """Every code that a problem may have, and what it means."""
    found = yield from made(look("problems", shape=ProblemKinds))
    return found.problems
