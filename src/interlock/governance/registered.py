"""Policies that a tenant has registered while everything runs, beside those of the project's files.

They are in the shape of AgentOS (`{name, max_cost_usd, block_patterns}`), so they deny and limit, and allow nothing:
what is in force is never weaker than the files. All of a tenant's stand in one record, so that which are in force
together is one fact; what becomes of it in processes that work meanwhile is told in `tenant_policies`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from interlock.core.spending import MicroUsd
from interlock.governance.errors import InvalidPolicyError, PolicyError
from interlock.governance.loading import RESERVED, PolicySource, ReadPolicy, read_policy, rules_of
from interlock.governance.policy import Policy
from interlock.store.records import Records

KIND: Final = "registered_policies"
KEY: Final = "all"
POLICIES_MAX: Final = 200
PATTERNS_MAX: Final = 1_000
"""How many policies a tenant may have registered, and how many patterns they may have together."""


class RegisteredPolicy(Struct, frozen=True, kw_only=True):
    """A policy as it was registered, by whom and when."""

    name: str
    document: dict[str, Any]
    by: str
    at: int

    @property
    def patterns(self) -> int:
        """How many patterns it blocks."""
        return len(self.document.get("block_patterns", ()))


class Registered(Struct, frozen=True, kw_only=True):
    """Everything that a tenant has registered, by name; `version` is that of the record it stands in."""

    policies: tuple[RegisteredPolicy, ...] = ()
    version: int = 0


async def registered(records: Records, tenant: str) -> Registered:
    """What a tenant has registered by now."""
    record = await records.find(tenant, KIND, KEY)
    if record is None:
        return Registered()
    policies = msgspec.json.decode(record.data, type=tuple[RegisteredPolicy, ...])
    return Registered(policies=policies, version=record.version)


async def register(records: Records, tenant: str, policy: RegisteredPolicy, *, beside: Policy) -> None:
    """Put a policy in force, in the place of one that was registered under its name.

    Raises `PolicyError` where it cannot be, and `RecordChangedError` if somebody registered another one meanwhile.
    """
    _read(policy)
    if policy.name in RESERVED or policy.name in beside.names or policy.name in beside.limits:
        raise PolicyError(f"`{policy.name}` is the name of a policy that stands in a file: give it another name")
    before = await registered(records, tenant)
    others = tuple(each for each in before.policies if each.name != policy.name)
    after = (*others, policy)
    if len(after) > POLICIES_MAX or sum(each.patterns for each in after) > PATTERNS_MAX:
        raise PolicyError(
            f"a tenant may register {POLICIES_MAX} policies with {PATTERNS_MAX:,} patterns together: "
            "take some back, or write them as files in `policies`"
        )
    await _keep(records, tenant, after, expected=before.version)


async def take_back(records: Records, tenant: str, name: str) -> bool:
    """Put a registered policy out of force; whether there was one."""
    before = await registered(records, tenant)
    others = tuple(each for each in before.policies if each.name != name)
    if len(others) == len(before.policies):
        return False
    await _keep(records, tenant, others, expected=before.version)
    return True


async def _keep(records: Records, tenant: str, policies: tuple[RegisteredPolicy, ...], *, expected: int) -> None:
    ordered = tuple(sorted(policies, key=lambda each: each.name))
    await records.put(tenant, KIND, KEY, msgspec.json.encode(ordered), expected=expected)


def with_registered(base: Policy, policies: Iterable[RegisteredPolicy]) -> Policy:
    """The policy of the files, and beside it what was registered, but for what has got a file of its name since."""
    read = [_read(each) for each in policies if each.name not in base.names and each.name not in base.limits]
    if not read:
        return base
    rules = [rule for each in read for rule in rules_of(each)]
    assert all(rule.verdict == "deny" for rule in rules), "policies of this shape deny and nothing else"
    return Policy([*base.rules, *rules], {**_limits_of(read), **base.limits})


def _limits_of(read: Iterable[ReadPolicy]) -> Mapping[str, MicroUsd]:
    return {
        each.written.policy: each.limit_usd for each in read if each.written is not None and each.limit_usd is not None
    }


def _read(policy: RegisteredPolicy) -> ReadPolicy:
    """What a policy means; `InvalidPolicyError` with every problem of it."""
    read = read_policy(PolicySource(f"the policy {policy.name}", json.dumps(policy.document, indent=2)))
    if read.problems:
        raise InvalidPolicyError(read.problems, rendered=read.rendered().rstrip())
    return read
