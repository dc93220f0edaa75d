"""What a graph may name beside itself: tools and agents by contract, graphs by document. Compiling needs no code."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

from msgspec import Struct, field

from interlock.core.agent_contract import AgentContract
from interlock.core.plan import ToolContract

WhyNot: TypeAlias = Callable[[str], str]
"""What is to be told of a tool that is kept away, and what to do about it; nothing of one that is unknown."""


def nothing_is_kept_away(tool: str) -> str:
    """Where every tool that there is can be called."""
    return ""


class Catalogue(Struct, frozen=True):
    """The tools, graphs and agents of a project by name, and the time zones that are known where it is compiled."""

    tools: Mapping[str, ToolContract] = field(default_factory=dict[str, ToolContract])
    graphs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    agents: Mapping[str, AgentContract] = field(default_factory=dict[str, AgentContract])
    zones: Collection[str] | None = None
    """None: nobody knows, and each is taken for one."""
    pools: Mapping[str, str] = field(default_factory=dict[str, str])
    """The pool of each tool whose pool is known: no part of what a graph means, so no bundle holds it."""
    kept_away: WhyNot = nothing_is_kept_away
    """Says of a tool that is not among these, by its name, why graphs and agents cannot call it."""
