"""The contracts of the built-in agents: small, on the default tools alone, and with results that graphs can use."""

from __future__ import annotations

import pytest

from interlock.agents.built_in_agents import BUILT_IN, built_in_agent, built_in_names
from interlock.agents.collecting import collect_agents
from interlock.core.agent_contract import CONTROL_TOOLS
from interlock.core.compiling.callees import callees
from tests.agents.built_in.desk import contracts

NAMES = built_in_names()
each_name = pytest.mark.parametrize("name", NAMES)
LONGEST_PROMPT_WORDS = 450


def test_these_agents_come_along() -> None:
    """Those that delivery is made of, three that build, and three that read."""
    assert NAMES == (
        "assessment", "backend_developer", "cost", "devops_engineer", "evaluation", "fe_fixer", "frontend_developer",
        "planner", "product", "py_fixer", "release", "research", "summarizer", "test_writer",
    )  # fmt: skip


@each_name
def test_an_agent_is_small_and_stands_on_the_default_tools(name: str) -> None:
    """It works in any project as it is, is stopped early but waits for people, and its prompt is read by people."""
    found = built_in_agent(name)
    contract = found.contract

    assert (contract.name, found.place, contract.version) == (name, BUILT_IN, "1")
    assert 3 <= contract.limits.steps <= 20
    assert contract.limits.usd is not None
    assert contract.limits.latency is None
    assert set(callees(contract)) <= set(contracts())
    assert set(contract.tools) & CONTROL_TOOLS <= {"complete_task", "request_human_input"}
    assert len(contract.prompt.split()) <= LONGEST_PROMPT_WORDS


@each_name
def test_what_an_agent_gives_has_named_fields_and_says_what_worried_it(name: str) -> None:
    """A graph reads `${fix.score}`; a person reads `concerns`."""
    output = built_in_agent(name).contract.output or {}

    assert output["additionalProperties"] is False
    assert output["required"] == sorted(output["properties"])
    assert output["properties"]["concerns"] == {"type": "array", "items": {"type": "string"}}


@each_name
def test_the_instructions_name_every_field_that_has_to_be_judged(name: str) -> None:
    """A field of which the prompt says nothing is filled with whatever sounds well."""
    contract = built_in_agent(name).contract

    unsaid = [field for field in (contract.output or {})["properties"] if f"`{field}" not in contract.prompt]

    assert unsaid == []


def test_an_agent_of_the_project_takes_the_place_of_a_built_in_one() -> None:
    """Whoever wants another planner writes one: graphs and agents that name it mean theirs from then on."""
    own = built_in_agent("planner")

    found = collect_agents([own])

    assert found.get("planner") is own
    assert found.own() == [own]
    assert found.names() == list(NAMES)
    assert found.contracts()["py_fixer"] == built_in_agent("py_fixer").contract


def test_agents_that_nobody_names_are_not_read() -> None:
    """Every command collects agents, and few ask one."""
    found = collect_agents([])

    assert "planner" in found.contracts()
    assert len(found) == len(NAMES)
    assert [each.place for each in found] == [BUILT_IN] * len(NAMES)
