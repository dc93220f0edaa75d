"""AgentOS policies, `{name, max_cost_usd, block_patterns}`: what they come to here, where they are enforced.

The sum becomes a limit of whatever names the policy; each pattern becomes a denial of every tool call that holds it.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from interlock.core.compiling.spellings import Money, Written
from interlock.core.spending import usd_text


class AgentosPolicy(Written):
    """A policy, as it is written."""

    name: str = Field(min_length=1)
    max_cost_usd: Money | None = None
    block_patterns: list[str] = Field(default=[])


def budget_of(policy: AgentosPolicy) -> dict[str, Any] | None:
    """The limit that a graph, or the node of an agent, has under a policy; None if the policy sets none."""
    return None if policy.max_cost_usd is None else {"usd": usd_text(policy.max_cost_usd), "on_limit": "stop"}
