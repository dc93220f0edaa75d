"""What a graph may name beside itself: tools and agents by contract, graphs by document. Compiling needs no code."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct, field

from interlock.core.agent_contract import AgentContract
from interlock.core.plan import ToolContract


class Catalogue(Struct, frozen=True):
    """The tools, graphs and agents of a project by name, and the time zones that are known where it is compiled."""

    tools: Mapping[str, ToolContract] = field(default_factory=dict[str, ToolContract])
    graphs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    agents: Mapping[str, AgentContract] = field(default_factory=dict[str, AgentContract])
    zones: Collection[str] | None = None
    """None: nobody knows, and each is taken for one."""
    pools: Mapping[str, str] = field(default_factory=dict[str, str])
    """The pool of each tool whose pool is known: no part of what a graph means, so no bundle holds it."""
    quarantined: Mapping[str, str] = field(default_factory=dict[str, str])
    """Tools that are kept away from graphs and agents, each with the reason and what to do about it."""
