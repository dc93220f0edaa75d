"""Which model answers: hard conditions, preference, shares and fallbacks, told as choices among a few models."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from interlock.core.agent_contract import ModelNeed
from interlock.core.event_parts import Decision, Error, Option
from interlock.core.spending import Spending
from interlock.models.facts import ModelFacts
from interlock.models.routing import CHAIN_MAX, Load, NoRoute, Route
from tests.models.some_models import DOLLAR, LOAD, chain, chosen, model, notes, price

Preference: TypeAlias = Literal["cost", "latency", "quality"]

SLOW = model("a/slow", latency=9_000_000)
QUICK = model("b/quick", latency=1_000_000, price=price(5 * DOLLAR, 5 * DOLLAR))
GOOD = model("c/good", quality="quality", price=price(9 * DOLLAR, 9 * DOLLAR))


@pytest.mark.parametrize(
    ("prefer", "order"),
    [
        ("cost", ["a/slow", "b/quick", "c/good"]),
        ("latency", ["b/quick", "a/slow", "c/good"]),
        ("quality", ["c/good", "a/slow", "b/quick"]),
    ],
)
def test_what_is_preferred_orders_the_models_that_are_left(prefer: Preference, order: list[str]) -> None:
    """One agent wants it cheap, another quick, a third good: the rest of the order are its fallbacks."""
    assert chain(chosen(SLOW, QUICK, GOOD, need=ModelNeed(prefer=prefer))) == order


def test_a_choice_is_recorded_with_everything_that_was_weighed() -> None:
    """An auditor sees what could have been asked, what it would have cost, and what was said against it."""
    route = chosen(SLOW, QUICK, model("d/basic", context=10), need=ModelNeed(prefer="latency"))

    assert route.decision == Decision(
        "model",
        "b/quick",
        (
            Option(
                "a/slow", {"usd": 1_000, "tokens": 1_000, "quality": "balanced", "latency": 9_000_000}, "fallback 1"
            ),
            Option("b/quick", {"usd": 5_000, "tokens": 1_000, "quality": "balanced", "latency": 1_000_000}),
            Option("d/basic", note="about 1,000 tokens do not fit into its 10"),
        ),
        "preferred for latency",
    )


@pytest.mark.parametrize(
    ("facts", "need", "load", "why"),
    [
        ({}, {"quality": "quality"}, {}, "its quality is balanced, and at least quality is asked for"),
        ({}, {"safety": "enhanced"}, {}, "its safety is basic, and at least enhanced is asked for"),
        ({"has_tools": False}, {}, {"has_tools": True}, "it cannot call tools"),
        ({"structured": "none"}, {}, {"wants_data": True}, "it cannot answer with data"),
        ({"context": 999}, {}, {}, "about 1,000 tokens do not fit into its 999"),
        (
            {"latency": 3_000_000},
            {"latency_max": 2_500_000},
            {},
            "takes 3 s, and at most 2.5 s is asked for",
        ),
        ({"price": None}, {}, {}, "its price is unknown: declare its `price`, or a `ceiling` to reckon with"),
        ({}, {"usd_max": 999}, {}, "may cost $0.001, and at most $0.000999 is asked for"),
    ],
)
def test_a_hard_condition_that_does_not_hold_puts_a_model_out(
    facts: dict[str, Any], need: dict[str, Any], load: dict[str, Any], why: str
) -> None:
    """What must hold is no matter of preference: rather no answer than one from the wrong model."""
    route = chosen(
        model("a/m", **facts),
        need=ModelNeed(**need),
        load=structs.replace(LOAD, **load),
    )

    told = f"no model of the pool `default` may answer: a/m: {why}"
    decision = Decision("model", "", (Option("a/m", note=why),), told)
    assert route == NoRoute(decision=decision, error=Error("refused", told))


@pytest.mark.parametrize(
    ("facts", "need", "load"),
    [
        ({"quality": "quality"}, {"quality": "balanced"}, {}),
        ({"safety": "maximum"}, {"safety": "maximum"}, {}),
        ({"context": 1_000}, {}, {}),
        ({"latency": 2_500_000}, {"latency_max": 2_500_000}, {}),
        ({"latency": None}, {"latency_max": 1}, {}),
        ({}, {"usd_max": 1_000}, {}),
        ({"structured": "told"}, {}, {"wants_data": True}),
    ],
)
def test_a_condition_that_is_just_met_is_met(facts: dict[str, Any], need: dict[str, Any], load: dict[str, Any]) -> None:
    """At least and at most include the figure itself; what nobody knows is not held against a model."""
    route = chosen(
        model("a/m", **facts),
        need=ModelNeed(**need),
        load=structs.replace(LOAD, **load),
    )

    assert chain(route) == ["a/m"]


def test_a_model_that_policy_bars_is_never_a_fallback() -> None:
    """A denial holds for the whole chain, also on the day on which everything else has failed."""
    route = chosen(model("a/m"), model("b/m"), barred={"a/m": "rule no-a"})

    assert chain(route) == ["b/m"]
    assert notes(route) == {"a/m": "barred by policy: rule no-a", "b/m": ""}


def test_where_only_the_moment_speaks_against_all_models_the_call_may_be_tried_again() -> None:
    """An open breaker closes again; a policy does not change by waiting."""
    resting = chosen(model("a/m"), model("b/m"), resting={"a/m": "it rests", "b/m": "it rests"})
    barred = chosen(model("a/m"), barred={"a/m": "no"})

    assert isinstance(resting, NoRoute)
    assert isinstance(barred, NoRoute)
    assert (resting.error.kind, barred.error.kind) == ("unavailable", "refused")


def test_money_is_held_for_every_model_of_the_chain() -> None:
    """One that fails halfway has sent its bill when the next is asked."""
    route = chosen(model("a/m"), QUICK)

    assert isinstance(route, Route)
    assert route.reserve == Spending(1_000 + 5_000, 2_000)


def test_a_chain_never_costs_more_than_the_call_may() -> None:
    """Fallbacks are there as far as the money goes; a dear one is left out where a cheap one still fits."""
    models = (model("a/m"), model("b/m", price=price(2 * DOLLAR, 2 * DOLLAR)), model("c/m", quality="cheap"))

    route = chosen(*models, need=ModelNeed(usd_max=2_500))

    assert isinstance(route, Route)
    assert (chain(route), route.reserve.usd) == (["a/m", "c/m"], 2_000)
    assert notes(route)["b/m"] == "left out: no more fallbacks are held for"


def test_a_chain_is_short() -> None:
    """Money is held for each of its models: a pool of a hundred must not hold a hundredfold."""
    route = chosen(*(model(f"a/m{number}") for number in range(10)))

    assert len(chain(route)) == CHAIN_MAX
    assert list(notes(route).values()).count("left out: no more fallbacks are held for") == 10 - CHAIN_MAX


def test_the_same_run_meets_the_same_model_among_equals() -> None:
    """A prompt cache is warm where one was before."""
    models = [model(f"a/m{number}") for number in range(5)]

    once = [chain(chosen(*models, sticky=f"run-{number}")) for number in range(50)]
    again = [chain(chosen(*reversed(models), sticky=f"run-{number}")) for number in range(50)]

    assert once == again
    assert len({first for first, *_ in once}) == 5


def test_calls_are_shared_out_by_weight() -> None:
    """A new model is tried on a tenth of the runs."""
    models = (model("a/old", weight=9), model("b/new", weight=1), model("c/spare"))

    firsts = Counter(chain(chosen(*models, sticky=f"run-{number}"))[0] for number in range(2_000))

    assert set(firsts) == {"a/old", "b/new"}
    assert 140 < firsts["b/new"] < 260


def test_when_a_model_drops_out_only_its_own_calls_move() -> None:
    """The others keep their warm caches."""
    models = [model(f"a/m{number}", weight=1) for number in range(4)]
    gone = {"a/m0": "gone"}

    before = [chain(chosen(*models, sticky=str(number)))[0] for number in range(300)]
    after = [chain(chosen(*models, sticky=str(number), barred=gone))[0] for number in range(300)]

    moved = {was for was, now in zip(before, after, strict=True) if was != now}
    assert moved == {"a/m0"}


TIERS = st.sampled_from(["cheap", "balanced", "quality"])
SAFETIES = st.sampled_from(["basic", "enhanced", "maximum"])
MODELS = st.lists(
    st.builds(
        model,
        name=st.integers(0, 30).map(lambda number: f"p{number % 3}/m{number}"),
        quality=TIERS,
        safety=SAFETIES,
        weight=st.integers(0, 3),
        context=st.none() | st.integers(1, 2_000),
        latency=st.none() | st.integers(1, 10_000_000),
        price=st.none() | st.builds(price, st.integers(0, 10**8), st.integers(0, 10**8)),
        has_tools=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda each: each.name,
)
NEEDS = st.builds(
    ModelNeed,
    quality=st.none() | TIERS,
    safety=st.none() | SAFETIES,
    usd_max=st.none() | st.integers(0, 10**6),
    latency_max=st.none() | st.integers(1, 10_000_000),
    prefer=st.sampled_from(["cost", "latency", "quality"]),
)


@given(MODELS, NEEDS, st.booleans(), st.text(max_size=5), st.sets(st.integers(0, 30), max_size=5))
def test_no_chain_has_a_model_that_a_condition_forbids(
    models: list[ModelFacts],
    need: ModelNeed,
    has_tools: bool,  # noqa: FBT001 - it is drawn
    sticky: str,
    barred: set[int],
) -> None:
    """Whatever is declared and asked: conditions hold for the whole chain, and its money covers each model."""
    load = Load(input_tokens=600, tokens_max=400, has_tools=has_tools)
    out = {f"p{number % 3}/m{number}": "no" for number in barred}

    route = chosen(*models, need=need, load=load, sticky=sticky, barred=out)

    assert {option.name for option in route.decision.options} == {each.name for each in models}
    assert chosen(*models, need=need, load=load, sticky=sticky, barred=out) == route
    legs = route.chain if isinstance(route, Route) else ()
    assert len({leg.model.name for leg in legs}) == len(legs) <= CHAIN_MAX
    assert all(leg.model.name not in out and leg.model.price is not None for leg in legs)
    assert all(leg.model.has_tools or not has_tools for leg in legs)
    assert all(leg.model.context is None or leg.model.context >= 1_000 for leg in legs)
    assert need.usd_max is None or sum(leg.reserve.usd for leg in legs) <= need.usd_max
    assert [option.name for option in route.decision.options if option.score is None and not option.note] == []
