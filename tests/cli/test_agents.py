"""`interlock agents`: the agents of a project from the command line."""

from __future__ import annotations

from tests.cli.command_line import CommandLine

READER = "agent: reader\nrole: Reads\nprompt: You read.\ntools: [greet]\nlimits: {usd: 0.5, latency: 2m}\n"


def own(listed: list[dict[str, object]]) -> list[object]:
    """The agents of the project among those listed: those that come with the product are left out."""
    return [each["agent"] for each in listed if each["place"] != "built-in"]


MEND = "mend its `tools`, or add or approve what is missing"


def test_a_new_agent_is_there_and_passes_its_check(interlock: CommandLine) -> None:
    """The shortest way to an agent that works: two files to change."""
    made = interlock("agents", "new", "helper", "--json")
    checked = interlock("agents", "check", "helper", "--json")
    listed = interlock("agents", "list", "--json")

    assert (made.code, made.json) == (0, {"agent": "helper", "files": ["agents/helper.yaml", "agents/helper.md"]})
    assert checked.code == 0
    assert [(each["agent"], each["valid"], each["problems"]) for each in checked.json["agents"]] == [
        ("helper", True, [])
    ]
    assert own(listed.json["agents"]) == ["helper"]


def test_a_new_agent_overwrites_nothing_and_needs_a_name(interlock: CommandLine) -> None:
    """A slip of the hand must not cost a prompt that took a week."""
    interlock("agents", "new", "helper")

    again = interlock("agents", "new", "helper")
    nameless = interlock("agents", "new", "../helper")

    assert again.code == nameless.code == 2
    assert "these files are there already, and nothing was written: agents/helper.yaml, agents/helper.md" in again.err
    assert "'../helper' is no name of an agent" in nameless.err


def test_an_agent_is_shown_with_what_was_left_to_its_defaults(interlock: CommandLine) -> None:
    """What is in force can be seen, and not only what was written."""
    interlock.write("agents/reader.yaml", READER)

    shown = interlock("agents", "show", "reader")
    data = interlock("agents", "show", "reader", "--json").json

    lines = shown.out.splitlines()
    assert lines[0].split() == ["agent", "reader"]
    assert "limits       20 steps, 3 errors in a row, $0.50, 2m" in lines
    assert "at a limit   it fails" in lines
    assert lines[-2:] == ["prompt", "You read."]
    assert (data["agent"], data["contract"]["limits"]) == ("reader", {"usd": 500_000, "latency": 120_000_000})


def test_an_agent_that_is_not_there_is_told_with_the_nearest(interlock: CommandLine) -> None:
    """The command line says what to type instead."""
    interlock.write("agents/reader.yaml", READER)

    said = interlock("agents", "show", "raeder")

    assert said.code == 2
    assert "there is no agent `raeder`: did you mean `reader`?" in said.err


def test_every_problem_of_every_contract_is_told_with_its_line(interlock: CommandLine) -> None:
    """The whole folder is mended in one go, also by a program."""
    interlock.write("agents/a.yaml", "agent: a\npromt: x\n")
    interlock.write("agents/b.yaml", "agent: b\nprompt: '{{ inptu }}'\n")

    said = interlock("agents", "check")
    data = interlock("agents", "check", "--json")

    assert (said.code, data.code) == (2, 2)
    assert "agents/a.yaml:2:1: error: `promt` is not a key of an agent" in said.out
    assert "agents/b.yaml:2:10: error: `inptu` is not known here" in said.out
    assert [(each["agent"], each["valid"], each["problems"][0]["line"]) for each in data.json["agents"]] == [
        ("a", False, 2),
        ("b", False, 2),
    ]


def test_what_an_agent_may_call_has_to_be_there(interlock: CommandLine) -> None:
    """A tool that is misspelt would be found when the agent is at work, and has cost money."""
    interlock.graph("ship", "a: {value: 1}\n")
    interlock.write(
        "agents/a.yaml",
        "agent: a\nprompt: x\ntools: [greet, wriet_file, agent:nobody, graph:shipp, graph:ship]\n"
        "context: {prefetch: {fact: {tool: no_such_tool}}}\n",
    )

    said = interlock("agents", "check", "a")
    told = interlock("agents", "check", "--json").json["agents"][0]["problems"]

    assert said.code == 2
    assert [(each["line"], each["column"], each["message"], each["advice"]) for each in told] == [
        (3, 16, "the agent `a` may call `wriet_file`, and there is no such tool", "did you mean `write_file`?"),
        (3, 28, "the agent `a` may call `agent:nobody`, and there is no such agent", MEND),
        (3, 42, "the agent `a` may call `graph:shipp`, and there is no such graph", "did you mean `graph:ship`?"),
        (4, 35, "the agent `a` may call `no_such_tool`, and there is no such tool", MEND),
    ]
    assert "agents/a.yaml:3:16: error: the agent `a` may call `wriet_file`, and there is no such tool" in said.out


def test_agents_that_share_a_name_or_do_not_load_are_told(interlock: CommandLine) -> None:
    """Contracts that are each right may still be wrong together."""
    interlock.write("agents/a.yaml", READER)
    interlock.write("agents/b.yaml", READER)

    checked = interlock("agents", "check")
    listed = interlock("agents", "list")
    told = interlock("agents", "check", "--json").json["agents"]

    assert (checked.code, listed.code) == (2, 2)
    assert "agents/b.yaml: error: the agent `reader` is also declared at" in checked.out
    assert [(each["agent"], each["place"], each["valid"]) for each in told] == [
        ("reader", "agents/a.yaml", True),
        ("reader", "agents/b.yaml", False),
    ]
    assert "the agent `reader` is also declared at" in listed.err


def test_one_file_is_checked_wherever_it_stands(interlock: CommandLine) -> None:
    """A contract is checked before it is put where it takes effect."""
    interlock.write("drafts/reader.yaml", READER)

    said = interlock("agents", "check", "drafts/reader.yaml")
    gone = interlock("agents", "check", "drafts/gone.yaml")

    assert (said.code, gone.code) == (0, 2)
    assert said.out.startswith("✓ reader: hash ")
    assert "drafts/gone.yaml: the file cannot be read: there is no such file" in gone.out


def test_agents_of_python_files_are_listed_with_their_line(interlock: CommandLine) -> None:
    """However it is declared, an agent is found the same way."""
    interlock.write(
        "agents/routers.py", 'from interlock.agents import agent\n\nrouter = agent("router", prompt="Route.")\n'
    )

    listed = interlock("agents", "list", "--json").json["agents"]

    assert [(each["agent"], each["place"]) for each in listed if each["agent"] == "router"] == [
        ("router", "agents/routers.py:3")
    ]


def test_an_agent_does_nothing_without_the_policies_that_it_counts_on(interlock: CommandLine) -> None:
    """It is said before a run, and holds in one: for the agent itself and for one that another calls."""
    interlock.write("agents/reader.yaml", READER + "policies: [hause]\n")
    interlock.graph("reading", "read: {agent: reader}\n")
    interlock.write("policies/house.yaml", "policy: house\nextends: default\nrules: {all: {allow: edge}}\n")

    checked = interlock("agents", "check", "reader")
    ran = interlock("run", "reading", "--json")
    interlock.write("agents/reader.yaml", READER + "policies: [house]\n")
    again = interlock("agents", "check", "reader")

    assert checked.code == 2
    assert (
        "agents/reader.yaml:6:12: error: the agent `reader` wants the policy `hause`, which is not in force"
        in checked.out
    )
    assert "did you mean `house`?" in checked.out
    assert ran.json["error"]["message"] == (
        "the policy does not allow the call of agent:reader (rule interlock#not_in_force): "
        "its agent wants the policy `hause`, which is not in force"
    )
    assert again.code == 0
