"""Governance: rules as data, and what they say of every movement. Who asks, and what follows, is no matter here.

`project_policy(folder).judge` is what an engine asks. What stands in `__all__` is for who puts a policy in force.
"""

from __future__ import annotations

from interlock.governance.errors import EmptyPolicyError, InvalidPolicyError, PolicyError
from interlock.governance.loading import PolicySource, default_policy, load_policy
from interlock.governance.policy import Policy
from interlock.governance.policy_document import policy_schema
from interlock.governance.policy_files import policy_sources, project_policy

__all__ = [
    "EmptyPolicyError",
    "InvalidPolicyError",
    "Policy",
    "PolicyError",
    "PolicySource",
    "default_policy",
    "load_policy",
    "policy_schema",
    "policy_sources",
    "project_policy",
]
