"""The models that an `Interlock` can ask, and how each is: seen from the process that asks them."""

from __future__ import annotations

from interlock.engine.agents.gateway_door import GatewayDoor
from interlock.engine.agents.model_door import ModelDoor
from interlock.engine.agents.stand_in_door import StandInDoor
from interlock.models.listing import ListedModel, listed_models


def models_behind(door: ModelDoor) -> list[ListedModel]:
    """The models behind a door; none where there is no gateway behind it, as in a world of recordings."""
    match door:
        case GatewayDoor():
            return listed_models(door.gateway)
        case StandInDoor():
            return models_behind(door.scripts)
        case _:
            return []
