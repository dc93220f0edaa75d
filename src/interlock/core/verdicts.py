"""What a policy is asked before each movement, and what it answers. The rules themselves are told in `governance`.

A verdict is a value that comes from outside, as an answer does: the policy in force is not pinned to a run, so what it
said is recorded, and never asked again of the past.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from interlock.core.plan import EffectClass, Permissions, Risk
from interlock.core.values import Value

Point: TypeAlias = Literal["run", "edge", "model", "tool", "gate", "memory"]
"""Where a policy is asked."""

POLICY_DIGEST_LENGTH: Final = 16


class Movement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is about to happen: a run begins, an edge is taken, a model or a tool is called, a gate lets pass."""

    point: Point
    name: str
    """The graph, the edge's target, the model, the tool, the gate, or the memory."""
    tenant: str = "local"
    graph: str = ""
    run: str = ""
    path: str = ""
    """The node that moves."""
    agent: str = ""
    """The agent that asks for it, if one does."""
    by: str = ""
    """Who asks for it, if a person or another system does."""
    sources: tuple[str, ...] = ()
    """Of an edge: the nodes that lead here."""
    effect: EffectClass | Literal["paid"] | None = None
    risk: Risk = "low"
    permissions: Permissions | None = None
    """What the tool says it needs."""
    safety: str = ""
    """Of a model: its safety tier."""
    access: Literal["", "read", "write"] = ""
    """Of a memory."""
    tainted: bool = False
    """Whether what is asked for may have been put there by somebody outside: untrusted text is in the context."""
    arguments: Value = None
    policies: tuple[str, ...] = ()
    """What has to be in force for it, by the contract of the agent that asks or is called."""


class Verdict(Struct, frozen=True, omit_defaults=True):
    """What a policy says of a movement: the rule that said so, and the digest of the policy it stands in."""

    verdict: Literal["allow", "deny", "ask"]
    rule: str
    policy: str
    """The first digits of the policy's digest."""
    why: str = ""
    to: str = ""
    """Who is to be asked, if a person is: `group:release-managers`."""


Judge: TypeAlias = Callable[[Movement], Verdict]
"""A policy in force. It answers at once and never raises: what it cannot judge it denies."""
AskPolicy: TypeAlias = Callable[[Movement], Verdict | None]
"""A policy in force, or what is on record of one: None where nobody was asked."""
