"""What a policy says of movements: deny by default, the stronger rule decides, and every verdict names its rule."""

from __future__ import annotations

from typing import Any

import pytest

from interlock.core.plan import Permissions
from interlock.core.values import Ref
from interlock.core.verdicts import POLICY_DIGEST_LENGTH, Movement, Verdict
from interlock.governance import PolicySource, load_policy
from tests.governance.policies import policy_of, said_of, text_of, tool_call

NO_RULE = "interlock#no_rule_allows"


# --- which rule decides ----------------------------------------------------------------------------------------------


def test_what_no_rule_allows_is_denied() -> None:
    """A policy that lets pass what it forgot to forbid is no policy."""
    policy = policy_of("reading: {allow: tool, name: read_file}")

    verdict = policy.judge(tool_call("write_file"))

    assert verdict == Verdict(
        "deny", NO_RULE, policy.short_digest, "no rule allows the tool `write_file` as it was asked for"
    )


def test_a_verdict_names_its_rule_its_policy_and_why() -> None:
    """Who reads the history in a year has nothing else."""
    policy = policy_of("paying: {ask: tool, name: pay, to: 'group:owners', description: It is money.}")

    verdict = policy.judge(tool_call("pay"))

    assert verdict == Verdict("ask", "house#paying", policy.short_digest, "It is money.", "group:owners")
    assert verdict.policy == policy.digest[:POLICY_DIGEST_LENGTH]


def test_a_denial_wins_over_a_question_and_a_question_over_a_grant() -> None:
    """However many grants there are, one denial is enough, wherever it stands."""
    policy = policy_of(
        "all: {allow: tool}",
        "careful: {ask: tool, name: 'pay*'}",
        "never: {deny: tool, name: pay_out}",
        "again: {allow: tool, name: [pay_out, pay_in]}",
    )

    assert said_of(policy, tool_call("pay_out")) == ("deny", "house#never")
    assert said_of(policy, tool_call("pay_in")) == ("ask", "house#careful")
    assert said_of(policy, tool_call("look")) == ("allow", "house#all")


def test_of_two_equal_rules_the_earlier_is_named() -> None:
    """The same movement has to name the same rule every time, also where one has a name and the other a pattern."""
    policy = policy_of("first: {allow: tool, name: 's*'}", "second: {allow: tool, name: send}")

    assert said_of(policy, tool_call("send")) == ("allow", "house#first")


def test_a_rule_of_several_points_asks_of_each_only_what_concerns_it() -> None:
    """A model has no risk and writes no files: what bounds tools must not shut models out."""
    policy = policy_of("some: {allow: [tool, model], hosts: api.example.com}")
    model = Movement(point="model", name="large", permissions=Permissions(hosts=("api.example.com",)))

    assert said_of(policy, model) == ("allow", "house#some")
    assert said_of(policy, tool_call(risk="high"))[0] == "deny"


# --- a grant gives what it names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "needs",
    [
        {"risk": "medium"},
        {"permissions": Permissions(hosts=("api.example.com",))},
        {"permissions": Permissions(reads=("a.txt",))},
        {"permissions": Permissions(writes=("a.txt",))},
        {"permissions": Permissions(external=True)},
        {"permissions": None},
    ],
)
def test_a_grant_that_names_nothing_more_gives_low_risk_and_no_permissions(needs: dict[str, Any]) -> None:
    """Whoever writes `allow: tool` in a hurry must not have given away the network with it."""
    policy = policy_of("all: {allow: tool}")

    assert said_of(policy, tool_call()) == ("allow", "house#all")
    assert said_of(policy, tool_call(**needs)) == ("deny", NO_RULE)


@pytest.mark.parametrize(
    ("granted", "needed", "verdict"),
    [
        ("api.example.com", "api.example.com", "allow"),
        ("api.example.com", "API.Example.com.", "allow"),
        ("'*.example.com'", "a.b.example.com", "allow"),
        ("'*.example.com'", "*.example.com", "allow"),
        ("'*.example.com'", "*.b.example.com", "allow"),
        ("'*.example.com'", "example.com", "deny"),
        ("'*.example.com'", "*", "deny"),
        ("'*.example.com'", "*.com", "deny"),
        ("'*.example.com'", "a.example.com.evil.org", "deny"),
        ("api.example.com", "*.example.com", "deny"),
        ("'*'", "*", "allow"),
    ],
)
def test_a_grant_of_hosts_covers_everything_that_the_tool_could_mean(granted: str, needed: str, verdict: str) -> None:
    """A tool that asks for `*.com` must not be let in by a grant of one host below it."""
    policy = policy_of(f"net: {{allow: tool, hosts: {granted}}}")

    assert policy.judge(tool_call(permissions=Permissions(hosts=(needed,)))).verdict == verdict


@pytest.mark.parametrize("needed", ["../secret", "src/../../etc", "/etc/passwd", "~/.ssh/id", "src\\..\\x", "src/a\0b"])
def test_a_file_outside_the_workspace_lies_within_no_pattern(needed: str) -> None:
    """`src/../../etc` begins with `src/` and is not in it."""
    policy = policy_of("files: {allow: tool, reads: ['src/*', '/*', '../*', '~*']}")

    assert policy.judge(tool_call(permissions=Permissions(reads=("src/**",)))).verdict == "allow"
    assert policy.judge(tool_call(permissions=Permissions(reads=("src/a", needed)))).verdict == "deny"


def test_a_grant_of_edges_names_every_node_that_leads_there() -> None:
    """An edge that joins an allowed node and a strange one is not the edge that was allowed."""
    policy = policy_of("way: {allow: edge, from: [plan, 'test_*'], name: release}")

    def edge(*sources: str) -> str:
        return policy.judge(Movement(point="edge", name="release", sources=sources)).verdict

    assert [edge("plan"), edge("plan", "test_a"), edge("plan", "odd"), edge()] == ["allow", "allow", "deny", "deny"]


def test_a_model_below_its_tier_is_denied_and_one_of_unknown_tier_too() -> None:
    """`safety_at_least` is a promise about every model that gets through."""
    policy = policy_of("safe: {allow: model, safety_at_least: enhanced, hosts: '*'}")

    verdicts = [
        policy.judge(Movement(point="model", name="m", safety=safety)).verdict
        for safety in ("maximum", "enhanced", "basic", "", "supreme")
    ]

    assert verdicts == ["allow", "allow", "deny", "deny", "deny"]


@pytest.mark.parametrize(
    ("amount", "verdict"),
    [
        (100, "allow"),
        (99, "allow"),
        (101, "deny"),
        (100.0000001, "deny"),
        (-1, "deny"),
        ("100", "deny"),
        (True, "deny"),
        (None, "deny"),
        (float("nan"), "deny"),
        (float("-inf"), "deny"),
        ([50], "deny"),
        (Ref("00", 1), "deny"),
        (10**400, "deny"),
    ],
)
def test_an_argument_within_bounds_is_a_number_and_nothing_that_looks_like_one(amount: object, verdict: str) -> None:
    """A bound that takes NaN, or text, or one more than it says, is none."""
    policy = policy_of("small: {allow: tool, arguments: {amount: {at_least: 0, at_most: 100}}}")

    assert policy.judge(tool_call(arguments={"amount": amount})).verdict == verdict


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), "5", None, [5], Ref("00", 1), 101])
def test_a_denial_of_an_argument_holds_where_the_argument_cannot_be_compared(amount: object) -> None:
    """NaN is neither above a bound nor below it, and must not slip past for that."""
    policy = policy_of("all: {allow: tool}", "large: {deny: tool, arguments: {amount: {at_least: 101}}}")

    assert policy.judge(tool_call(arguments={"amount": 100})).verdict == "allow"
    assert said_of(policy, tool_call(arguments={"amount": amount})) == ("deny", "house#large")


@pytest.mark.parametrize(("written", "given"), [("1", True), ("true", 1), ("'1'", 1), ("1", "1"), ("0", False)])
def test_values_of_two_types_are_never_the_same(written: str, given: object) -> None:
    """For Python 1 and true are one; for a tool they are not."""
    policy = policy_of(f"r: {{allow: tool, arguments: {{n: {written}}}}}")

    assert policy.judge(tool_call(arguments={"n": given})).verdict == "deny"


def test_what_is_allowed_has_all_arguments_that_were_written() -> None:
    """One that is left out may have a default that nobody here knows."""
    policy = policy_of("deploy: {allow: tool, arguments: {env: [staging, 'test-*'], dry_run: true}}")

    def call(**arguments: object) -> str:
        return policy.judge(tool_call(arguments=arguments)).verdict

    assert call(env="test-7", dry_run=True) == "allow"
    assert call(env="production", dry_run=True) == "deny"
    assert call(env="staging", dry_run=1) == "deny"
    assert call(env="staging") == "deny"
    assert policy.judge(tool_call(arguments=["env", "staging"])).verdict == "deny"


# --- what stops holds unless it is refuted ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "clean", "stopped"),
    [
        ("by: mallory", {"by": "ada"}, {"by": ""}),
        ("path: 'secret/*'", {"path": "open/a"}, {"path": ""}),
        ("graph: payroll", {"graph": "hello"}, {"graph": ""}),
    ],
)
def test_who_cannot_be_shown_not_to_be_meant_by_a_denial_is_denied(
    rule: str, clean: dict[str, Any], stopped: dict[str, Any]
) -> None:
    """A denial that a missing name slips past is how deny lists fail open."""
    policy = policy_of("all: {allow: run}", f"never: {{deny: run, who: {{{rule}}}}}")

    assert policy.judge(Movement(point="run", name="g", **clean)).verdict == "allow"
    assert said_of(policy, Movement(point="run", name="g", **stopped)) == ("deny", "house#never")


@pytest.mark.parametrize(
    ("rule", "clean"),
    [
        ("effect: once", {"effect": "read"}),
        ("hosts: '*.evil.org'", {"permissions": Permissions(hosts=("good.org",))}),
        ("writes: '*.pem'", {"permissions": Permissions(writes=("out/*.txt",))}),
        ("external: true", {"permissions": Permissions(hosts=("good.org",))}),
        ("arguments: {branch: main}", {"arguments": {"branch": "topic"}}),
    ],
)
def test_a_denial_holds_where_the_movement_does_not_say_enough(rule: str, clean: dict[str, Any]) -> None:
    """The same of what a tool is and needs."""
    rules = ("all: {allow: tool, hosts: '*', reads: '*', writes: '*', external: true}", f"no: {{deny: tool, {rule}}}")
    said: dict[str, Any] = {"point": "tool", "name": "t", "effect": "once", "permissions": Permissions()}
    said.update(clean)
    silent = said.copy()
    silent.update(dict.fromkeys(clean))

    policy = policy_of(*rules)

    assert policy.judge(Movement(**said)).verdict == "allow"
    assert said_of(policy, Movement(**silent)) == ("deny", "house#no")


def test_a_denial_of_hosts_meets_a_need_that_only_could_go_there() -> None:
    """A tool that may speak to any host may speak to the one that is denied."""
    policy = policy_of("all: {allow: tool, hosts: '*'}", "no: {deny: tool, hosts: '*.evil.org'}")

    verdicts = [
        policy.judge(tool_call(permissions=Permissions(hosts=(host,)))).verdict
        for host in ("*", "api.*", "a.evil.org", "EVIL.org", "*.org", "api.good.org")
    ]

    assert verdicts == ["deny", "deny", "deny", "allow", "deny", "allow"]


def test_a_denial_for_an_agent_leaves_the_nodes_of_the_graph_alone() -> None:
    """Where a node asks, no agent does: that is known, and not missing."""
    policy = policy_of("all: {allow: tool}", "no: {deny: tool, who: {agent: intern}}")

    assert said_of(policy, tool_call()) == ("allow", "house#all")
    assert said_of(policy, tool_call(agent="intern")) == ("deny", "house#no")
    assert said_of(policy, tool_call(agent="planner")) == ("allow", "house#all")


# --- taint -----------------------------------------------------------------------------------------------------------


def test_a_risky_tool_in_a_tainted_run_is_a_persons_matter_in_every_policy() -> None:
    """Markers do not stop a model that was talked into something; this does."""
    policy = policy_of("all: {allow: tool, risk_at_most: high}")

    assert said_of(policy, tool_call(risk="high", tainted=True)) == ("ask", "interlock#tainted_high_risk")
    assert said_of(policy, tool_call(risk="high")) == ("allow", "house#all")
    assert said_of(policy, tool_call(risk="medium", tainted=True)) == ("allow", "house#all")


def test_a_standing_rule_can_be_given_up_by_name_alone() -> None:
    """Where nobody is there to ask it may have to be; then it stands in the file for everybody to see."""
    policy = policy_of("all: {allow: tool, risk_at_most: high}", head="without: tainted_high_risk\n")

    assert said_of(policy, tool_call(risk="high", tainted=True)) == ("allow", "house#all")


# --- the same, whatever was asked before -----------------------------------------------------------------------------


def test_what_was_judged_before_changes_nothing() -> None:
    """Answers are kept, and must not be mixed up by what only looks alike."""
    policy = policy_of(
        "files: {allow: tool, reads: 'src/*', who: {path: 'a/*'}}",
        "later: {allow: tool, name: send, who: {agent: ada}}",
    )
    asked = [
        tool_call(agent=agent, path=path, permissions=permissions, tainted=tainted)
        for agent in ("", "ada")
        for path in ("a/b", "c")
        for permissions in (None, Permissions(), Permissions(reads=("src/x",)), Permissions(reads=("etc",)))
        for tainted in (False, True)
    ]

    once = [policy.judge(movement) for movement in asked]

    assert [policy.judge(movement) for movement in reversed(asked)] == once[::-1]
    assert [load_policy([PolicySource("h", _AGAIN)]).judge(movement) for movement in asked] == once


_AGAIN = text_of(
    "files: {allow: tool, reads: 'src/*', who: {path: 'a/*'}}",
    "later: {allow: tool, name: send, who: {agent: ada}}",
)


def test_more_names_and_answers_than_are_kept_are_judged_all_the_same() -> None:
    """What is kept is bounded: names come from models too."""
    policy = policy_of("some: {allow: tool, name: '*7', who: {path: '*3'}}")

    verdicts = [policy.judge(tool_call(f"t{n}", path=f"p{n % 10}{m}")).verdict for n in range(1_100) for m in range(4)]

    assert verdicts.count("allow") == 110
    assert [policy.judge(tool_call("t7", path=f"p{n}")).verdict for n in range(200)].count("allow") == 20


def test_of_very_many_rules_only_those_about_a_name_are_asked() -> None:
    """A rule for every tool of a large house must not make each call dearer than the one before."""
    policy = policy_of(*(f"r{n}: {{allow: tool, name: t{n}}}" for n in range(3_000)))

    assert [rule.name for rule in policy.rules_about("tool", "t7")] == ["interlock#tainted_high_risk", "house#r7"]
    assert said_of(policy, tool_call("t2999")) == ("allow", "house#r2999")


# --- what agents want in force ---------------------------------------------------------------------------------------


def test_an_agent_that_wants_a_policy_in_force_may_do_nothing_without_it() -> None:
    """It was allowed its tools because of what that policy forbids: where it is missing, nobody has said yes."""
    policy = policy_of("all: {allow: [tool, model]}")

    assert said_of(policy, tool_call(policies=("house",))) == ("allow", "house#all")
    assert policy.judge(tool_call(policies=("house", "money"))) == Verdict(
        "deny",
        "interlock#not_in_force",
        policy.short_digest,
        "its agent wants the policy `money`, which is not in force",
    )
