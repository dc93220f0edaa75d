"""The pools of models that are in force: what the settings declare, or one server in place of them all.

Knows what is declared and what is published, and nothing of the moment: health and keys are looked up elsewhere.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct, structs

from interlock.core.plan import DEFAULT_POOL
from interlock.models.declaring import (
    CachePolicy,
    Kind,
    ModelServer,
    ModelsSettings,
    PooledModelSettings,
    ProviderSettings,
)
from interlock.models.facts import UNPRICED, ModelFacts, Price, Structured
from interlock.models.prices import FREE, PublishedPrices, declared_price, flat_price

SERVER: Final = "server"
"""The provider that answers in place of every pool, where one is set."""
SERVER_KEY: Final = "model_key"
SCRIPTED_MODEL: Final = "scripted"
"""The model of a scripted provider: what it answers is told by its scripts."""

_UNPRICED_SERVER: Final = "its price is unknown: say as INTERLOCK_MODEL_CEILING what to reckon a million tokens at"
"""No declared price would be looked at, since the server stands in place of all that is declared."""
_HOSTS: Final[dict[Kind, str]] = {"openai": "api.openai.com", "anthropic": "api.anthropic.com"}
_STRUCTURED: Final[dict[Kind, Structured]] = {
    "openai": "native",
    "anthropic": "native",
    "openai_compatible": "told",
    "scripted": "native",
}


class DeclaredProvider(Struct, frozen=True):
    """A provider, and the secret it is asked with."""

    settings: ProviderSettings
    key: str | None = None
    needs_key: bool = False


class _Pool(Struct, frozen=True):
    models: tuple[PooledModelSettings, ...]
    cache: CachePolicy = "never"


class Pools:
    """Models by pool, providers by name."""

    def __init__(self, declared: ModelsSettings, server: ModelServer, prices: PublishedPrices) -> None:
        self._prices = prices
        self._server = server if server.url is not None else None
        self._pools = _pools_of(declared)
        self._facts: dict[str, tuple[ModelFacts, ...]] = {}
        self.providers: Mapping[str, DeclaredProvider] = _providers_of(declared, self._server)

    @property
    def names(self) -> tuple[str, ...]:
        """The pools there are. With a server in place of them, any other name stands for it as well."""
        return tuple(self._pools) or ((DEFAULT_POOL,) if self._server else ())

    def models(self, pool: str) -> tuple[ModelFacts, ...]:
        """The models of a pool, as declared; a model's own name means it alone. None if there is no such pool."""
        if pool not in self._facts:
            if self._server is not None:
                models = (_server_facts(self._server, self._prices),)
            else:
                models = tuple(self._facts_of(each) for each in self._declared(pool))
            if not models:
                return ()  # names come from outside: those that mean nothing are not kept
            self._facts[pool] = models
        return self._facts[pool]

    def _declared(self, name: str) -> Sequence[PooledModelSettings]:
        pool = self._pools.get(name)
        return pool.models if pool is not None else [each for each in _each_model(self._pools) if each.model == name]

    def cache(self, pool: str) -> CachePolicy:
        """Which requests of a pool are answered from memory."""
        declared = self._pools.get(pool)
        return "never" if declared is None else declared.cache

    def price_trouble(self, model: ModelFacts) -> str | None:
        """What to say where nobody knows what a model costs; None where its price is known."""
        if model.price is not None:
            return None
        return UNPRICED if self._server is None else _UNPRICED_SERVER

    def _facts_of(self, declared: PooledModelSettings) -> ModelFacts:
        name, _, model = declared.model.partition("/")
        provider = self.providers[name].settings
        return ModelFacts(
            name=declared.model,
            host=_host(provider),
            quality=declared.quality,
            safety=declared.safety,
            simulated=provider.kind == "scripted",
            context=declared.context or self._context(provider, model),
            weight=declared.weight,
            price=self._price(declared, provider, model),
            latency=None if declared.latency_seconds is None else round(declared.latency_seconds * 1_000_000),
            has_tools=declared.tools,
            structured=declared.structured or _STRUCTURED[provider.kind],
        )

    def _context(self, provider: ProviderSettings, model: str) -> int | None:
        return None if provider.kind == "scripted" else self._prices.find_context(provider.kind, provider.url, model)

    def _price(self, declared: PooledModelSettings, provider: ProviderSettings, model: str) -> Price | None:
        if declared.price is not None:
            return declared_price(declared.price)
        if provider.kind == "scripted":
            return FREE
        published = self._prices.find(provider.kind, provider.url, model)
        if published is None and declared.ceiling is not None:
            return declared_price(declared.ceiling, source="ceiling")
        return published


def names_to_ask(declared: ModelsSettings) -> list[str]:
    """Every name by which something declared can be asked: pools, then the models in them."""
    pools = _pools_of(declared)
    return [*pools, *(each.model for each in _each_model(pools))]


def _each_model(pools: Mapping[str, _Pool]) -> list[PooledModelSettings]:
    """Each model that a pool has once, as it is declared first."""
    models: dict[str, PooledModelSettings] = {}
    for pool in pools.values():
        for each in pool.models:
            models.setdefault(each.model, each)
    return list(models.values())


def _pools_of(declared: ModelsSettings) -> dict[str, _Pool]:
    if declared.pools:
        return {name: _Pool(pool.models, pool.cache) for name, pool in declared.pools.items()}
    scripted = [name for name, provider in declared.providers.items() if provider.kind == "scripted"]
    models = tuple(PooledModelSettings(model=f"{name}/{SCRIPTED_MODEL}") for name in scripted)
    # What a script answers is as good and as safe as it was written.
    best = tuple(each.model_copy(update={"quality": "quality", "safety": "maximum"}) for each in models)
    return {DEFAULT_POOL: _Pool(best)} if best else {}


def _providers_of(declared: ModelsSettings, server: ModelServer | None) -> dict[str, DeclaredProvider]:
    providers = {
        name: DeclaredProvider(each, each.key_name, each.key_name is not None)
        for name, each in declared.providers.items()
    }
    if server is not None:
        settings = ProviderSettings(kind="openai_compatible", url=server.url or "")
        providers[SERVER] = DeclaredProvider(settings, SERVER_KEY)
    return providers


def _server_facts(server: ModelServer, prices: PublishedPrices) -> ModelFacts:
    """Whoever puts a server in place of every pool vouches for it: it is good and safe enough for all of them."""
    model, url = server.name or "default", server.url or ""
    if server.ceiling is not None:
        price: Price | None = flat_price(server.ceiling)
    else:
        price = FREE if is_own_network(url) else prices.find("openai_compatible", url, model)
    return ModelFacts(
        name=f"{SERVER}/{model}",
        host=urlsplit(url).hostname or "",
        quality="quality",
        safety="maximum",
        price=price,
    )


def _host(provider: ProviderSettings) -> str:
    if provider.kind == "scripted":
        return ""
    return urlsplit(provider.url).hostname or _HOSTS.get(provider.kind, "")


def is_own_network(url: str) -> bool:
    """Whether an address is of this machine or the network around it: nobody sends a bill for that."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal"))
    return address.is_private or address.is_loopback


def with_latency(model: ModelFacts, measured: int | None) -> ModelFacts:
    """The model with the latency that was measured, where one was."""
    return model if measured is None else structs.replace(model, latency=measured)
