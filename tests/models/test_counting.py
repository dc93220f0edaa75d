"""What is counted: tokens that were estimated or said, and what they cost."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.core.messages import ModelRequest, Told, Usage
from interlock.core.spending import Spending
from interlock.models.costs import cost_of, worst_case
from interlock.models.declaring import PriceSettings
from interlock.models.estimating import Size, estimated_tokens, size_of
from interlock.models.facts import Price, PriceTier
from interlock.models.prices import FREE, PublishedPrices, declared_price
from interlock.models.usage_checks import SaidUsage, checked_usage
from tests.models.some_models import DOLLAR, price

NOON = 1_760_000_000_000_000
COUNTS = st.integers(0, 10**7)
RATES = st.integers(0, 10**9)


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (Usage(1_000_000, 0), 1_000_000),
        (Usage(0, 1_000_000), 2_000_000),
        (Usage(1_000_000, 0, cached=400_000), 640_000),
        (Usage(1, 0), 1),
        (Usage(1, 1, cached=1), 3),
        (Usage(), 0),
    ],
)
def test_cost_is_in_whole_micro_dollars_and_rounded_up(usage: Usage, cost: int) -> None:
    """A budget that is told less than was spent is passed without anybody noticing."""
    assert cost_of(usage, price(DOLLAR, 2 * DOLLAR, cached=DOLLAR // 10)) == cost


def test_a_price_for_long_requests_holds_for_all_of_their_tokens() -> None:
    """That is how providers bill: one token more may double the price."""
    tiered = price(DOLLAR, DOLLAR, tiers=(PriceTier(200, 2 * DOLLAR, 3 * DOLLAR, DOLLAR),))

    assert cost_of(Usage(200, 10), tiered) == 210
    assert cost_of(Usage(201, 10), tiered) == 402 + 30


def test_a_call_may_have_a_price_of_its_own() -> None:
    """Some servers bill each request."""
    assert cost_of(Usage(1, 0), price(DOLLAR, DOLLAR, call=500)) == 501


@given(COUNTS, COUNTS, COUNTS, st.builds(price, RATES, RATES, cached=RATES))
def test_what_was_used_within_bounds_never_costs_more_than_was_held(
    tokens: int, answered: int, more: int, of: Price
) -> None:
    """Where cached input is not dearer than fresh, the worst case is the worst."""
    cheaper = Price(input=of.input, output=of.output, cached=min(of.cached, of.input))
    held = worst_case(tokens, answered + more, cheaper)

    assert cost_of(Usage(tokens, answered, cached=tokens // 2), cheaper) <= held.usd


@given(st.text(), st.text())
def test_an_estimate_grows_with_the_text_and_is_never_above_its_bytes(text: str, more: str) -> None:
    """A longer text never counts less."""
    assert estimated_tokens(text) <= estimated_tokens(text + more)
    assert estimated_tokens(text) <= len(text.encode("utf-8"))


def test_everything_that_is_sent_counts() -> None:
    """A schema of a tool is read by the model, and billed."""
    bare = size_of(ModelRequest((Told("hi"),)))
    with_schema = size_of(ModelRequest((Told("hi"),), output={"type": "object", "description": "x" * 3_000}))

    assert with_schema.tokens - bare.tokens > 1_000


@pytest.mark.parametrize(
    ("said", "used"),
    [
        (SaidUsage(120, 30, 20), Usage(120, 30, cached=20)),
        (SaidUsage(None, None), Usage(100, 25, estimated=True)),
        (SaidUsage(-1, 30), Usage(100, 30, estimated=True)),
        (SaidUsage(0, 30), Usage(100, 30, estimated=True)),
        (SaidUsage(120, -30), Usage(120, 25, estimated=True)),
        (SaidUsage(120, 0), Usage(120, 25, estimated=True)),
        (SaidUsage(10**15, 30), Usage(100, 30, estimated=True)),
        (SaidUsage(120, 10**15), Usage(120, 25, estimated=True)),
        (SaidUsage(120, 30, 121), Usage(120, 30, estimated=True)),
        (SaidUsage(120, 30, -1), Usage(120, 30, estimated=True)),
        (SaidUsage(120, 1_000), Usage(120, 1_000)),
    ],
)
def test_a_count_that_cannot_be_true_is_replaced_and_marked(said: SaidUsage, used: Usage) -> None:
    """Each number for itself: a wrong one does not spoil the others."""
    assert checked_usage(said, Size(100, 300), answer_tokens=25, tokens_max=1_000) == used


@given(st.integers(-(10**18), 10**18), st.integers(-(10**18), 10**18), st.integers(-(10**18), 10**18))
def test_no_count_that_is_said_can_be_negative_or_without_bound(given_: int, answered: int, cached: int) -> None:
    """Whatever a provider says, a call costs something between nothing and a little more than was asked for."""
    used = checked_usage(SaidUsage(given_, answered, cached), Size(100, 300), answer_tokens=25, tokens_max=1_000)

    assert 0 < used.input <= 300 + 4_096
    assert 0 < used.output <= 1_000 + 1_024
    assert 0 <= used.cached <= used.input


def test_published_prices_are_known_offline() -> None:
    """In whole micro-dollars for a million tokens, cached input cheaper than fresh."""
    published = PublishedPrices(NOON).find("anthropic", "", "claude-sonnet-4-5")

    assert published is not None
    assert (published.input, published.output, published.cached) == (3 * DOLLAR, 15 * DOLLAR, 300_000)
    assert published.source == "published"


@pytest.mark.parametrize(
    ("url", "model"), [("", "no-such-model-of-anybody"), ("http://localhost:8000/v1", "gpt-5-mini")]
)
def test_a_price_that_nobody_publishes_is_unknown(url: str, model: str) -> None:
    """A server of one's own may call its models as it likes: the name says nothing of the price."""
    assert PublishedPrices(NOON).find("openai", url, model) is None


def test_a_declared_price_is_exact_to_the_micro_dollar() -> None:
    """Read as text: a float would lose what is behind the seventh digit."""
    declared = declared_price(PriceSettings.model_validate({"input": "0.123456", "output": "0.1234561"}))

    assert declared == Price(input=123_456, output=123_457, cached=123_456)
    assert cost_of(Usage(10**6, 10**6), FREE) == 0
    assert PriceSettings.model_validate({"input": "1", "output": "2"}).input == Decimal(1)
    assert worst_case(1, 1, declared) == Spending(1, 2)
