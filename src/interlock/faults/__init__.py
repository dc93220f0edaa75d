"""Faults put into a run on purpose: one line each, for tests of how a graph lives through them.

    Interlock(tools=[pay], faults=[Unavailable("pay"), Killed(at=3)])

`drawn(seed)` gives some by chance, the same for the same seed. The project's own simulator and chaos tests put in the
very same ones.
"""

from interlock.faults.drawing import drawn
from interlock.faults.switches import (
    AnswerLost,
    ClockJumped,
    DeliveredTwice,
    Fault,
    Killed,
    LeaseDropped,
    RateLimited,
    Slow,
    Unavailable,
)

__all__ = [
    "AnswerLost",
    "ClockJumped",
    "DeliveredTwice",
    "Fault",
    "Killed",
    "LeaseDropped",
    "RateLimited",
    "Slow",
    "Unavailable",
    "drawn",
]
