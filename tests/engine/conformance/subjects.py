"""Subjects made in a test: one agent in a graph of one node, its tools, and a policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from interlock.agents import Agent, agent, collect_agents
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.verdicts import Judge
from interlock.engine.conformance.checking import check_conformance
from interlock.engine.conformance.factors import Finding
from interlock.engine.conformance.moving_checks import Elsewhere, Moved, from_the_beginning, go_on_with
from interlock.engine.conformance.subject import Subject
from interlock.tools.toolbox import collect_tools
from tests.policies import JUDGE

QUESTION = {"question": "string"}


def helper(**keys: Any) -> Agent:  # noqa: ANN401 - the keys of a contract
    """An agent that keeps to everything, unless a test says otherwise."""
    given: dict[str, Any] = {
        "prompt": "You answer questions about places.",
        "input": QUESTION,
        "output": {"answer": "string"},
        "tools": ["request_human_input"],
    }
    return agent("helper", **given | keys)


def subject(*agents: Agent, tools: Sequence[Any] = (), judge: Judge = JUDGE, **keys: Any) -> Subject:  # noqa: ANN401 - keys of a graph
    """A graph in which the first agent works."""
    shelf, toolbox = collect_agents(agents), collect_tools(tools)
    nodes = {"work": {"agent": agents[0].name, "input": {"question": "where?"}}} if agents else {}
    document = {"graph": "g", "nodes": nodes} | keys
    compiled = compile_graph(document, Catalogue(toolbox.contracts(), agents=shelf.contracts()))
    assert compiled.plan is not None, compiled.errors
    return Subject(
        plan=compiled.plan,
        agents={name: shelf.get(name) for name in compiled.plan.agents},
        tools={each.name: each for each in toolbox},
        judge=judge,
    )


def findings(made: Subject, elsewhere: Callable[[Moved], Elsewhere] | None = None) -> dict[int, Finding]:
    """What is found of each factor, by its number; elsewhere is here, if a test says nothing else."""

    def here(moved: Moved) -> Elsewhere:
        return Elsewhere(moved=moved, came_of=go_on_with(made, moved), from_the_beginning=from_the_beginning(made))

    return {finding.factor: finding for finding in check_conformance(made, elsewhere or here)}


def broken(made: Subject) -> dict[int, tuple[str, ...]]:
    """What is broken, with all that was seen."""
    return {number: each.evidence for number, each in findings(made).items() if each.verdict == "broken"}
