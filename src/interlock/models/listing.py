"""The models of a gateway with what is known of each: how it is reached, what keeps it from being asked, how it is."""

from __future__ import annotations

from msgspec import Struct

from interlock.models.facts import ModelFacts
from interlock.models.gateway import ModelGateway


class ListedModel(Struct, frozen=True, kw_only=True):
    """A model of a pool."""

    pool: str
    model: ModelFacts
    reached: str
    """How its provider is reached."""
    key: str | None
    """The name of the secret it is asked with."""
    trouble: str | None
    """What keeps it from being asked until its owner says more."""
    resting: str | None
    """Why it is left alone for a while, as seen from this process."""


def listed_models(gateway: ModelGateway) -> list[ListedModel]:
    """Every model of every pool."""
    return [_listed(gateway, pool, model) for pool in gateway.pools.names for model in gateway.candidates(pool)]


def _listed(gateway: ModelGateway, pool: str, model: ModelFacts) -> ListedModel:
    provider = gateway.pools.providers[model.provider]
    return ListedModel(
        pool=pool,
        model=model,
        reached=provider.settings.shown,
        key=provider.key,
        trouble=gateway.trouble(model),
        resting=gateway.resting(model),
    )
