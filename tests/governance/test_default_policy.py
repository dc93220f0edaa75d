"""What holds on a laptop: what is declared may happen, and what an agent wants beyond the ordinary a person decides."""

from __future__ import annotations

from typing import Any

import pytest

from interlock.core.plan import Permissions
from interlock.core.verdicts import Movement
from interlock.governance import default_policy
from tests.governance.policies import said_of, tool_call

POLICY = default_policy()
EVERYTHING = Permissions(hosts=("*",), reads=("**",), writes=("/",), external=True)
OUTSIDE = Permissions(hosts=("api.example.com",), external=True)


@pytest.mark.parametrize("effect", ["read", "idempotent", "once", "paid", None])
@pytest.mark.parametrize("risk", ["low", "medium", "high"])
@pytest.mark.parametrize("permissions", [None, Permissions(), EVERYTHING], ids=["untold", "none", "all"])
def test_a_node_calls_whatever_tool_its_author_wrote(effect: str | None, risk: str, permissions: Permissions) -> None:
    """Graphs that were written before there were policies go on as they did."""
    call = tool_call(effect=effect, risk=risk, permissions=permissions)

    assert said_of(POLICY, call) == ("allow", "default#tools_of_nodes")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"effect": "read"}, ("allow", "default#tools_of_agents")),
        ({"effect": "idempotent", "risk": "medium"}, ("allow", "default#tools_of_agents")),
        ({"effect": "once", "risk": "medium"}, ("allow", "default#tools_of_agents")),
        ({"effect": "once", "permissions": Permissions(writes=("src/*",))}, ("allow", "default#tools_of_agents")),
        ({"effect": "read", "permissions": OUTSIDE}, ("allow", "default#tools_of_agents")),
        ({"effect": "once", "permissions": OUTSIDE}, ("ask", "default#lasting_changes_of_agents")),
        ({"effect": "paid", "permissions": OUTSIDE}, ("ask", "default#lasting_changes_of_agents")),
        ({"effect": "once", "permissions": None}, ("ask", "default#lasting_changes_of_agents")),
        ({"effect": None, "permissions": None}, ("ask", "default#lasting_changes_of_agents")),
        ({"effect": "read", "risk": "high"}, ("ask", "default#risky_tools_of_agents")),
        ({"effect": "once", "risk": "high", "permissions": OUTSIDE}, ("ask", "default#risky_tools_of_agents")),
    ],
)
def test_what_an_agent_may_call_without_being_asked_about(wanted: dict[str, Any], said: tuple[str, str]) -> None:
    """A model chose it: what could not be taken back, or is risky, somebody looks at before it happens."""
    assert said_of(POLICY, tool_call(agent="py_fixer", **wanted)) == said


def test_a_risky_tool_is_asked_about_in_a_tainted_run_also_where_a_node_calls_it() -> None:
    """The author chose the tool, but somebody outside may have chosen what it is given."""
    assert said_of(POLICY, tool_call(risk="high", tainted=True)) == ("ask", "interlock#tainted_high_risk")
    assert said_of(POLICY, tool_call(risk="medium", tainted=True)) == ("allow", "default#tools_of_nodes")


@pytest.mark.parametrize(
    ("movement", "rule"),
    [
        (Movement(point="run", name="hello"), "default#graphs"),
        (Movement(point="edge", name="b", sources=("a",)), "default#edges"),
        (Movement(point="edge", name="first"), "default#edges"),
        (Movement(point="gate", name="quality"), "default#gates"),
        (Movement(point="model", name="openai/large", agent="planner", effect="paid"), "default#models"),
        (Movement(point="memory", name="session", access="read"), "default#session_memory"),
        (Movement(point="memory", name="session", access="write", agent="a"), "default#session_memory"),
        (Movement(point="memory", name="long_term", access="write", agent="a"), "default#long_term_memory"),
    ],
)
def test_what_is_declared_may_happen(movement: Movement, rule: str) -> None:
    """A project without rules of its own works from the start."""
    assert said_of(POLICY, movement) == ("allow", rule)


@pytest.mark.parametrize(
    "movement",
    [
        Movement(point="memory", name="long_term", access="write"),
        Movement(point="memory", name="of_somebody_else", access="read", agent="a"),
        Movement(point="memory", name="session"),
    ],
)
def test_what_nobody_declared_is_denied(movement: Movement) -> None:
    """The default set is generous, and still a list of what may happen."""
    assert said_of(POLICY, movement) == ("deny", "interlock#no_rule_allows")


def test_every_rule_says_why_it_is_there() -> None:
    """It is shipped to be read, and its words stand in every verdict."""
    assert [rule.name for rule in POLICY.rules if not rule.description] == []
