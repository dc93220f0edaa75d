"""Text that must not stand anywhere in what a tool is given."""

from __future__ import annotations

from typing import Any

import pytest

from interlock.core.values import Ref, Secret
from tests.governance.policies import policy_of, problems_of, said_of, tool_call

POLICY = policy_of("all: {allow: tool}", "drops: {deny: tool, holding: ['*DROP TABLE*', 'rm -rf*']}")
DENIED = ("deny", "house#drops")
ALLOWED = ("allow", "house#all")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"sql": "SELECT 1; DROP TABLE users"}, DENIED),
        ({"steps": [{"run": "rm -rf /"}]}, DENIED),
        ({"fields": {"DROP TABLE x": 1}}, DENIED),
        ({"sql": "drop table users"}, ALLOWED),
        ({"run": "sudo rm -rf /"}, ALLOWED),
        ({"n": 1, "flag": True, "nothing": None, "x": 1.5}, ALLOWED),
        ({}, ALLOWED),
    ],
)
def test_text_is_found_wherever_it_stands(arguments: dict[str, Any], said: tuple[str, str]) -> None:
    """Whoever wants to slip it in chooses the field; case and what stands around it count as in every pattern."""
    assert said_of(POLICY, tool_call(arguments=arguments)) == said


@pytest.mark.parametrize("kept", [Ref("0" * 64, 20_000), Secret("token")])
def test_what_cannot_be_looked_into_is_denied(kept: object) -> None:
    """A denial that could be slipped past by a long text would be none."""
    assert said_of(POLICY, tool_call(arguments={"ok": "fine", "kept": [kept]})) == DENIED
    assert said_of(POLICY, tool_call(arguments=None)) == DENIED


def test_a_grant_names_no_text_that_may_stand_somewhere() -> None:
    """That something stands somewhere says nothing of what stands beside it."""
    told = problems_of("policy: p\nrules: {r: {allow: tool, holding: '*x*'}}\n")

    assert "`holding` belongs to what is denied or asked, and this rule says `allow`" in told
