"""What can be named as `model`: pools, models by their own names, and graphs and agents that are talked to."""

from __future__ import annotations

from msgspec import UNSET

from interlock.api.openai.talking import GRAPH, PLATFORM
from interlock.authoring.single_step import AGENT
from interlock.embedded.interlock import Interlock
from interlock.wire.openai import AskedModel


def askable(interlock: Interlock) -> list[AskedModel]:
    """Everything, in the order in which a client shows it."""
    flows = [each.name for each in interlock.graphs.known() if each.is_readable]
    return [
        *_models(interlock),
        AskedModel(id=PLATFORM, owned_by=PLATFORM),
        *(AskedModel(id=f"{GRAPH}{name}", owned_by="graph") for name in flows),
        *(AskedModel(id=f"{AGENT}{name}", owned_by="agent") for name in interlock.agents.names()),
    ]


def _models(interlock: Interlock) -> list[AskedModel]:
    calls = interlock.model_calls
    return [
        AskedModel(
            id=name,
            owned_by=name.partition("/")[0] if "/" in name else "pool",
            simulated=calls.is_simulated(name) or UNSET,
        )
        for name in calls.names()
    ]
