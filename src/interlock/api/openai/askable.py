"""What can be named as `model`: pools, models by their own names, and graphs and agents that are talked to."""

from __future__ import annotations

from msgspec import UNSET

from interlock.embedded.interlock import Interlock
from interlock.wire.openai import AskedModel


def askable(interlock: Interlock) -> list[AskedModel]:
    """Everything, in the order in which a client shows it."""
    calls = interlock.model_calls
    return [
        AskedModel(
            id=name,
            owned_by=name.partition("/")[0] if "/" in name else "pool",
            simulated=calls.is_simulated(name) or UNSET,
        )
        for name in calls.names()
    ]
