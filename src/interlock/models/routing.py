"""Which model answers a call: hard conditions first, then preference, shares and fallbacks. Pure rules, no state.

Every model that was not chosen stands in the decision with the reason, so that an auditor sees what was weighed. What
is true of the moment (a breaker that is open, a policy that bars a model) comes in as an argument.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from interlock.core.agent_contract import ModelNeed
from interlock.core.event_parts import Decision, Error, ErrorClass, Option
from interlock.core.spending import NOTHING, MicroUsd, Spending, shown_usd
from interlock.core.values import Value
from interlock.models.costs import worst_case
from interlock.models.facts import QUALITY_RANK, SAFETY_RANK, UNPRICED, ModelFacts

CHAIN_MAX: Final = 4
"""The chosen model and three to fall back on: money is held for each of them."""
_POINT: Final = "model"
_NEVER: Final = math.inf


class Load(Struct, frozen=True, gc=False, kw_only=True):
    """What routing has to know of a request."""

    input_tokens: int
    tokens_max: int
    has_tools: bool = False
    wants_data: bool = False


class Leg(Struct, frozen=True):
    """A model of the chain, and the most that a call to it can cost."""

    model: ModelFacts
    reserve: Spending


class Route(Struct, frozen=True, kw_only=True):
    """The models to ask, one after the other, until one answers. `reserve`: what all of them may cost together."""

    chain: tuple[Leg, ...]
    reserve: Spending
    decision: Decision
    pool: str


class NoRoute(Struct, frozen=True, kw_only=True):
    """No model may answer: the decision says why of each."""

    decision: Decision
    error: Error


class _Rejection(Struct, frozen=True, gc=False):
    why: str
    kind: ErrorClass = "refused"


_Judged: TypeAlias = Leg | _Rejection


def choose_route(
    models: Sequence[ModelFacts],
    need: ModelNeed,
    load: Load,
    *,
    sticky: str,
    barred: Mapping[str, str],
    resting: Mapping[str, str],
    unusable: Mapping[str, str],
) -> Route | NoRoute:
    """The chain for a call. `barred`: by policy, and why; `resting`: not to be asked now; `unusable`: not at all, here.

    The same `sticky` meets the same model as long as that can be chosen at all.
    """
    out = dict(unusable) | {name: f"barred by policy: {why}" for name, why in barred.items()}
    judged = {model.name: _judge(model, need, load, out, resting) for model in models}
    able = [leg for leg in judged.values() if isinstance(leg, Leg)]
    if not able:
        return _no_route(models, need, judged)
    ordered = _with_share_first(sorted(able, key=lambda leg: _order(leg, need, sticky)), sticky)
    chain = _affordable(ordered, need.usd_max)
    names = [leg.model.name for leg in chain]
    options = tuple(_option(model, judged[model.name], names) for model in models)
    why = _why(chain[0], ordered, need)
    return Route(
        chain=chain,
        reserve=_total(leg.reserve for leg in chain),
        decision=Decision(_POINT, names[0], options, why),
        pool=need.pool,
    )


# --- Hard conditions -------------------------------------------------------------------------------------------------


def _judge(
    model: ModelFacts, need: ModelNeed, load: Load, out: Mapping[str, str], resting: Mapping[str, str]
) -> _Judged:
    if model.name in out:
        return _Rejection(out[model.name])
    unfit = _unfit(model, need, load)
    if unfit is not None:
        return _Rejection(unfit)
    if model.price is None:
        return _Rejection(UNPRICED)
    reserve = worst_case(load.input_tokens, load.tokens_max, model.price)
    if need.usd_max is not None and reserve.usd > need.usd_max:
        return _Rejection(f"may cost {shown_usd(reserve.usd)}, and at most {shown_usd(need.usd_max)} is asked for")
    if model.name in resting:
        return _Rejection(resting[model.name], "unavailable")
    return Leg(model, reserve)


def _unfit(model: ModelFacts, need: ModelNeed, load: Load) -> str | None:
    if need.quality is not None and QUALITY_RANK[model.quality] < QUALITY_RANK[need.quality]:
        return f"its quality is {model.quality}, and at least {need.quality} is asked for"
    if need.safety is not None and SAFETY_RANK[model.safety] < SAFETY_RANK[need.safety]:
        return f"its safety is {model.safety}, and at least {need.safety} is asked for"
    if load.has_tools and not model.has_tools:
        return "it cannot call tools"
    if load.wants_data and model.structured == "none":
        return "it cannot answer with data"
    tokens = load.input_tokens + load.tokens_max
    if model.context is not None and tokens > model.context:
        return f"about {tokens:,} tokens do not fit into its {model.context:,}"
    if need.latency_max is not None and model.latency is not None and model.latency > need.latency_max:
        return f"takes {_seconds(model.latency)}, and at most {_seconds(need.latency_max)} is asked for"
    return None


# --- Preference, shares, fallbacks -----------------------------------------------------------------------------------


def _order(leg: Leg, need: ModelNeed, sticky: str) -> tuple[float | str, ...]:
    cost, latency, quality = leg.reserve.usd, _latency(leg.model), -QUALITY_RANK[leg.model.quality]
    tie = (-_draw(sticky, leg.model.name), leg.model.name)
    match need.prefer:
        case "cost":
            return (cost, latency, quality, *tie)
        case "latency":
            return (latency, cost, quality, *tie)
        case "quality":
            return (quality, cost, latency, *tie)


def _latency(model: ModelFacts) -> float:
    return _NEVER if model.latency is None else model.latency


def _with_share_first(legs: list[Leg], sticky: str) -> list[Leg]:
    """Where models have shares, the one whose turn it is comes first; the others stay behind it as they stood.

    Each draws a number of its own from `sticky`: so when one model drops out, only its calls move to others.
    """
    sharing = [leg for leg in legs if leg.model.weight > 0]
    if not sharing:
        return legs
    first = min(sharing, key=lambda leg: -math.log(_draw(sticky, leg.model.name)) / leg.model.weight)
    return [first, *(leg for leg in legs if leg is not first)]


def _draw(sticky: str, name: str) -> float:
    """A number above 0 and up to 1, the same for the same words everywhere."""
    digest = hashlib.sha256(f"{sticky}\0{name}".encode("utf-8", "surrogatepass")).digest()
    return (int.from_bytes(digest[:6], "big") + 1) / (1 << 48)


def _affordable(legs: Sequence[Leg], usd_max: MicroUsd | None) -> tuple[Leg, ...]:
    """The first, and those behind it while what all of them may cost stays within what the call may cost."""
    chain = [legs[0]]
    for leg in legs[1:]:
        if len(chain) == CHAIN_MAX:
            break
        if usd_max is None or _total([*(each.reserve for each in chain), leg.reserve]).usd <= usd_max:
            chain.append(leg)
    return tuple(chain)


def _total(amounts: Iterable[Spending]) -> Spending:
    return sum(amounts, start=NOTHING)


# --- What is recorded ------------------------------------------------------------------------------------------------


def _option(model: ModelFacts, judged: _Judged, chain: Sequence[str]) -> Option:
    if isinstance(judged, _Rejection):
        return Option(model.name, note=judged.why)
    place = chain.index(model.name) if model.name in chain else None
    note = "left out: no more fallbacks are held for" if place is None else f"fallback {place}" if place else ""
    return Option(model.name, _score(judged), note)


def _score(leg: Leg) -> Value:
    model = leg.model
    score: dict[str, Value] = {"usd": leg.reserve.usd, "tokens": leg.reserve.tokens, "quality": model.quality}
    if model.latency is not None:
        score["latency"] = model.latency
    if model.weight:
        score["weight"] = model.weight
    return score


def _why(first: Leg, ordered: Sequence[Leg], need: ModelNeed) -> str:
    if len(ordered) == 1:
        return "the only one that may answer"
    if first.model.weight:
        return "its turn by the shares of the pool"
    return f"preferred for {need.prefer}"


def _no_route(models: Sequence[ModelFacts], need: ModelNeed, judged: Mapping[str, _Judged]) -> NoRoute:
    rejections = {name: each for name, each in judged.items() if isinstance(each, _Rejection)}
    options = tuple(Option(model.name, note=rejections[model.name].why) for model in models)
    told = "; ".join(f"{name}: {each.why}" for name, each in rejections.items())
    message = f"no model of the pool `{need.pool}` may answer: {told or 'it has none'}"
    kind: ErrorClass = "unavailable" if any(each.kind == "unavailable" for each in rejections.values()) else "refused"
    return NoRoute(decision=Decision(_POINT, "", options, message), error=Error(kind, message))


def _seconds(micros: int) -> str:
    return f"{micros / 1_000_000:.3g} s"
