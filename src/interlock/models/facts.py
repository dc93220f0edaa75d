"""What is known of a model before it is asked: who offers it, what it can do, how good and how safe it is, its price.

Facts alone: which model is chosen by them is told in `routing`, what a call costs in `costs`.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from msgspec import Struct

from interlock.core.agent_contract import QualityTier, SafetyTier
from interlock.core.plan import Micros
from interlock.core.spending import MicroUsd

QUALITY_RANK: Final[dict[QualityTier, int]] = {"cheap": 0, "balanced": 1, "quality": 2}
SAFETY_RANK: Final[dict[SafetyTier, int]] = {"basic": 0, "enhanced": 1, "maximum": 2}

Structured: TypeAlias = Literal["native", "told", "none"]
"""How a model is brought to answer with data: by the provider's own means, by its instructions, or not at all."""
PriceSource: TypeAlias = Literal["declared", "ceiling", "published", "own"]
"""Who says the price: the settings, they as a bound for what nobody knows, a public list; or it costs nothing."""
UNPRICED: Final = "its price is unknown: declare its `price`, or a `ceiling` to reckon with"


class PriceTier(Struct, frozen=True, gc=False):
    """What all tokens of a call cost from so many tokens of input on."""

    above: int
    input: MicroUsd
    output: MicroUsd
    cached: MicroUsd


class Price(Struct, frozen=True, gc=False, kw_only=True):
    """Micro-dollars for a million tokens (so a dollar for a million tokens is 1,000,000), and for a call as such."""

    input: MicroUsd
    output: MicroUsd
    cached: MicroUsd
    call: MicroUsd = 0
    tiers: tuple[PriceTier, ...] = ()
    source: PriceSource = "declared"


class ModelFacts(Struct, frozen=True, kw_only=True):
    """A model of a pool. Its name is `provider/model`."""

    name: str
    host: str
    """The host its provider is reached at; empty where nothing is contacted."""
    quality: QualityTier = "balanced"
    safety: SafetyTier = "basic"
    simulated: bool = False
    context: int | None = None
    """How many tokens of input and answer it takes together; None where nobody has said."""
    weight: int = 0
    """Its share of a pool's calls, where the pool shares them out."""
    price: Price | None = None
    latency: Micros | None = None
    """How long an answer takes, as declared or as it was measured here."""
    has_tools: bool = True
    structured: Structured = "told"

    @property
    def provider(self) -> str:
        """The provider, as the settings call it."""
        return self.name.partition("/")[0]

    @property
    def model(self) -> str:
        """The model, as its provider calls it."""
        return self.name.partition("/")[2]
