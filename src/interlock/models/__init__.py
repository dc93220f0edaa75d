"""Models: which may be asked, which is chosen, what it costs, and the call itself.

What stands in `__all__` is what a caller of the gateway meets. The gateway is made by `making.make_gateway`; importing
this page alone imports no provider's library.
"""

from __future__ import annotations

from interlock.models.facts import ModelFacts, Price
from interlock.models.outcomes import ModelAnswered, ModelFailed, ModelOutcome, ModelRefused, Try
from interlock.models.routing import NoRoute, Route

__all__ = [
    "ModelAnswered",
    "ModelFacts",
    "ModelFailed",
    "ModelOutcome",
    "ModelRefused",
    "NoRoute",
    "Price",
    "Route",
    "Try",
]
