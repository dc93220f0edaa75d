"""`interlock policy`: rules are checked, shown and explained where they are written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interlock.cli import policy_words
from interlock.governance import default_policy, well_formed
from tests.cli.command_line import CommandLine

HOUSE = """\
policy: house
rules:
  reading: {allow: tool, name: "read_*", who: {agent: [ada, "b*"]}}
  paying: {ask: tool, name: pay, to: "group:owners", description: It is money.}
"""


def test_good_files_are_ticked_off_and_have_a_digest(interlock: CommandLine) -> None:
    """The digest is what stands in verdicts: it says which rules those were."""
    interlock.write("policies/house.yaml", HOUSE)

    said, listed = interlock("policy", "check"), interlock("policy", "check", "--json").json

    assert (said.code, said.out) == (0, f"✓ policies/house.yaml: 2 rules\npolicy {listed['digest'][:16]}\n")
    assert listed["files"] == [{"file": "policies/house.yaml", "policy": "house", "valid": True, "problems": []}]


def test_problems_of_all_files_are_told_with_their_lines(interlock: CommandLine) -> None:
    """Both at once, and the good file is not held against anyone."""
    interlock.write("policies/a.yaml", HOUSE)
    interlock.write("policies/b.yaml", "policy: b\nrules:\n  r: {alow: tool}\n")

    said, listed = interlock("policy", "check"), interlock("policy", "check", "--json")

    assert (said.code, listed.code) == (2, 2)
    assert said.out.startswith("✓ policies/a.yaml: 2 rules\npolicies/b.yaml:3:7: error: `alow` is not a key")
    assert [each["valid"] for each in listed.json["files"]] == [True, False]
    assert listed.json["digest"] is None
    assert listed.json["files"][1]["problems"][0]["line"] == 3


def test_files_that_are_named_are_checked_wherever_they_lie(interlock: CommandLine) -> None:
    """Before they are put into the folder."""
    interlock.write("drafts/house.yaml", HOUSE)

    assert interlock("policy", "check", "drafts/house.yaml").out.startswith("✓ drafts/house.yaml: 2 rules\n")


@pytest.mark.parametrize("name", ["gone.yaml", "drafts"])
def test_a_file_that_is_none_is_told(interlock: CommandLine, name: str) -> None:
    """Not passed over: whoever named it meant something."""
    interlock.write("drafts/house.yaml", HOUSE)

    said = interlock("policy", "check", name)

    assert (said.code, said.err) == (2, f"error: {name} is no file: policies are files of YAML in one folder\n")


def test_without_files_the_default_set_is_shown_and_said_to_be_it(interlock: CommandLine) -> None:
    """Nobody should have to guess which rules hold."""
    said, shown = interlock("policy", "show"), interlock("policy", "show", "--json").json

    assert said.out.startswith(f"policy {default_policy().short_digest}, the default set: there is no file in policies")
    assert interlock("policy", "check").out == "there is no file in policies: the default set holds\n"
    assert (shown["digest"], shown["default"], shown["files"]) == (default_policy().digest, True, [])
    assert [rule["verdict"] for rule in shown["rules"]] == ["ask"] * 3 + ["allow"] * 8


def test_rules_are_shown_in_the_order_in_which_they_decide(interlock: CommandLine) -> None:
    """Where each stands in its file says little about that."""
    interlock.write("policies/house.yaml", HOUSE)

    lines = interlock("policy", "show").out.splitlines()
    rules = interlock("policy", "show", "--json").json["rules"]

    assert lines[0].endswith(", policies/house.yaml")
    assert [line.split()[2] for line in lines[2:]] == [rule["rule"] for rule in rules]
    assert [rule["rule"] for rule in rules] == ["house#paying", "interlock#tainted_high_risk", "house#reading"]
    assert "who.agent=ada or b* name=read_*" in lines[4]
    assert rules[0]["origin"] == "policies/house.yaml:4"


def test_a_verdict_is_explained_by_the_rule_that_decides_and_what_kept_the_others(interlock: CommandLine) -> None:
    """Whoever is denied wants to know by what, and what to change."""
    interlock.write("policies/house.yaml", HOUSE)

    said = interlock("policy", "explain", "--point", "tool", "--name", "read_mail", "--agent", "eve", "--risk", "high")

    assert (said.code, said.out.splitlines()) == (
        0,
        [
            "deny by interlock#no_rule_allows: no rule allows the tool `read_mail` as it was asked for",
            "  · ask house#paying: name wants pay, and it is read_mail",
            "  · ask interlock#tainted_high_risk: tainted wants true, and it is false",
            "  · allow house#reading: who.agent wants ada or b*, and it is eve; risk_at_most wants low, and it is high",
            "there is no tool `read_mail` in this project: what was said of it is all that is known",
        ],
    )


PAYING = """\
from interlock import tool
from interlock.tools import Permissions

def _needs(arguments):
    return Permissions(hosts=(arguments["host"],), external=True)

@tool(effect="once", risk="high", hosts=["*.bank.example"], external=True, needs=_needs)
def wire(host: str) -> None:
    '''Wire money.'''
"""


def test_a_tool_of_the_project_is_judged_as_it_is(interlock: CommandLine) -> None:
    """Who leaves out that it is risky would hear that it is allowed, and a run would ask somebody all the same."""
    interlock.write("tools/paying.py", PAYING)
    words = ("policy", "explain", "--point", "tool", "--name", "wire", "--agent", "eve")

    said, about = interlock(*words), interlock(*words, "--argument", "host=a.bank.example", "--json").json["movement"]

    lines = said.out.splitlines()
    assert lines[0] == "ask by default#risky_tools_of_agents: An agent wants a tool of high risk."
    assert lines[-1] == (
        "the project's tool `wire` says: effect once, risk high, reach *.bank.example; change things elsewhere"
    )
    assert (about["effect"], about["risk"]) == ("once", "high")
    assert about["permissions"] == {"hosts": ["a.bank.example"], "external": True}


def test_what_is_said_of_a_tool_of_the_project_counts_before_what_it_says_itself(interlock: CommandLine) -> None:
    """So one can try what a rule would say if the tool were harmless."""
    interlock.write("tools/paying.py", PAYING)
    words = ("policy", "explain", "--point", "tool", "--name", "wire", "--agent", "eve", "--risk", "low")

    said = interlock(*words, "--effect", "read", "--no-external", "--json").json

    assert (said["verdict"], said["rule"]) == ("allow", "default#tools_of_agents")
    assert said["movement"]["permissions"] == {"hosts": ["*.bank.example"]}


def test_the_call_of_a_node_is_judged_by_all_that_the_tool_may_need(interlock: CommandLine) -> None:
    """As in a run, where no code is asked what a node's call comes to."""
    interlock.write("tools/paying.py", PAYING)
    words = ("policy", "explain", "--point", "tool", "--name", "wire", "--argument", "host=a.bank.example", "--json")

    assert interlock(*words).json["movement"]["permissions"] == {"hosts": ["*.bank.example"], "external": True}


def test_an_agent_that_is_called_is_no_unknown_tool(interlock: CommandLine) -> None:
    """It is asked about like one, as something that only reads; what it wants itself is asked about by itself."""
    said = interlock("policy", "explain", "--point", "tool", "--name", "agent:planner")

    assert said.out.startswith("allow by default#tools_of_nodes")
    assert "in this project" not in said.out


def test_who_is_asked_is_told(interlock: CommandLine) -> None:
    """And the same for programs."""
    interlock.write("policies/house.yaml", HOUSE)
    words = ("policy", "explain", "--point", "tool", "--name", "pay")

    said, explained = interlock(*words), interlock(*words, "--json").json

    assert said.out.startswith("ask by house#paying, asking group:owners: It is money.\n  ✓ ask house#paying decides\n")
    assert [explained[key] for key in ("verdict", "rule", "to")] == ["ask", "house#paying", "group:owners"]
    assert [rule["decides"] for rule in explained["rules"]] == [True, False, False]


def test_everything_that_a_rule_may_look_at_can_be_said(interlock: CommandLine) -> None:
    """A question that could not be put would be answered by trying it out."""
    rules = {
        "run": {"allow": "run", "name": "g", "who": {"by": "ada", "tenant": "acme"}},
        "edge": {"allow": "edge", "name": "b", "from": ["a1", "a2"], "who": {"graph": "g", "path": "x/b"}},
        "model": {"allow": "model", "safety_at_least": "enhanced", "hosts": "h"},
        "memory": {"allow": "memory", "name": "session", "access": "write"},
        "tool": {
            "allow": "tool",
            "effect": "once",
            "risk_at_most": "high",
            "hosts": ["h", "i"],
            "reads": "r",
            "writes": "w",
            "external": True,
            "arguments": {"n": {"at_most": 3}, "to": "x y", "ok": True},
        },
        "careful": {"ask": "tool", "tainted": True},
    }
    interlock.write("policies/all.json", json.dumps({"policy": "all", "rules": rules}))

    def says(line: str) -> str:
        rule: str = interlock.types(f"interlock policy explain {line} --json").json["rule"]
        return rule

    tool = "--point tool --name t --effect once --risk high --host h --host i --reads r --writes w --external"
    arguments = "--argument n=3 --argument 'to=x y' --argument ok=true"
    assert says("--point run --name g --by ada --tenant acme") == "all#run"
    assert says("--point edge --name b --from a1 --from a2 --graph g --path x/b") == "all#edge"
    assert says("--point model --name m --safety maximum --host h") == "all#model"
    assert says("--point memory --name session --access write") == "all#memory"
    assert says(f"{tool} {arguments}") == "all#tool"
    assert says(f"{tool} {arguments} --tainted") == "all#careful"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--point", "tol", "--name", "t"), "'tol' is no point; did you mean `tool`?"),
        (("--point", "tool", "--name", "t", "--risk", "hihg"), "'hihg' is no risk; did you mean `high`?"),
        (("--point", "tool", "--name", "t", "--effect", "x"), "'x' is no effect; there are: read, idempotent"),
        (("--point", "tool", "--name", "t", "--argument", "n"), "--argument 'n' is not of the form NAME=JSON"),
        (("--point", "model", "--name", "m", "--safety", "maxium"), "did you mean `maximum`?"),
        (("--point", "memory", "--name", "m", "--access", "wirte"), "did you mean `write`?"),
    ],
)
def test_a_word_that_nobody_knows_is_told_with_what_was_meant(
    interlock: CommandLine, words: tuple[str, ...], said: str
) -> None:
    """And is no verdict."""
    told = interlock("policy", "explain", *words)

    assert told.code == 2
    assert said in told.err


def test_the_words_of_the_command_line_are_those_that_movements_know() -> None:
    """They are repeated there, so that `--help` need not load what judges."""
    assert policy_words.POINTS == well_formed.POINTS
    assert policy_words.EFFECTS == well_formed.EFFECTS
    assert tuple(well_formed.RISKS) == policy_words.RISKS
    assert tuple(well_formed.SAFETY_TIERS) == policy_words.SAFETY_TIERS
    assert policy_words.ACCESSES == well_formed.ACCESSES


def test_broken_rules_are_told_by_whatever_needs_them(interlock: CommandLine) -> None:
    """The default set must not stand in for rules that could not be read."""
    interlock.write("policies/house.yaml", "policy: house\nrules: {r: {alow: tool}}\n")

    assert interlock("policy", "show").code == 2
    assert "`alow` is not a key of the rule `r`" in interlock("policy", "show").err
    assert interlock("policy", "explain", "--point", "run", "--name", "g", "--json").code == 2


def test_the_folder_of_rules_is_a_setting(interlock: CommandLine, tmp_path: Path) -> None:
    """Several projects of one house may share their rules."""
    interlock.write("shared/house.yaml", HOUSE)
    interlock.write("interlock.toml", 'policies = "shared"\n')

    assert interlock("policy", "show", "--json").json["files"] == ["shared/house.yaml"]
    assert interlock("config", "--json").json["settings"]["policies"]["value"] == str(tmp_path / "shared")


def test_the_schema_for_editors_is_printed(interlock: CommandLine) -> None:
    """An editor completes what it knows."""
    assert interlock("policy", "schema").json["title"] == "Interlock policy"
