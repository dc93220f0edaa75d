"""The switches: what may go wrong, each said in one line. What a fault does is told in `process`, `world` and `store`.

Faults that come at a moment count calls (`of="call"`) or appends to the store (`of="append"`), each from 1, as this
process begins them.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

Counted: TypeAlias = Literal["call", "append"]


class Unavailable(Struct, frozen=True):
    """The next calls of a tool find it unavailable; it is not reached."""

    tool: str
    times: int = 1


class RateLimited(Struct, frozen=True):
    """The next calls of a tool are turned away because there were too many; it is not reached."""

    tool: str
    times: int = 1


class Slow(Struct, frozen=True):
    """Each call of a tool comes to it later by a duration, such as `2s`."""

    tool: str
    by: str


class DeliveredTwice(Struct, frozen=True):
    """What comes of each call of a tool is delivered a second time."""

    tool: str


class Killed(Struct, frozen=True):
    """The process is killed when a call has come back, before that is on record: nobody knows what became of it.

    `of="append"`: when an append is made, before anybody knows. `later` kills it so much later, wherever it is then.
    """

    at: int
    of: Counted = "call"
    later: str = ""


class LeaseDropped(Struct, frozen=True):
    """Before a call or append the run's lease is given away, as if this process had been away for too long."""

    at: int
    of: Counted = "call"


class ClockJumped(Struct, frozen=True):
    """Before a call or append the clock jumps forward by a duration, such as `1h`: what is due by then is due now."""

    at: int
    by: str
    of: Counted = "call"


class AnswerLost(Struct, frozen=True):
    """An append is made and its answer is lost; with `made=False` the append itself is. This process cannot tell."""

    at: int
    made: bool = True


Fault: TypeAlias = Unavailable | RateLimited | Slow | DeliveredTwice | Killed | LeaseDropped | ClockJumped | AnswerLost
