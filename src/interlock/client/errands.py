"""What a flow needs done by the client that drives it, and the flow itself: a generator of errands.

A flow knows what is sent, how answers are judged, and when something is tried again; it touches no network and no
clock. `Client` and `AsyncClient` run its errands, each in its own way, and decide nothing: a flow goes on with what
came of its errand, or with the error that it met.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from msgspec import Struct

from interlock.client.errors import ClientError
from interlock.client.patience import Patience
from interlock.client.requests import Answer, Broken, Call, Request

T = TypeVar("T")
X = TypeVar("X")
T_co = TypeVar("T_co", covariant=True)


class Make(Struct, frozen=True):
    """Make a call, as often as it takes. What comes of it is of the call's shape."""

    call: Call[Any]


class Send(Struct, frozen=True):
    """Send a request once. What comes of it is an `Answer`, or `Broken`."""

    request: Request


class Open(Struct, frozen=True):
    """Open a stream, in the place of one that is open. What comes of it is an `Answer`, without a body, or `Broken`."""

    request: Request
    silence_seconds: float
    """For how long it may say nothing before it counts as broken."""


class Read(Struct, frozen=True):
    """Read on in the open stream. What comes of it is bytes (none at its end), or `Broken`."""


class Sleep(Struct, frozen=True):
    """Wait for so long, and by chance somewhat longer, so that many clients do not come back as one."""

    seconds: float


class Now(Struct, frozen=True):
    """Read a clock that never goes back, in seconds."""


class Bear(Struct, frozen=True):
    """Say how patient the client is. What comes of it is its `Patience`."""


class Hand(Struct, frozen=True):
    """Call a function of the user. What comes of it is what it returns."""

    function: Callable[[Any], object | Awaitable[object]]
    argument: object


Errand: TypeAlias = Make | Send | Open | Read | Sleep | Now | Bear | Hand


class Tell(Struct, Generic[T_co], frozen=True):
    """Something for who iterates."""

    value: T_co


Flow: TypeAlias = Generator[Errand, Any, T]
"""Comes to one thing in the end."""
Telling: TypeAlias = Generator[Errand | Tell[T], Any, None]
"""Tells one thing after another."""
Heeding: TypeAlias = Generator[Errand | Tell[T], Any, bool]
"""Does something about one thing that was told, perhaps tells others, and says whether that was enough."""


def made(call: Call[T]) -> Flow[T]:
    """What comes of a call."""
    answer: T = yield Make(call)
    return answer


def sent(request: Request) -> Flow[Answer | Broken]:
    """What comes of a request that is sent once."""
    outcome: Answer | Broken = yield Send(request)
    return outcome


def opened(request: Request, *, silence_seconds: float) -> Flow[Answer | Broken]:
    """How a stream begins."""
    outcome: Answer | Broken = yield Open(request, silence_seconds)
    return outcome


def read() -> Flow[bytes | Broken]:
    """More of the open stream."""
    outcome: bytes | Broken = yield Read()
    return outcome


def now() -> Flow[float]:
    """What a clock says that never goes back."""
    seconds: float = yield Now()
    return seconds


def how_patient() -> Flow[Patience]:
    """How often and how long the client tries."""
    patience: Patience = yield Bear()
    return patience


def handed(function: Callable[[X], T | Awaitable[T]], argument: X) -> Flow[T]:
    """What a function of the user makes of something."""
    returned: T = yield Hand(function, argument)
    return returned


def heeding(telling: Telling[X], heed: Callable[[X], Heeding[T]]) -> Telling[T]:
    """Do something about each thing that is told, until `heed` says that it was enough."""
    step = begun(telling)
    while True:
        try:
            errand = step()
        except StopIteration:
            return
        if isinstance(errand, Tell):
            if (yield from heed(errand.value)):
                return
            step = begun(telling)
        else:
            step = yield from _on_behalf(telling, errand)


def exhausted(telling: Telling[object]) -> Flow[None]:
    """Let it tell all that it has, to nobody."""
    yield from collected(telling)


def collected(telling: Telling[X]) -> Flow[list[X]]:
    """All that it tells, where that is known to be little."""
    found: list[X] = []
    step = begun(telling)
    while True:
        try:
            errand = step()
        except StopIteration:
            return found
        if isinstance(errand, Tell):
            found.append(errand.value)
            step = begun(telling)
        else:
            step = yield from _on_behalf(telling, errand)


def begun(flow: Generator[X, Any, Any]) -> Callable[[], X]:
    """What begins a flow, or goes on with one that has told something."""
    return partial(flow.send, None)


def _on_behalf(flow: Generator[X, Any, Any], errand: Errand) -> Flow[Callable[[], X]]:
    """Ask for an errand of another flow, which goes on with what comes of it, or with the error that it meets."""
    try:
        outcome: object = yield errand
    except ClientError as met:
        return partial(flow.throw, met)
    return partial(flow.send, outcome)
