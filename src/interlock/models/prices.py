"""What models cost: as the settings declare it, else by the published list of `genai-prices`, else nobody knows.

The list comes with the package and is read offline. A price is looked up once: what a model costs does not change while
a process runs.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Final

from interlock.core.plan import Micros
from interlock.core.spending import MICROS_PER_USD, MicroUsd
from interlock.models.declaring import Kind, PriceSettings
from interlock.models.facts import Price, PriceSource, PriceTier

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

FREE: Final = Price(input=0, output=0, cached=0, source="own")
"""What an answer costs that nobody is asked for, or a server of one's own."""
_PUBLISHED_AS: Final[dict[Kind, str]] = {"openai": "openai", "anthropic": "anthropic"}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def declared_price(settings: PriceSettings, *, source: PriceSource = "declared") -> Price:
    """A price as the settings say it."""
    cached = settings.input if settings.cached is None else settings.cached
    return Price(
        input=_micros(settings.input),
        output=_micros(settings.output),
        cached=_micros(cached),
        call=_micros(settings.call),
        source=source,
    )


def flat_price(usd_per_million: Decimal) -> Price:
    """A bound for what nobody knows: every token costs as much."""
    rate = _micros(usd_per_million)
    return Price(input=rate, output=rate, cached=rate, source="ceiling")


class PublishedPrices:
    """The published list, by kind and address of a provider and the name of a model."""

    def __init__(self, at: Micros) -> None:
        self._at = _EPOCH + timedelta(microseconds=at)
        self._found: dict[tuple[Kind, str, str], tuple[Price | None, int | None]] = {}

    def find(self, kind: Kind, url: str, model: str) -> Price | None:
        """What a model costs there; None where the list does not say."""
        return self._entry(kind, url, model)[0]

    def find_context(self, kind: Kind, url: str, model: str) -> int | None:
        """How many tokens it takes, where the list says so."""
        return self._entry(kind, url, model)[1]

    def _entry(self, kind: Kind, url: str, model: str) -> tuple[Price | None, int | None]:
        key = (kind, url, model)
        if key not in self._found:
            info = _published(kind, url, model)
            self._found[key] = (None, None) if info is None else (_price_of(info, self._at), info.context_window)
        return self._found[key]


def _published(kind: Kind, url: str, model: str) -> ModelInfo | None:
    try:
        from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - an extra, and 180 ms to import
    except ModuleNotFoundError:
        return None
    # An address of one's own may be anybody's: only where none is given it is the provider itself.
    provider_id = None if url else _PUBLISHED_AS.get(kind)
    try:
        return get_snapshot().find_provider_model(model, None, provider_id, url or None)[1]
    except LookupError:
        return None


def _price_of(info: ModelInfo, at: datetime) -> Price | None:
    prices = info.get_prices(at)
    input_price, output_price = _named(prices, "input_mtok"), _named(prices, "output_mtok")
    if input_price is None or output_price is None:
        return None
    cached_price = _named(prices, "cache_read_mtok") or input_price
    calls = _named(prices, "requests_kcount")
    starts = sorted({start for each in (input_price, output_price, cached_price) for start in _starts(each)})
    return Price(
        input=_rate(input_price, 0),
        output=_rate(output_price, 0),
        cached=_rate(cached_price, 0),
        call=0 if calls is None else -(-_rate(calls, 0) // 1_000),
        tiers=tuple(
            PriceTier(start, _rate(input_price, start), _rate(output_price, start), _rate(cached_price, start))
            for start in starts
        ),
        source="published",
    )


def _named(prices: ModelPrice, name: str) -> Decimal | TieredPrices | None:
    return getattr(prices, name, None)


def _starts(price: Decimal | TieredPrices) -> list[int]:
    return [] if isinstance(price, Decimal) else [tier.start for tier in price.tiers]


def _rate(price: Decimal | TieredPrices, above: int) -> MicroUsd:
    """What a million tokens cost when there are more of them than this."""
    if isinstance(price, Decimal):
        return _micros(price)
    reached = [tier.price for tier in price.tiers if tier.start <= above]
    return _micros(reached[-1] if above and reached else price.base)


def _micros(usd: Decimal) -> MicroUsd:
    return int((usd * MICROS_PER_USD).to_integral_value(rounding=ROUND_CEILING))
