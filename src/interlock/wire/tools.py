"""Tools: on what terms they are called, and the approval of those that somebody else defines."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from interlock.wire.values import Value

ToolState: TypeAlias = Literal["own", "approved", "quarantine"]


class ToolPermissions(Struct, frozen=True, kw_only=True):
    """What a tool needs of the world around it."""

    hosts: list[str]
    reads: list[str]
    writes: list[str]
    external: bool
    """Whether it changes something outside the project and its workspace."""


class ToolTerms(Struct, frozen=True, kw_only=True):
    """On what terms a tool is called."""

    effect: str
    """What a repeat would do: `read`, `idempotent`, `once`."""
    risk: str
    permissions: ToolPermissions
    sandbox: bool
    rate_per_minute: int | None
    usd_micros: int
    """What a call costs, in millionths of a dollar."""
    undo: str | None
    """The tool that takes back what a call did."""


class ToolRow(ToolTerms, frozen=True, kw_only=True):
    """A tool as lists show it."""

    tool: str
    source: str
    """Where it comes from: `python`, `http`, `openapi:petstore`, `mcp:github`."""
    place: str | UnsetType = UNSET
    """Where it is declared; told to those who look after the machine."""
    pool: str
    """The workers that perform its calls."""
    state: ToolState
    quarantined: str | None
    """Why it is not called, until a person has looked at it."""


class ToolPage(Struct, frozen=True, kw_only=True):
    """Tools by name. With a `next` there are more: give it as `cursor`."""

    tools: list[ToolRow]
    not_approved: list[str]
    """The sources of which nothing is known, since nobody has approved any of their tools."""
    next: str | None = None


class Tool(ToolRow, frozen=True, kw_only=True):
    """A tool with its schemas."""

    description: str
    labels: list[str]
    secrets: list[str]
    """The names of the secrets that each call is given."""
    input: Value
    """A JSON Schema; null: nothing is said of it."""
    output: Value
    pin: str | None
    """Of one that somebody else defines: the digest of what it says of itself, which a person approves."""
