"""Models with sound facts, of which a test names only what matters to it."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from interlock.core.agent_contract import ModelNeed
from interlock.models.facts import ModelFacts, Price
from interlock.models.routing import Load, NoRoute, Route, choose_route

DOLLAR = 1_000_000
"""Of a million tokens: a micro-dollar each."""


def price(of_input: int = DOLLAR, of_output: int = DOLLAR, **more: Any) -> Price:  # noqa: ANN401 - fields of a price
    """A price in micro-dollars for a million tokens."""
    return structs.replace(Price(input=of_input, output=of_output, cached=of_input), **more)


def model(name: str = "a/m", **facts: Any) -> ModelFacts:  # noqa: ANN401 - fields of the facts
    """A model that can do everything, at a dollar for a million tokens."""
    return structs.replace(ModelFacts(name=name, host="", price=price()), **facts)


LOAD = Load(input_tokens=600, tokens_max=400)
"""A call that may cost a thousand micro-dollars with a model that names nothing else."""


def chosen(
    *models: ModelFacts,
    need: ModelNeed | None = None,
    load: Load = LOAD,
    sticky: str = "run",
    barred: dict[str, str] | None = None,
    resting: dict[str, str] | None = None,
    unusable: dict[str, str] | None = None,
) -> Route | NoRoute:
    """The choice among these models."""
    return choose_route(
        models,
        need or ModelNeed(),
        load,
        sticky=sticky,
        barred=barred or {},
        resting=resting or {},
        unusable=unusable or {},
    )


def chain(route: Route | NoRoute) -> list[str]:
    """The models in the order in which they are asked."""
    return [leg.model.name for leg in route.chain] if isinstance(route, Route) else []


def notes(route: Route | NoRoute) -> dict[str, str]:
    """What the decision says of each model."""
    return {option.name: option.note for option in route.decision.options}
