"""An agent or a tool that is asked for by itself is a graph of one step, with its own inputs."""

from __future__ import annotations

from typing import Any

import pytest

from interlock.authoring.errors import NoTextInputError
from interlock.authoring.single_step import (
    graph_of_agent,
    graph_of_tool,
    inputs_as_meant,
    inputs_of_task,
    inputs_of_text,
    is_single_step,
    text_in,
)
from interlock.core.agent_contract import AgentContract
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.plan import ToolContract

TEXT = {"type": "string"}


def takes(*needed: str, **fields: object) -> dict[str, Any]:
    """The schema of an input with these fields."""
    return {"type": "object", "properties": fields, "required": list(needed), "additionalProperties": False}


def an_agent(input: dict[str, Any] | None = None, *, name: str = "Desk.clerk") -> AgentContract:
    """An agent that takes that."""
    return AgentContract(name=name, version="1", description="Answers letters.", input=input, prompt="", task="")


def test_an_agent_by_itself_takes_what_it_takes_and_gives_what_it_gives() -> None:
    """Nobody has to know how the graph around it is written."""
    letter = takes("letter", letter=TEXT)

    assert graph_of_agent(an_agent(letter)) == {
        "graph": "agent-desk-clerk",
        "description": "Answers letters.",
        "inputs": letter,
        "nodes": {"step": {"agent": "Desk.clerk", "input": "${inputs}"}},
        "outputs": {"result": "${step}"},
    }


@pytest.mark.parametrize("schema", [None, takes("letter", letter=TEXT), takes(n={"type": "integer", "default": 3})])
def test_such_a_graph_compiles_whatever_is_taken(schema: dict[str, Any] | None) -> None:
    """Also for a tool that says nothing of its input."""
    tool, agent = ToolContract(name="look_up", effect="read", input=schema), an_agent(schema)
    catalogue = Catalogue({"look_up": tool}, agents={agent.name: agent})

    compiled = [compile_graph(graph, catalogue) for graph in (graph_of_tool(tool), graph_of_agent(agent))]

    assert [each.problems for each in compiled] == [(), ()]


def test_only_agents_and_tools_are_meant_by_such_a_name() -> None:
    """A graph is called by its bare name, and a file may hold a colon."""
    named = ("agent:research", "tool:web_search", "research", "workflow:research", "x/agent:research")

    assert [is_single_step(name) for name in named] == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("schema", "field"),
    [
        (None, "task"),
        (takes("topic", topic=TEXT, n={"type": "integer"}), "topic"),
        (takes("letter", letter=TEXT, question=TEXT), "letter"),
        (takes(path=TEXT, text=TEXT), "text"),
        (takes("words", words={"type": ["string", "null"]}), "words"),
    ],
)
def test_plain_words_are_the_one_text_that_is_meant(schema: dict[str, Any] | None, field: str) -> None:
    """A chat knows no fields."""
    assert inputs_of_text(schema, "hello", what="it") == {field: "hello"}


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (takes("path", "text", path=TEXT, text=TEXT), "it takes path, text: give them by name"),
        (takes("n", n={"type": "integer"}, text=TEXT), "it takes n, text: give them by name"),
        (takes(letter=TEXT), "it takes letter: give them by name"),
        (takes(), "it takes nothing"),
    ],
)
def test_words_that_could_mean_several_things_are_refused(schema: dict[str, Any], told: str) -> None:
    """A guess would run something that nobody asked for."""
    with pytest.raises(NoTextInputError, match=rf"the tool `x` cannot be given words alone: {told}$"):
        inputs_of_text(schema, "hello", what="the tool `x`")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"topic": "rails"}, {"question": "rails"}),
        ({"topic": "rails", "n": 2}, {"question": "rails", "n": 2}),
        ({"question": "rails", "topic": "points"}, {"question": "rails", "topic": "points"}),
        ({"topic": "rails", "query": "points"}, {"topic": "rails", "query": "points"}),
        ({"topic": 5}, {"topic": 5}),
        ({}, {}),
    ],
)
def test_one_text_under_another_name_is_the_text_that_is_meant(given: dict[str, Any], meant: dict[str, Any]) -> None:
    """Two systems call the same thing differently; more than that is not guessed."""
    schema = takes("question", question=TEXT, n={"type": "integer"})

    assert inputs_as_meant(schema, given) == meant


def test_what_takes_anything_is_given_what_was_said() -> None:
    """There is no name of ours that could be meant."""
    assert inputs_as_meant(None, {"topic": "rails"}) == {"topic": "rails"}


@pytest.mark.parametrize(
    ("schema", "context", "inputs"),
    [
        (takes("task", task=TEXT, context=TEXT), {}, {"task": "Build it"}),
        (takes("task", task=TEXT, context=TEXT), {"db": "x"}, {"task": "Build it", "context": '{\n  "db": "x"\n}'}),
        (
            takes("description", description=TEXT, context={"type": "object"}),
            {"db": "x"},
            {"description": "Build it", "context": {"db": "x"}},
        ),
        (takes("task", task=TEXT), {"db": "x"}, {"task": 'Build it\n\nWhat else is known:\n{\n  "db": "x"\n}'}),
    ],
)
def test_a_task_is_told_under_the_names_that_an_agent_has_for_it(
    schema: dict[str, Any], context: dict[str, Any], inputs: dict[str, Any]
) -> None:
    """What is known besides must reach it, whether it has a place for it or not."""
    assert inputs_of_task(an_agent(schema), "Build it", context) == inputs


def test_an_agent_that_says_nothing_of_its_input_takes_whatever_it_is_given() -> None:
    """Most agents are written without a schema: their graph must not ask for an input that nobody knows."""
    contract = AgentContract(name="writer", prompt="Write.")

    compiled = compile_graph(graph_of_agent(contract), Catalogue(agents={"writer": contract}))

    assert compiled.plan is not None
    assert compiled.plan.root.inputs == {"type": "object", "properties": {}}
    assert inputs_of_text(compiled.plan.root.inputs, "a line", what="it") == {"task": "a line"}


@pytest.mark.parametrize(
    ("inputs", "told"),
    [({"task": "Mend it", "context": "{}"}, "Mend it"), ({"task": 7}, ""), ({}, "")],
)
def test_the_words_of_a_task_are_found_again(inputs: dict[str, Any], told: str) -> None:
    """Lists of tasks tell what each is about, and a task that was not begun in words is told without them."""
    schema = {"properties": {"task": {"type": "string"}, "context": {"type": "string"}}, "required": ["task"]}

    assert text_in(schema, inputs) == told
    assert text_in({"properties": {"description": {"type": "string"}}}, {"description": "Mend it"}) == "Mend it"
