"""Models, what came of asking them, and how one was chosen: as tables, and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from msgspec import to_builtins

from interlock.cli.model_probe import Probe
from interlock.cli.narrow_table import Column, print_table
from interlock.cli.output import plain, plain_lines
from interlock.core.event_parts import Option
from interlock.core.spending import shown_usd
from interlock.core.values import Value, is_map
from interlock.models.facts import Price
from interlock.models.listing import ListedModel
from interlock.models.routing import NoRoute, Route

if TYPE_CHECKING:
    from rich.console import Console

_NOTHING_SET_UP: Final = (
    "no models: declare some under [models] in interlock.toml, or set INTERLOCK_MODEL_URL\n"
    "(until then scripts answer for the agents that come along, and for no other, unless `packaged` is false)"
)
_SOURCES: Final = {"declared": "", "ceiling": " at most", "published": "", "own": ""}


# --- For programs -----------------------------------------------------------------------------------------------------


def probes_as_json(probes: Sequence[Probe]) -> list[dict[str, Any]]:
    """What came of asking, for programs."""
    return [
        {
            "pool": each.pool,
            "model": each.model.name,
            "simulated": each.model.simulated,
            "well": each.is_well,
            "said": each.said,
            "error": None if each.error is None else to_builtins(each.error),
            "usd": each.spent.usd,
            "tokens": each.spent.tokens,
            "took": each.took,
        }
        for each in probes
    ]


def route_as_json(chosen: Route | NoRoute) -> dict[str, Any]:
    """How a model was chosen, for programs."""
    decision: dict[str, Any] = to_builtins(chosen.decision)
    if isinstance(chosen, NoRoute):
        return {"chain": [], "reserve": None, "decision": decision, "error": to_builtins(chosen.error)}
    return {
        "chain": [leg.model.name for leg in chosen.chain],
        "reserve": {"usd": chosen.reserve.usd, "tokens": chosen.reserve.tokens},
        "decision": decision,
        "error": None,
    }


# --- For people -------------------------------------------------------------------------------------------------------


def print_models(console: Console, listed: Sequence[ListedModel]) -> None:
    """The table of models."""
    from rich.text import Text

    if not listed:
        console.print(_NOTHING_SET_UP, markup=False, soft_wrap=True)
        return
    columns = (
        Column("pool"),
        Column("model"),
        Column("reached by", may_be_cut=True, leaves=1),
        Column("quality"),
        Column("safety"),
        Column("$ per million", leaves=3),
        Column("key", leaves=2),
        Column(""),
    )
    rows = [
        [
            Text(each.pool),
            Text(plain(each.model.name)),
            Text(plain(each.reached)),
            Text(each.model.quality),
            Text(each.model.safety),
            Text(_price(each.model.price)),
            Text(each.key or ""),
            Text("✗" if each.trouble else "simulated" if each.model.simulated else "", style="yellow"),
        ]
        for each in listed
    ]
    print_table(console, columns, rows)
    for name, trouble in {each.model.name: each.trouble for each in listed if each.trouble}.items():
        console.print(plain(f"{name}: {trouble}"), style="yellow", markup=False, soft_wrap=True)


def _price(price: Price | None) -> str:
    if price is None:
        return "unknown"
    if not price.input and not price.output and not price.call:
        return "free"
    return f"{shown_usd(price.input)[1:]} in, {shown_usd(price.output)[1:]} out{_SOURCES[price.source]}"


def print_probes(console: Console, probes: Sequence[Probe]) -> None:
    """A line for each model that was asked."""
    if not probes:
        console.print(_NOTHING_SET_UP, markup=False, soft_wrap=True)
    for each in probes:
        console.print("✓" if each.is_well else "✗", style="green" if each.is_well else "red", end=" ")
        console.print(plain_lines(f"{each.model.name}: {_told(each)}"), markup=False, soft_wrap=True)


def _told(probe: Probe) -> str:
    if probe.error is not None:
        spent = f" ({shown_usd(probe.spent.usd)})" if probe.spent.usd else ""
        return f"{probe.error.kind}: {probe.error.message}{spent}"
    if probe.model.simulated:
        return "its scripts are read; it is simulated"
    return f"said {probe.said!r} in {probe.took / 1_000_000:.2f} s for {shown_usd(probe.spent.usd)}"


def print_route(console: Console, chosen: Route | NoRoute, *, explain: bool) -> None:
    """The chain, and with `explain` every option."""
    if isinstance(chosen, NoRoute):
        console.print(plain(chosen.error.message), markup=False, soft_wrap=True)
    else:
        names = " → ".join(leg.model.name for leg in chosen.chain)
        held = f"{shown_usd(chosen.reserve.usd)} and {chosen.reserve.tokens:,} tokens are held"
        console.print(plain(f"{names}  ({chosen.decision.why}; {held})"), markup=False, soft_wrap=True)
    if explain and chosen.decision.options:
        _print_options(console, chosen.decision.options, chosen.decision.chosen)


def _print_options(console: Console, options: Sequence[Option], chosen: str) -> None:
    """A line for each, cut nowhere: why a model is out is what one looks for."""
    for each in options:
        is_out = each.score is None
        sign = "✗" if is_out else "→" if each.name == chosen else " "
        told = "; ".join(filter(None, [_scores(each.score), each.note]))
        style = "yellow" if is_out else ""
        console.print(plain(f"{sign} {each.name}: {told}"), style=style, markup=False, soft_wrap=True)


def _scores(score: Value) -> str:
    return ", ".join(_score(name, value) for name, value in score.items()) if is_map(score) else ""


def _score(name: str, value: Value) -> str:
    match name:
        case "usd":
            return f"{shown_usd(value)} at most"
        case "tokens":
            return f"{value:,} tokens"
        case "latency":
            return f"{value / 1_000_000:.3g} s"
        case _:
            return f"{name} {value}"
