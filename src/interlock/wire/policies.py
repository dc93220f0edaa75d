"""Policies: the rules in force, and why they say what they say."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from interlock.wire.values import Value

VerdictWord: TypeAlias = Literal["allow", "ask", "deny"]


class PolicyInForce(Struct, frozen=True, kw_only=True):
    """The rules in the order in which they decide. With a `next` there are more: give it as `cursor`."""

    digest: str
    """The same for policies that say the same."""
    default: bool
    """Whether it is the set that holds where a project has no rules."""
    files: list[str] | UnsetType = UNSET
    """Told to those who work on the machine itself."""
    rules: list[dict[str, Any]]
    """Each as it is written, with its `rule`, `verdict` and `origin`."""
    next: str | UnsetType | None = UNSET


class UnmetCondition(Struct, frozen=True, kw_only=True):
    """A condition that is not true."""

    key: str
    wanted: Value
    found: Value
    unknown: bool
    """Whether the movement did not say enough to tell."""


class ConsideredRule(Struct, frozen=True, kw_only=True):
    """A rule that was asked. One that holds and does not decide was overruled by a stronger or earlier one."""

    rule: str
    verdict: VerdictWord
    origin: str
    holds: bool
    decides: bool
    unmet: list[UnmetCondition]


class PolicyExplanation(Struct, frozen=True, kw_only=True):
    """What the policy says of one movement, and why."""

    verdict: VerdictWord
    rule: str
    policy: str
    """The first digits of the policy's digest."""
    why: str
    to: str
    """Who is to be asked, if a person is."""
    rules: list[ConsideredRule]
    movement: dict[str, Any] | UnsetType = UNSET
    """What was asked about, with what the tool says of itself."""
    note: str | UnsetType = UNSET
