"""From files to a policy: what is wrong is told all at once with its line, and what is meant has one digest."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from interlock.governance import (
    EmptyPolicyError,
    InvalidPolicyError,
    PolicyError,
    PolicySource,
    default_policy,
    load_policy,
    policy_schema,
    project_policy,
)
from tests.governance.policies import policy_of, problems_of, said_of, text_of, tool_call

READING = "reading: {allow: tool, name: read_file}"
PAYING = "paying: {ask: tool, name: pay}"


# --- what is wrong ---------------------------------------------------------------------------------------------------


def test_every_problem_of_a_file_is_told_at_once_with_its_place_and_what_was_meant() -> None:
    """Whoever mends a policy one error a time goes on until they give up and write `*`."""
    said = problems_of("""\
        policy: house
        rules:
          reading:
            alow: tool
            rsk_at_most: low
          paying:
            ask: [tool, edge]
            risk_at_least: medium
            to: group:owners
          edges:
            allow: edge
            who: {agnt: ada}
            to: somebody
        """)

    assert [line for line in said.splitlines() if line.startswith("house.yaml")] == [
        "house.yaml:4:5: error: `alow` is not a key of the rule `reading`",
        "house.yaml:5:5: error: `rsk_at_most` is not a key of the rule `reading`",
        "house.yaml:8:5: error: `risk_at_least` says nothing of an edge",
        "house.yaml:12:11: error: `agnt` is not a key of `who`",
    ]
    assert said.count("did you mean `") == 3
    assert said.endswith("4 errors")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("r: {}", "`r` does not say what it decides"),
        ("r: {allow: tool, deny: tool}", "`r` says `deny` and `allow` at once"),
        ("r: {allow: []}", "`allow` is empty"),
        ("r: {allow: tols}", "did you mean `tool`?"),
        ("r: {allow: tool, name: []}", "`name` is empty"),
        ("r: {allow: tool, name: ''}", "a pattern is empty"),
        ("r: {allow: tool, name: 7}", "`name`: this is a word or a list of words"),
        (f"r: {{allow: tool, name: {'x' * 300}}}", "a pattern is longer than 256 characters"),
        ("r: {allow: tool, tainted: yes}", "`tainted` is true or false, not the text `yes`"),
        ("r: {allow: tool, external: 1}", "`external` is true or false, not the number 1"),
        ("r: {allow: tool, risk_at_most: none}", "`risk_at_most` is one of low, medium, high"),
        ("r: {allow: tool, risk_at_least: high}", "write `risk_at_most`"),
        ("r: {deny: tool, risk_at_most: high}", "write `risk_at_least`"),
        ("r: {deny: model, safety_at_least: basic}", "write `safety_below`"),
        ("r: {deny: model, safety_below: basic}", "`safety_below` is one of enhanced, maximum"),
        ("r: {deny: tool, hosts: []}", "`hosts` names nothing, so the rule could never hold"),
        ("r: {deny: tool, to: ada}", "`to` says who is asked, and this rule says `deny`"),
        ("r: {allow: gate, hosts: '*'}", "`hosts` says nothing of a gate"),
        ("r: {allow: memory}", "`r` does not say how memory is used"),
        ("r: {allow: memory, access: [read, delete]}", "is one of read, write, not the text `delete`"),
        ("r: {allow: tool, who: {is: node, agent: ada}}", "where a node asks there is no agent"),
        ("r: {allow: tool, who: {is_: node}}", "did you mean `is`?"),
        ("r: {allow: edge, from_: a}", "did you mean `from`?"),
        ("r: {allow: tool, who: ada}", "`who` is a map, not the text `ada`"),
        ("r: {allow: tool, arguments: {}}", "`arguments` is empty"),
        ("r: {allow: tool, arguments: {n: 1.5}}", "an argument is compared with text, whole numbers, true or false"),
        ("r: {allow: tool, arguments: {n: .nan}}", "`.nan` is not a number"),
        ("r: {allow: tool, arguments: {n: null}}", "an argument is compared with text, whole numbers, true or false"),
        ("r: {allow: tool, arguments: {n: [[1]]}}", "item 0 of `n`: an argument is compared with text"),
        ("r: {allow: tool, arguments: {n: {}}}", "`n` is compared with nothing"),
        ("r: {allow: tool, arguments: {n: {at_most: 1.5}}}", "`at_most` is a whole number"),
        ("r: {allow: tool, arguments: {n: {at_mst: 1}}}", "did you mean `at_most`?"),
        ("r: {allow: tool, arguments: {n: {at_most: 1, at_least: 2}}}", "no number is at least 2 and at most 1"),
        ("r: {allow: tool, arguments: {n: {at_most: 1, one_of: [1]}}}", "values and bounds at once"),
        ("r: null", "`r` is a map, not nothing"),
        ("9r: {allow: tool}", "`9r` is no name of a rule"),
        ("'a#b': {allow: tool}", "`a#b` is no name of a rule"),
        ("r: {allow: tool, allow: edge}", "`allow`"),
        ("r: {allow: tool, description: 3}", "`description` is text, not the number 3"),
    ],
)
def test_a_rule_that_cannot_be_meant_so_is_refused_with_what_to_write(rule: str, said: str) -> None:
    """A rule that is half understood is worse than none: it is believed to hold."""
    assert said in problems_of(text_of(rule))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds nothing"),
        ("- a", "the document is a list"),
        ("policy", "a single value"),
        ("rules: {}", "a policy needs `policy`"),
        ("polcy: x", "did you mean `policy`?"),
        ("policy: 3", "`policy` is text, not the number 3"),
        ("policy: 'a b'", "`policy` cannot be the text `a b`"),
        ("policy: default", "`default` is the name of rules that are shipped"),
        ("policy: interlock", "`interlock` is the name of rules that are shipped"),
        ("policy: x\nlanguage: 2", "`language` is 1, not the number 2"),
        ("policy: x\nextends: defualt", "did you mean `default`?"),
        ("policy: x\nwithout: tainted", "is tainted_high_risk, not the text `tainted`"),
        ("policy: x\nrules: [a]", "`rules` is a map, not a list"),
        ("policy: x\nrules: {a: {allow: tool", "error:"),
        ("policy: x\n---\npolicy: y", "a second document begins here"),
        ("policy: !!python/object:os.system x", "error:"),
        ("a: &a [*a]", "error:"),
        ("policy: x\nrules: {a: {<<: {allow: tool}}}", "error:"),
        ("\x00", "this is not text"),
        ("policy: \ud800", "error:"),
        ("[" * 5_000, "error:"),
        (
            "policy: x\nrules:\n" + "".join(f"  r{n}: {{allow: tool}}\n" for n in range(10_001)),
            "more than 10,000 rules",
        ),
    ],
)
def test_a_file_that_is_no_policy_is_refused_with_its_place(text: str, said: str) -> None:
    """Files are written by hand, merged by machines, and cut off on the way."""
    told = problems_of(text)

    assert said in told
    assert told.startswith("house.yaml:")


def test_bytes_that_are_no_text_are_refused() -> None:
    """A file may hold anything."""
    with pytest.raises(InvalidPolicyError, match="not UTF-8"):
        load_policy([PolicySource("house.yaml", b"policy: \xff")])


def test_two_files_of_one_name_are_refused() -> None:
    """Their rules would be called the same, and a verdict would name either."""
    with pytest.raises(InvalidPolicyError, match=r"b\.yaml:1:9: error: `house` is the name of a\.yaml too"):
        load_policy([PolicySource("a.yaml", text_of(READING)), PolicySource("b.yaml", text_of(PAYING))])


@pytest.mark.parametrize("sources", [[], [PolicySource("a.yaml", "policy: a")]])
def test_a_policy_without_a_rule_is_refused(sources: list[PolicySource]) -> None:
    """An engine that starts with it would deny everything, or someone would make it allow everything."""
    with pytest.raises(EmptyPolicyError, match="everything would be denied"):
        load_policy(sources)


# --- what is meant ---------------------------------------------------------------------------------------------------


def test_policies_that_say_the_same_have_one_digest() -> None:
    """An approval is bound to the digest: laying out a file anew must not revoke it."""
    tidy = policy_of(
        "pay: {ask: [tool], name: [pay, refund], effect: [once], arguments: {m: x, n: {one_of: [1, true, a]}}}"
    )
    other = """# said in another way
rules:
  pay:
    arguments: {n: [true, "a", 1, 1], m: x}
    effect: once
    name: ["refund", "pay", "pay"]
    ask: tool
language: 1
policy: "house"
"""

    assert load_policy([PolicySource("elsewhere.yml", other)]).digest == tidy.digest


@pytest.mark.parametrize(
    "changed",
    [
        "pay: {ask: tool, name: pay, to: ada}",
        "pay: {ask: tool, name: 'pay*'}",
        "pay: {deny: tool, name: pay}",
        "pay: {ask: tool, name: pay, tainted: false}",
        "paid: {ask: tool, name: pay}",
    ],
)
def test_policies_that_say_something_else_have_other_digests(changed: str) -> None:
    """Else a verdict could not tell which rules it was given by."""
    assert policy_of("pay: {ask: tool, name: pay}").digest != policy_of(changed).digest


def test_giving_up_a_standing_rule_changes_the_digest() -> None:
    """What holds everywhere is part of what holds here."""
    assert policy_of(READING).digest != policy_of(READING, head="without: [tainted_high_risk]\n").digest


def test_the_order_in_which_files_are_read_means_nothing() -> None:
    """Folders are listed in different orders on different machines."""
    files = [PolicySource(f"{n}.yaml", text_of("r: {allow: tool}", name=n)) for n in ("one", "two", "three")]

    policies = [load_policy(order) for order in (files, files[::-1], files[1:] + files[:1])]

    assert len({policy.digest for policy in policies}) == 1
    assert {said_of(policy, tool_call()) for policy in policies} == {("allow", "one#r")}


def test_files_replace_the_default_set_unless_one_extends_it() -> None:
    """Whoever writes rules of their own must be able to allow less."""
    alone, extending = policy_of(READING), policy_of(READING, head="extends: default\n")

    assert said_of(alone, tool_call("pay")) == ("deny", "interlock#no_rule_allows")
    assert said_of(extending, tool_call("pay")) == ("allow", "default#tools_of_nodes")


def test_a_policy_is_json_that_another_judge_can_be_given() -> None:
    """Whoever judges by Rego reads the same rules."""
    data = policy_of("pay: {ask: tool, name: pay, who: {is: agent, tenant: [a, b]}}").as_data()

    assert json.loads(json.dumps(data))["rules"][0] == {
        "rule": "house#pay",
        "ask": ["tool"],
        "who": {"is": "agent", "tenant": ["a", "b"]},
        "name": ["pay"],
    }


def test_a_rule_says_where_it_stands() -> None:
    """Whoever is stopped by it wants to see it."""
    policy = load_policy([PolicySource("policies/house.yaml", text_of(READING, PAYING))])

    assert [rule.origin for rule in policy.rules][:2] == ["policies/house.yaml:3", "policies/house.yaml:4"]


def test_the_schema_takes_what_is_taken_and_refuses_a_misspelt_key() -> None:
    """An editor marks what would be refused, while it is written."""
    schema = jsonschema_rs.validator_for(policy_schema())
    shipped = Path(__file__).parents[2] / "src" / "interlock" / "governance"

    files = [yaml.safe_load((shipped / file).read_text()) for file in ("default_policy.yaml", "standing_policy.yaml")]

    assert [schema.is_valid(file) for file in files] == [True, True]
    assert not schema.is_valid({"policy": "x", "rules": {"a": {"alow": "tool"}}})
    assert not schema.is_valid({"policy": "x", "rules": {"a": {"allow": "tols"}}})


# --- the folder of a project -----------------------------------------------------------------------------------------


def test_a_project_without_policies_has_the_default_set(tmp_path: Path) -> None:
    """Without a folder, with an empty one, and with one that holds only what is no policy."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "README.md").write_text("Rules go here.", encoding="utf-8")

    digests = {project_policy(tmp_path / folder).digest for folder in ("none", "empty")}

    assert digests == {default_policy().digest}


def test_all_files_of_the_folder_are_the_policy(tmp_path: Path) -> None:
    """YAML by either name, and JSON, which is YAML."""
    (tmp_path / "a.yaml").write_text(text_of(READING, name="a"), encoding="utf-8")
    (tmp_path / "b.yml").write_text(text_of(PAYING, name="b"), encoding="utf-8")
    (tmp_path / "c.json").write_text('{"policy": "c", "rules": {"r": {"deny": "run"}}}', encoding="utf-8")

    assert [rule.name for rule in project_policy(tmp_path).rules] == [
        "a#reading",
        "b#paying",
        "c#r",
        "interlock#tainted_high_risk",
    ]


def test_a_folder_that_is_a_file_and_a_file_that_is_a_folder_are_refused(tmp_path: Path) -> None:
    """Neither is the default set: somebody meant to write rules there."""
    (tmp_path / "policies").write_text("policy: a", encoding="utf-8")
    (tmp_path / "odd" / "a.yaml").mkdir(parents=True)

    with pytest.raises(PolicyError, match="is a file, and policies stand in a folder"):
        project_policy(tmp_path / "policies")
    with pytest.raises(PolicyError, match=r"a\.yaml is no file"):
        project_policy(tmp_path / "odd")


def test_a_link_to_nowhere_is_told_and_not_passed_over(tmp_path: Path) -> None:
    """A file of denials that has gone must not be as if there had been none."""
    (tmp_path / "a.yaml").symlink_to(tmp_path / "gone.yaml")

    with pytest.raises(PolicyError, match=r"a\.yaml is no file"):
        project_policy(tmp_path)
