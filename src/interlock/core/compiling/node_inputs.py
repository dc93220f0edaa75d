"""What a node is given: the input of a tool or a named graph, and the data of an `emit`."""

from __future__ import annotations

from types import NoneType

from interlock.core import graph as g
from interlock.core import plan as p
from interlock.core.compiling.callees import callees_of_other_pools, unknown_callees
from interlock.core.compiling.dependencies import Spot
from interlock.core.compiling.json_data import Json
from interlock.core.compiling.parts import Parts
from interlock.core.compiling.scoping import NodeDraft
from interlock.core.problems import Place, nearest
from interlock.core.schemas import with_defaults


def input_of(node: NodeDraft, parts: Parts) -> p.Template | None:
    """The template of what a node is given; None if its kind takes nothing, or nothing was written."""
    match node.model:
        case g.ToolNode(tool=tool, input=written):
            check_taken(written, tool, _place(node, written), parts)
            return _map(node, written, parts, takes_secrets=True)
        case g.AgentNode(agent=agent, input=written):
            _check_given(written, agent, _place(node, written), parts)
            return _map(node, written, parts, takes_secrets=True)
        case g.GraphNode(graph=str() as name, input=written):
            schema = parts.inputs.get(name) or {}
            place = _place(node, written)
            check_map(written, place, parts)
            parts.contracts.check(
                f"graph {name}", schema, {} if written is None else written, place=place, errors=parts.draft.errors
            )
            return _with_defaults(_map(node, written, parts, takes_secrets=False) or p.Constant({}), schema)
        case g.EmitNode(data=data) if data is not None:
            return parts.compiler.template(data, Spot(node.scope, node), (*node.place, "data"))
        case _:
            return None


def check_taken(written: Json, tool: str, place: Place, parts: Parts) -> None:
    """What can be known of a tool's input now must be what it takes; left out, it is an empty map."""
    check_map(written, place, parts)
    contract = parts.tools.get(tool)
    if contract is not None and contract.input is not None:
        given = {} if written is None else written
        parts.contracts.check(f"tool {tool}", contract.input, given, place=place, errors=parts.draft.errors)


def _check_given(written: Json, agent: str, place: Place, parts: Parts) -> None:
    """What can be known of an agent's input now must be what it takes."""
    check_map(written, place, parts)
    contract = parts.agents.get(agent)
    if contract is not None and contract.input is not None:
        given = {} if written is None else written
        parts.contracts.check(f"agent {agent}", contract.input, given, place=place, errors=parts.draft.errors)


def _map(node: NodeDraft, written: Json, parts: Parts, *, takes_secrets: bool) -> p.Template | None:
    if written is None:
        return None
    spot = Spot(node.scope, node, takes_secrets=takes_secrets)
    return parts.compiler.template(written, spot, _place(node, written))


def _place(node: NodeDraft, written: Json) -> Place:
    return node.place if written is None else (*node.place, "input")


def _with_defaults(given: p.Template, schema: p.JsonSchema) -> p.Template:
    """The input of a named graph with what it says to take where a key is left out; an expression gives all keys."""
    match given:
        case p.Constant(value=value):
            return p.Constant(with_defaults(schema, value))
        case p.MapOf(items=items):
            keys = {key for key, _ in items}
            filled = with_defaults(schema, {})
            added = [(key, p.Constant(value)) for key, value in filled.items() if key not in keys]
            return p.MapOf(tuple(sorted([*items, *added], key=lambda item: item[0])))
        case _:
            return given


def check_map(written: Json, place: Place, parts: Parts) -> None:
    """An input is a map by name, or an expression that gives one."""
    if not isinstance(written, (dict, NoneType)) and not (isinstance(written, str) and written.startswith("${")):
        parts.problem(place, "an input is a map of names to values", "write `input: {name: value}`")


def check_tool(name: str, place: Place, parts: Parts) -> None:
    """A tool that is named must be known."""
    if name in parts.tools:
        return
    if why := parts.kept_away(name):
        parts.problem(place, why, "until then no graph and no agent can call it")
    else:
        meant = nearest(name, parts.tools)
        known = f"the tools are {', '.join(sorted(parts.tools)[:10])}" if parts.tools else "no tools are known here"
        parts.problem(place, f"there is no tool `{name}`", f"did you mean `{meant}`?" if meant else known)


def check_agent(name: str, place: Place, parts: Parts, *, pool: str) -> None:
    """An agent that is named must be known, and so must everything that it may call: in the pool where it is itself."""
    contract = parts.agents.get(name)
    if contract is None:
        meant = nearest(name, parts.agents)
        known = f"the agents are {', '.join(sorted(parts.agents)[:10])}" if parts.agents else "no agents are known here"
        parts.problem(place, f"there is no agent `{name}`", f"did you mean `{meant}`?" if meant else known)
        return
    for bad in unknown_callees(contract, parts.tools, parts.agents, parts.kept_away):
        parts.problem(place, bad.message, "mend the agent's `tools`, or add or approve what is missing")
    for caller, tool in callees_of_other_pools(name, parts.agents, parts.pools, pool):
        meant = parts.pools[tool]
        message = f"the agent `{caller}` would call `{tool}` in the pool `{pool}`, and that is of the pool `{meant}`"
        advice = f"write `pool: {meant}` at the node, or give the agent a graph that calls `{tool}`: `graph:NAME`"
        parts.problem(place, message, advice)
