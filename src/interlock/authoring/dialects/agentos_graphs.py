"""AgentOS graphs: agents, and edges that fire on the types of events that their source has emitted.

    name: git-to-prod
    agents: [planner, fixer, {name: tester, description: Runs the tests.}]
    dag:
      - {from: planner, to: fixer, on: [plan_ready], parallel: true}
      - {from: fixer, to: tester, on: [patch_created], join: all}

A node with such edges is followed by two more: `tester_emits`, which tells what it has emitted, and `tester_goes_on`, a
gate that fails the run if no edge waits for any of that, or if a check failed and no edge takes care of it. What a node
is given are the run's inputs and the outputs of the nodes whose edges lead to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from interlock.authoring.dialects.agentos_events import EMITTED, OUTPUT
from interlock.authoring.dialects.agentos_nodes import write_nodes
from interlock.authoring.dialects.agentos_reading import WrittenGraph, read_graph_of_agents
from interlock.authoring.dialects.drafting import Drafting
from interlock.authoring.dialects.naming import NodeNames
from interlock.authoring.dialects.policies import PoliciesInForce
from interlock.authoring.dialects.reading import Reading
from interlock.authoring.dialects.shapes import read_shape
from interlock.core.catalogue import Catalogue

NAME: Final = "AgentOS graph"
KEYS: Final = frozenset({"dag", "agents", "policy_name"})
"""Keys that no other dialect has."""


def read_agentos_graph(document: Mapping[str, Any], around: Catalogue, policies: PoliciesInForce) -> Reading:
    """The graph that an AgentOS graph means."""
    draft = Drafting(NAME)
    written = read_shape(WrittenGraph, document, what="an AgentOS graph")
    if not isinstance(written, WrittenGraph):
        draft.problems += written
        return draft.reading()
    draft.head(written.name, at=("name",), description=written.description)
    _limit_graph(written, policies, draft)
    names = NodeNames(EMITTED, OUTPUT)
    read = read_graph_of_agents(written, names, around, policies, draft)
    if not draft.has_errors:
        write_nodes(read, names, draft)
    return draft.reading()


def _limit_graph(written: WrittenGraph, policies: PoliciesInForce, draft: Drafting) -> None:
    if written.policy_name is not None and policies.check(written.policy_name, ("policy_name",), draft):
        budget = policies.budget_of(written.policy_name)
        if budget is not None:
            draft.key("budget", budget, at=("policy_name",))
