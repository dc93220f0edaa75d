"""AgentOS policies: what was kept there and never looked at is enforced here."""

from __future__ import annotations

import pytest

from interlock.authoring.dialects.agentos_policies import read_agentos_policy
from interlock.governance import InvalidPolicyError, PolicySource, load_policy
from tests.governance.policies import said_of, tool_call

CAREFUL = """\
name: careful
max_cost_usd: 5
block_patterns: ["rm -rf", deploy]
"""


def test_a_pattern_denies_every_call_that_holds_it() -> None:
    """In whatever tool, and wherever it stands."""
    policy = load_policy([PolicySource("careful.yaml", CAREFUL)])

    assert said_of(policy, tool_call("run", arguments={"script": ["cd /", "rm -rf ."]})) == ("deny", "careful#block_1")
    assert said_of(policy, tool_call("deploy_it", arguments={})) == ("deny", "careful#block_2_by_name")
    assert said_of(policy, tool_call("look", arguments={})) == ("allow", "default#tools_of_nodes")


def test_the_sum_is_a_limit_of_whoever_names_the_policy() -> None:
    """A limit stands at what it limits, so the policy only tells it."""
    assert dict(load_policy([PolicySource("careful.yaml", CAREFUL)]).limits) == {"careful": 5_000_000}


def test_a_rule_stands_where_its_pattern_was_written() -> None:
    """A denial names its rule, and who looks for it finds the line."""
    policy = load_policy([PolicySource("careful.yaml", CAREFUL)])

    assert {rule.name: rule.origin for rule in policy.rules if rule.name.startswith("careful#")} == {
        "careful#block_1": "careful.yaml:3",
        "careful#block_2": "careful.yaml:3",
        "careful#block_2_by_name": "careful.yaml:3",
    }


def test_a_policy_can_be_read_for_certain_graphs() -> None:
    """Where a policy was registered for a graph it says nothing of others."""
    read = read_agentos_policy({"name": "careful", "block_patterns": ["rm -rf"]}, graphs=["release"])

    assert read.policy == {
        "policy": "careful",
        "description": "",
        "extends": "default",
        "rules": {
            "block_1": {
                "deny": "tool",
                "description": "`rm -rf` is blocked.",
                "holding": "*rm -rf*",
                "who": {"graph": ["release"]},
            }
        },
    }


@pytest.mark.parametrize(
    "pattern", [r"rm\s+-rf", "rm.*-rf", "foo|bar", "^rm", "secret$", "[a-z]+x", "(?i)drop", r"a\.b"]
)
def test_a_regular_expression_is_refused(pattern: str) -> None:
    """Taken as text it would block nothing, and whoever wrote it would think that it does."""
    [problem] = read_agentos_policy({"name": "p", "block_patterns": ["fine", pattern]}).problems

    assert (problem.place, problem.message) == (
        ("block_patterns", 1),
        "patterns are text and no regular expressions",
    )


@pytest.mark.parametrize("pattern", ["curl | sh", "DROP TABLE", "rm *-rf", "$(", "what?", "a.b", "C++", "[x]"])
def test_ordinary_text_is_a_pattern(pattern: str) -> None:
    """What people block is often made of such characters."""
    assert read_agentos_policy({"name": "p", "block_patterns": [pattern]}).problems == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: p\nblock_patterns: [a, ' * ']\n", "p.yaml:2:21: error: this pattern would block everything"),
        ("name: my policy\nmax_cost_usd: 1\n", "p.yaml:1:7: error: `my policy` cannot be the name of a policy"),
        ("name: p\nmax_cost_usd: much\n", "p.yaml:2:15: error: `max_cost_usd`: "),
        ("name: p\nmax_cost: 3\nblock_patterns: []\n", "p.yaml:2:1: error: `max_cost` is not a key of an AgentOS"),
    ],
)
def test_what_is_wrong_is_told_where_it_was_written(text: str, told: str) -> None:
    """A policy with a mistake in it must not seem to be in force."""
    with pytest.raises(InvalidPolicyError) as refused:
        load_policy([PolicySource("p.yaml", text)])

    assert told in str(refused.value)
