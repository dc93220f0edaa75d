"""`interlock models …`: which models may be asked, whether they answer, and which one is chosen and why."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from interlock.cli.completion import model_names, pool_names
from interlock.cli.failures import CommandError, ExitCode
from interlock.cli.invocation import finished
from interlock.cli.options import AsJson
from interlock.cli.policy_words import SAFETY_TIERS, checked_word

if TYPE_CHECKING:
    from interlock.core.agent_contract import ModelNeed
    from interlock.models.facts import ModelFacts
    from interlock.models.gateway import ModelGateway
    from interlock.models.routing import Load

app = typer.Typer(help="The models that agents may ask, what they cost, and which one is chosen.", no_args_is_help=True)

QUALITY_TIERS: Final = ("cheap", "balanced", "quality")
PREFERENCES: Final = ("cost", "latency", "quality")


@app.command("list")
def list_models(*, as_json: AsJson = False) -> int:
    """List the models by pool: how good and safe they are, what they cost, and what keeps them from being asked."""
    return finished(_list(as_json=as_json))


async def _list(*, as_json: bool) -> int:
    from interlock.cli.model_table import print_models
    from interlock.cli.output import console, print_json
    from interlock.models.listing import listed_models
    from interlock.showing.json import plain_data
    from interlock.showing.models import model

    async with _gateway() as gateway:
        listed = listed_models(gateway)
    if as_json:
        print_json({"models": [plain_data(model(each, is_live=False)) for each in listed]})
    else:
        print_models(console(), listed)
    return ExitCode.SUCCEEDED


@app.command("test")
def ask_models(
    model: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="A model, or a pool. Else all of them.", autocompletion=model_names),
    ] = None,
    *,
    as_json: AsJson = False,
) -> int:
    """Ask each model for one word, for real, and say what that has cost. Of scripted ones the scripts are read."""
    return finished(_test(model, as_json=as_json))


async def _test(wanted: str | None, *, as_json: bool) -> int:
    from interlock.cli.model_probe import probe
    from interlock.cli.model_table import print_probes, probes_as_json
    from interlock.cli.output import console, print_json

    async with _gateway() as gateway:
        probes = [await probe(gateway, pool, model) for pool, model in _meant(gateway, wanted)]
    if as_json:
        print_json({"models": probes_as_json(probes)})
    else:
        print_probes(console(), probes)
    return ExitCode.SUCCEEDED if all(each.is_well for each in probes) else ExitCode.NOT_SUCCEEDED


def _meant(gateway: ModelGateway, wanted: str | None) -> list[tuple[str, ModelFacts]]:
    """The models that are meant, each once, with a pool that it stands in."""
    from interlock.core.problems import nearest

    found = {model.name: (pool, model) for pool in gateway.pools.names for model in gateway.candidates(pool)}
    in_pools = [(pool, model) for pool in gateway.pools.names for model in gateway.candidates(pool) if pool == wanted]
    if wanted is None:
        return list(found.values())
    if in_pools:
        return in_pools
    if wanted not in found:
        meant = nearest(wanted, [*found, *gateway.pools.names])
        advice = f"did you mean `{meant}`?" if meant else f"there are: {', '.join(found) or 'none'}"
        raise CommandError(f"there is no model and no pool {wanted!r}; {advice}")
    return [found[wanted]]


@app.command()
def route(
    *,
    explain: Annotated[bool, typer.Option("--explain", help="Show every model, its scores, or why it is out.")] = False,
    pool: Annotated[
        str, typer.Option("--pool", metavar="NAME", help="The pool to choose from.", autocompletion=pool_names)
    ] = "default",
    quality: Annotated[
        str | None,
        typer.Option(
            "--quality",
            metavar="TIER",
            help=f"At least: {', '.join(QUALITY_TIERS)}.",
            autocompletion=lambda: list(QUALITY_TIERS),
        ),
    ] = None,
    safety: Annotated[
        str | None,
        typer.Option(
            "--safety",
            metavar="TIER",
            help=f"At least: {', '.join(SAFETY_TIERS)}.",
            autocompletion=lambda: list(SAFETY_TIERS),
        ),
    ] = None,
    prefer: Annotated[
        str,
        typer.Option(
            "--prefer",
            metavar="WHAT",
            help=f"Among those left: {', '.join(PREFERENCES)}.",
            autocompletion=lambda: list(PREFERENCES),
        ),
    ] = "cost",
    usd_max: Annotated[
        str | None, typer.Option("--usd-max", metavar="USD", help="What the call may cost at most, such as 0.05.")
    ] = None,
    latency_max: Annotated[
        str | None, typer.Option("--latency-max", metavar="TIME", help="How long an answer may take, such as 5s.")
    ] = None,
    tokens: Annotated[int, typer.Option("--tokens", metavar="N", min=1, help="How many tokens are sent.")] = 1_000,
    tokens_max: Annotated[
        int, typer.Option("--tokens-max", metavar="N", min=1, help="How many the answer may have.")
    ] = 4_096,
    tools: Annotated[bool, typer.Option("--tools", help="Tools may be asked for.")] = False,
    data: Annotated[bool, typer.Option("--data", help="The answer is to be data.")] = False,
    sticky: Annotated[
        str, typer.Option("--sticky", metavar="TEXT", help="What stays with one model: a run, a session.")
    ] = "",
    as_json: AsJson = False,
) -> int:
    """Say which model would be asked for such a call, and which ones after it. Nobody is asked."""
    from interlock.core.agent_contract import ModelNeed
    from interlock.models.routing import Load

    said: dict[str, Any] = {
        "pool": pool,
        "quality": None if quality is None else checked_word(quality, QUALITY_TIERS, "tier"),
        "safety": None if safety is None else checked_word(safety, SAFETY_TIERS, "tier"),
        "prefer": checked_word(prefer, PREFERENCES, "preference"),
        "usd_max": None if usd_max is None else _micro_usd(usd_max),
        "latency_max": None if latency_max is None else _micros(latency_max),
    }
    load = Load(input_tokens=tokens, tokens_max=tokens_max, has_tools=tools, wants_data=data)
    return finished(_route(ModelNeed(**said), load, sticky, explain=explain, as_json=as_json))


async def _route(need: ModelNeed, load: Load, sticky: str, *, explain: bool, as_json: bool) -> int:
    from interlock.cli.model_table import print_route, route_as_json
    from interlock.cli.output import console, print_json
    from interlock.models.routing import Route

    async with _gateway() as gateway:
        chosen = gateway.weigh(need, load, sticky=sticky, barred={})
    if as_json:
        print_json(route_as_json(chosen))
    else:
        print_route(console(), chosen, explain=explain)
    return ExitCode.SUCCEEDED if isinstance(chosen, Route) else ExitCode.NOT_SUCCEEDED


def _micro_usd(text: str) -> int:
    from decimal import Decimal, InvalidOperation

    from interlock.core.spending import MICROS_PER_USD

    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < MICROS_PER_USD:
        raise CommandError(f"--usd-max {text!r} is no amount of US dollars: write one such as 0.05")
    return int(amount * MICROS_PER_USD)


def _micros(text: str) -> int:
    from interlock.core.durations import DurationProblem, parse_duration

    try:
        return parse_duration(text)
    except DurationProblem as problem:
        raise CommandError(f"--latency-max: {problem.message}; {problem.advice}") from problem


@asynccontextmanager
async def _gateway() -> AsyncGenerator[ModelGateway]:
    """The project's gateway, on this command's loop."""
    import os

    from interlock.bootstrap import DeclaredModels, make_models
    from interlock.cli.opening import configured
    from interlock.tools.clock import LoopClock
    from interlock.tools.secrets import read_secrets

    found = configured()
    secrets = read_secrets(os.environ, found.settings.secrets)
    settings = found.settings
    declared = DeclaredModels(models=settings.models, server=settings.model, folder=found.project)
    gateway = make_models(declared, secrets=secrets, clock=LoopClock())
    try:
        yield gateway
    finally:
        await gateway.close()
