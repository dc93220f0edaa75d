"""Runs as AgentOS told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from interlock.core.spending import parse_usd
from interlock.engine.telling.history import RunView
from interlock.governance.policy import Policy
from interlock.governance.registered import RegisteredPolicy
from interlock.showing.instants import instant
from interlock.wire.agentos import AgentOsPolicies, AgentOsPolicy, AgentOsRun, AgentOsStatus

DOLLAR: Final = 1_000_000
STATUSES: Final[Mapping[str, AgentOsStatus]] = {
    "pending": "pending",
    "running": "running",
    "waiting": "running",
    "paused": "running",
    "compensating": "running",
    "succeeded": "succeeded",
    "failed": "failed",
    "cancelled": "failed",
    "rolled_back": "failed",
}
"""What a run's status is called there. What did not come to its end has failed, whatever stopped it."""


def agentos_status(status: str, *, has_begun: bool) -> AgentOsStatus:
    """A run's status in their words: until any node has begun, it is pending."""
    told = STATUSES[status]
    return "pending" if told == "running" and not has_begun else told


def agentos_run(view: RunView) -> AgentOsRun:
    """A run as it stands."""
    return AgentOsRun(
        id=view.run,
        run_id=view.run,
        graph=view.graph,
        inputs=view.inputs,
        status=agentos_status(view.status, has_begun=any(node.started_at for node in view.nodes.values())),
        created_at=instant(view.started_at),
        parent_run=view.parent or None,
        outputs=view.outputs,
        error=agentos_error(view),
        waiting_for=[wait.path for wait in view.waits if wait.is_for_people],
        simulated=view.costs.simulated_calls > 0,
    )


def agentos_error(view: RunView) -> str | None:
    """Why a run has not come to its end."""
    if STATUSES[view.status] != "failed":
        return None
    return view.error.message if view.error else f"the run was {view.status.replace('_', ' ')}"


def agentos_policies(of_files: Policy, registered: Sequence[RegisteredPolicy]) -> AgentOsPolicies:
    """The policies in force, by name."""
    names = sorted({*of_files.names, *of_files.limits})
    policies = [
        AgentOsPolicy(name=name, max_cost_usd=_dollars(of_files.limits.get(name)), block_patterns=[], source="file")
        for name in names
    ]
    return AgentOsPolicies(policies=[*policies, *map(_registered, registered)])


def _registered(policy: RegisteredPolicy) -> AgentOsPolicy:
    limit = policy.document.get("max_cost_usd")
    return AgentOsPolicy(
        name=policy.name,
        max_cost_usd=None if limit is None else _dollars(parse_usd(limit)),
        block_patterns=policy.document.get("block_patterns", []),
        source="registered",
        registered_by=policy.by,
        registered_at=instant(policy.at),
    )


def _dollars(micros: int | None) -> float | None:
    return None if micros is None else micros / DOLLAR
