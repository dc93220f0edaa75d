"""The policies that a tenant has registered, from Python: put in force, looked at, taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from interlock.engine.engine import Engine
from interlock.governance.policy import Policy
from interlock.governance.registered import RegisteredPolicy, register, registered, take_back
from interlock.governance.tenant_policies import TenantPolicies


class RegisteredPolicies:
    """It works while the `Interlock` it came from is open. What changes here is in force elsewhere within seconds."""

    def __init__(self, engine: Engine, policies: TenantPolicies) -> None:
        self._engine = engine
        self._policies = policies

    @property
    def of_files(self) -> Policy:
        """The policy of the project's files, which nothing that is registered weakens."""
        return self._policies.base

    async def listed(self) -> Sequence[RegisteredPolicy]:
        """All that is registered, by name."""
        return (await registered(self._engine.store.records, self._engine.tenant)).policies

    async def register(self, name: str, document: Mapping[str, Any], *, by: str) -> RegisteredPolicy:
        """Put a policy in the shape of AgentOS in force, instead of one that was registered under its name.

        Raises `PolicyError` with what is wrong with it.
        """
        policy = RegisteredPolicy(name=name, document=dict(document), by=by, at=self._engine.now())
        await register(self._engine.store.records, self._engine.tenant, policy, beside=self._policies.base)
        await self._policies.load(self._engine.tenant)
        return policy

    async def take_back(self, name: str) -> bool:
        """Put a policy out of force; whether there was one that was registered under this name."""
        was_there = await take_back(self._engine.store.records, self._engine.tenant, name)
        await self._policies.load(self._engine.tenant)
        return was_there
