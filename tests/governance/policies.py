"""Policies and movements for tests: each names only what matters to it."""

from __future__ import annotations

import textwrap
from typing import Any

from interlock.core.plan import Permissions
from interlock.core.verdicts import Movement
from interlock.governance import InvalidPolicyError, Policy, PolicySource, load_policy

NO_NEEDS = Permissions()


def policy_of(*rules: str, head: str = "") -> Policy:
    """The policy that rules make, each `name: {…}` on a line; they are called `house#name`."""
    return load_policy([PolicySource("house.yaml", text_of(*rules, head=head))])


def text_of(*rules: str, name: str = "house", head: str = "") -> str:
    """The same as a file."""
    body = "".join(f"  {rule}\n" for rule in rules)
    return f"policy: {name}\n{head}rules:\n{body}" if rules else f"policy: {name}\n{head}"


def problems_of(text: str) -> str:
    """What is said of a file that cannot be used."""
    try:
        load_policy([PolicySource("house.yaml", textwrap.dedent(text))])
    except InvalidPolicyError as error:
        return str(error)
    raise AssertionError("the policy was taken")


def tool_call(name: str = "send", **said: Any) -> Movement:  # noqa: ANN401 - the fields of a movement
    """A tool is about to be called; it needs nothing, unless something is said of it."""
    fields: dict[str, Any] = {"effect": "once", "permissions": NO_NEEDS} | said
    return Movement(point="tool", name=name, **fields)


def said_of(policy: Policy, movement: Movement) -> tuple[str, str]:
    """The verdict and the rule behind it."""
    verdict = policy.judge(movement)
    return verdict.verdict, verdict.rule
