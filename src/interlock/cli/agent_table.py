"""Agents as tables and as pages for people, and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from interlock.agents.agent import Agent
from interlock.agents.context.sections import sections_of
from interlock.cli.agent_checks import CheckedAgent
from interlock.cli.narrow_table import Column, print_table
from interlock.cli.output import plain, plain_lines
from interlock.core.agent_contract import AgentLimits, ModelNeed
from interlock.core.durations import duration_text
from interlock.core.spending import shown_usd
from interlock.showing.agents import contract_hash

if TYPE_CHECKING:
    from rich.console import Console

HASH_SHOWN = 12


# --- For programs ----------------------------------------------------------------------------------------------------


def checks_as_json(checked: Sequence[CheckedAgent]) -> list[dict[str, Any]]:
    """What came of checking, for programs."""
    return [
        {
            "agent": each.name,
            "valid": each.is_valid,
            "place": each.place,
            "hash": contract_hash(each.contract) if each.contract else None,
            "problems": list(each.problems),
        }
        for each in checked
    ]


# --- For people ------------------------------------------------------------------------------------------------------


def print_agents(out: Console, agents: Sequence[Agent]) -> None:
    """The list."""
    from rich.text import Text

    if not agents:
        out.print(plain("no agents: `interlock agents new NAME` makes one"), markup=False)
        return
    columns = (
        Column("agent"),
        Column("version", leaves=1),
        Column("role", may_be_cut=True),
        Column("may call", may_be_cut=True, leaves=3),
        Column("declared at", may_be_cut=True, leaves=2),
    )
    rows = [
        [
            Text(plain(each.name)),
            Text(plain(each.contract.version)),
            Text(plain(each.contract.role or each.contract.description)),
            Text(plain(", ".join(each.contract.tools))),
            Text(plain(each.place)),
        ]
        for each in agents
    ]
    print_table(out, columns, rows)


def print_agent(out: Console, agent: Agent) -> None:
    """One agent, its prompt at the end."""
    width = max(len(name) for name, _ in _facts(agent))
    for name, value in _facts(agent):
        if value:
            out.print(plain(f"{name:<{width}}  {value}"), markup=False, soft_wrap=True)
    for title, text in (("prompt", agent.contract.prompt), ("task", agent.contract.task)):
        if text:
            out.print(f"\n{title}", style="dim", markup=False)
            out.print(plain_lines(text.rstrip()), markup=False, soft_wrap=True)


def _facts(agent: Agent) -> Iterator[tuple[str, str]]:
    contract = agent.contract
    yield "agent", f"{contract.name} {contract.version}".strip()
    yield "role", contract.role
    yield "for", contract.description
    yield "can", ", ".join(contract.capabilities)
    yield "declared at", agent.place
    yield "hash", contract_hash(contract)[:HASH_SHOWN]
    yield "takes", ", ".join((contract.input or {}).get("properties", {}))
    yield "gives", ", ".join((contract.output or {}).get("properties", {})) or "text"
    yield "labels", ", ".join(contract.labels)
    yield "may call", ", ".join(contract.tools)
    yield "limits", _limits(contract.limits)
    yield "at a limit", "a person is asked" if contract.on_limit == "ask" else "it fails"
    yield "model", _model(contract.model)
    yield (
        "context",
        f"{contract.context.tokens} tokens: {', '.join(each.name for each in sections_of(contract.context))}",
    )
    yield "fetches", ", ".join(f"{each.name} ({each.tool})" for each in contract.context.prefetch)
    yield "memory", ", ".join(contract.memory)
    yield "under", ", ".join(contract.policies)


def _limits(limits: AgentLimits) -> str:
    told = [
        f"{limits.steps} steps",
        f"{limits.errors} errors in a row",
        "" if limits.usd is None else shown_usd(limits.usd),
        "" if limits.tokens is None else f"{limits.tokens} tokens",
        "" if limits.calls is None else f"{limits.calls} calls",
        "" if limits.latency is None else duration_text(limits.latency),
    ]
    return ", ".join(filter(None, told))


def _model(need: ModelNeed) -> str:
    told = [
        f"of pool {need.pool}",
        f"quality at least {need.quality}" if need.quality else "",
        f"safety at least {need.safety}" if need.safety else "",
        f"prefers {need.prefer}",
        f"answers of {need.tokens_max} tokens at most",
    ]
    return ", ".join(filter(None, told))


def print_checks(out: Console, checked: Sequence[CheckedAgent]) -> None:
    """What came of checking."""
    if not checked:
        out.print(plain("there is nothing to check: `interlock agents new NAME` makes an agent"), markup=False)
    for each in checked:
        if each.rendered:
            out.print(each.rendered.rstrip(), markup=False, soft_wrap=True)
        if each.is_valid and each.contract is not None:
            out.print("✓" if not each.problems else "!", style="yellow" if each.problems else "green", end=" ")
            out.print(plain(f"{each.name}: hash {contract_hash(each.contract)[:HASH_SHOWN]}"), markup=False)
