"""Agents: their contracts, and where each is declared."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType


class AgentRow(Struct, frozen=True, kw_only=True):
    """An agent as lists show it."""

    agent: str
    version: str
    role: str
    description: str
    capabilities: list[str]
    tools: list[str]
    place: str | UnsetType = UNSET
    """Where it is declared; told to those who look after the machine."""
    hash: str
    """The name of everything that its contract says."""


class AgentPage(Struct, frozen=True, kw_only=True):
    """Agents by name. With a `next` there are more: give it as `cursor`."""

    agents: list[AgentRow]
    next: str | None = None


class Agent(AgentRow, frozen=True, kw_only=True):
    """An agent with its whole contract."""

    contract: dict[str, Any]
    """With everything that was left to its default."""
    prompt: str
    """The digest of its prompt."""
