"""Agents by name: from folders, files, modules, installed packages and code."""

from __future__ import annotations

import os
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from interlock.agents.actions import Action, Finish
from interlock.agents.agent import agent
from interlock.agents.collecting import collect_agents
from interlock.agents.errors import AgentsNotLoaded, BadAgent, UnknownAgent
from interlock.agents.observations import Observation
from interlock.agents.offering import Toolbox
from interlock.core.agent_contract import AgentContract
from interlock.core.values import Value

YAML = "agent: {name}\nprompt: Be {name}.\n"
PYTHON = 'from interlock.agents import agent\n\n{name} = agent("{name}", prompt="Be {name}.")\n'


def answers_ok(contract: AgentContract, toolbox: Toolbox, state: Value, told: Observation) -> tuple[Value, Action]:
    """A step that is done at once."""
    return [contract.name, len(toolbox), state, type(told).__name__], Finish("ok")


def names(*sources: object) -> list[str]:
    """The agents of those sources, without those that come with the product."""
    return [each.name for each in collect_agents(sources).own()]  # pyright: ignore[reportArgumentType] - sources of every kind


def test_a_folder_holds_contracts_and_python_files(tmp_path: Path) -> None:
    """How an agent is declared makes no difference to who calls it."""
    (tmp_path / "a.yaml").write_text(YAML.format(name="planner"))
    (tmp_path / "b.py").write_text(PYTHON.format(name="router"))
    (tmp_path / "notes.txt").write_text("not an agent")

    assert names(tmp_path) == ["planner", "router"]
    assert names(tmp_path / "a.yaml", str(tmp_path / "b.py")) == ["planner", "router"]


def test_two_agents_of_one_name_are_refused_with_both_places(tmp_path: Path) -> None:
    """Which of them a graph means must not depend on the order of files."""
    (tmp_path / "a.yaml").write_text(YAML.format(name="planner"))
    (tmp_path / "b.yaml").write_text(YAML.format(name="planner"))

    with pytest.raises(AgentsNotLoaded) as refused:
        collect_agents([tmp_path])

    assert str(refused.value) == (
        f"{tmp_path}/b.yaml: the agent `planner` is also declared at {tmp_path}/a.yaml: rename one of them"
    )


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """One bad file does not hide another."""
    (tmp_path / "a.yaml").write_text("agent: a\n")
    (tmp_path / "b.py").write_text("import nothing_of_that_name\n")
    (tmp_path / "c.py").write_text("def (\n")
    (tmp_path / "e.py").write_text("raise SystemExit\n")
    (tmp_path / "d.py").write_text(
        'from interlock.agents import agent\nx = agent("d", promt="x", limits={"steps": 0})\n'
    )

    with pytest.raises(AgentsNotLoaded) as refused:
        collect_agents([tmp_path, tmp_path / "gone.yaml", "no_module_of_that_name"])

    told = str(refused.value).replace(f"{tmp_path}/", "")
    assert "a.yaml:1:1: error: an agent needs `prompt`" in told
    assert "b.py:1: ModuleNotFoundError: No module named 'nothing_of_that_name'" in told
    assert "c.py:1: SyntaxError: invalid syntax" in told
    assert "e.py:1: it exits while it is imported" in told
    assert "d.py:2: `d` cannot be an agent: promt: `promt` is not a key of an agent (did you mean `prompt`?)" in told
    assert "d.py:2: `d` cannot be an agent: limits.steps: `steps` is at least 1, not 0" in told
    assert "gone.yaml: there is no such file or folder" in told
    assert "No module named 'no_module_of_that_name'" in told


def test_an_installed_package_brings_a_module_with_contracts_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plugin is a package like any other: code and contracts together."""
    package = tmp_path / "interlock_test_plugin"
    package.mkdir()
    (package / "__init__.py").write_text(PYTHON.format(name="router"))
    (package / "a.yaml").write_text(YAML.format(name="planner"))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    module = EntryPoint("plugin", "interlock_test_plugin", "interlock.agents")
    one = EntryPoint("plugin", "interlock_test_plugin:router", "interlock.agents")
    none = EntryPoint("plugin", "interlock_test_plugin:nobody", "interlock.agents")

    assert names(module) == ["planner", "router"]
    assert names(one) == ["router"]
    with pytest.raises(AgentsNotLoaded, match=r"the entry point plugin \(interlock_test_plugin:nobody\) is neither"):
        collect_agents([none])


def test_agents_are_loaded_anew_when_a_file_of_theirs_changed(tmp_path: Path) -> None:
    """While an agent is being written, each run takes it as it is now; prompts are files of it."""
    (tmp_path / "a.yaml").write_text("agent: a\nprompt: a.md\n")
    (tmp_path / "a.md").write_text("Be kind.")
    (tmp_path / "b.py").write_text(PYTHON.format(name="b"))
    agents = collect_agents([tmp_path])
    before = [agents.get(name) for name in "ab"]

    agents.renew()
    unchanged = [agents.get(name) for name in "ab"]
    (tmp_path / "a.md").write_text("Be brief.")
    (tmp_path / "b.py").write_text(PYTHON.format(name="b").replace("Be b", "Be bold"))
    os.utime(tmp_path / "b.py", ns=(1, 1))
    agents.renew()

    assert list(map(id, unchanged)) == list(map(id, before))
    assert [each.contract.prompt for each in before] == ["Be kind.", "Be b."]
    assert [agents.get(name).contract.prompt for name in "ab"] == ["Be brief.", "Be bold."]


def test_agents_that_are_wrong_by_now_are_told_and_the_others_stay(tmp_path: Path) -> None:
    """A file that is half written when a run begins must not leave its project without agents."""
    (tmp_path / "a.yaml").write_text(YAML.format(name="a"))
    agents = collect_agents([tmp_path])

    (tmp_path / "a.yaml").write_text("agent: a\nprompt:\n")
    with pytest.raises(AgentsNotLoaded):
        agents.renew()

    assert agents.get("a").contract.prompt == "Be a."


def test_an_agent_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    """Names are misspelt more often than agents are missing."""
    (tmp_path / "a.yaml").write_text(YAML.format(name="planner"))

    with pytest.raises(UnknownAgent, match="there is no agent `plnner`: did you mean `planner`"):
        collect_agents([tmp_path]).get("plnner")


def test_what_is_given_as_a_set_is_in_one_order_in_every_process() -> None:
    """The order of a set differs from process to process, and a contract with it would be another each time."""
    wanted = [f"tool_{number:02}" for number in range(40)]

    assert agent("a", prompt="x", tools=set(wanted)).contract.tools == tuple(wanted)
    assert agent("a", prompt="x", tools=frozenset(wanted)).contract.tools == tuple(wanted)


def test_an_agent_that_was_declared_in_code_is_one_of_them() -> None:
    """The embedded use: no files at all."""
    router = agent("router_of_tests", own_step=answers_ok)

    found = collect_agents([router, router]).get("router_of_tests")

    assert found is router
    assert found.begin({}, None) == (["router_of_tests", 0, None, "Began"], Finish("ok"))


def test_keys_that_cannot_be_meant_are_refused_where_they_stand() -> None:
    """A declaration fails at its line, not when the agent is first asked."""
    with pytest.raises(BadAgent) as refused:
        agent("a", prompt="{{ 1 + 1 }}", output={"x": "strng"})

    assert refused.value.place.startswith("tests/agents/test_collecting.py:")
    assert refused.value.problems == (
        "output.x: `strng` is not a type (did you mean `string`?)",
        "prompt: `add` may not stand in a prompt (a prompt shows data: compute it before, and give it as input)",
    )
