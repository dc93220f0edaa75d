"""The lists of nodes of a graph under construction: one method for each kind of node, named as in the language.

A scope writes straight into the document, under one key of the map that holds it; there is no other state. Which nodes
may see which, and whether tools and fields exist, is for `compile` to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Generic, Literal, Self, TypeVar, Unpack, cast

from interlock.authoring.building.expressions import Condition, Expression, Home
from interlock.authoring.building.node_keys import (
    AgentKeys,
    CompositeKeys,
    EachKeys,
    EmitKeys,
    FuseKeys,
    GateKeys,
    GraphNodeKeys,
    HumanKeys,
    LoopKeys,
    Named,
    NodeKeys,
    Text,
    ToolKeys,
    Value,
    WaitKeys,
)
from interlock.authoring.building.references import Node, NodeFacts, Reference
from interlock.authoring.building.written import names_of, refuse_unknown, written, written_condition, written_keys
from interlock.authoring.errors import BuildError
from interlock.core.compiling.json_data import Json, JsonMap
from interlock.core.compiling.names import wrong_name


class Scope:
    """A list of nodes, and the names that expressions in it see."""

    def __init__(self, home: Home, holder: JsonMap, key: str) -> None:
        self._home = home
        self._holder = holder
        self._key = key

    # --- names that are always there ---

    @property
    def inputs(self) -> Reference:
        """What the run is given: `g.inputs.pr_number`."""
        return self._given("inputs")

    @property
    def run(self) -> Reference:
        """The run itself: its `id`, `mode`, `started_at`, and in `finally_` its `status`."""
        return self._given("run")

    @property
    def now(self) -> Reference:
        """The time of the last thing that was recorded."""
        return self._given("now")

    @property
    def nodes(self) -> NodeFacts:
        """How nodes ended: `g.nodes[plan].outcome`, `g.nodes.plan.error`. Their values are the handles themselves."""
        return NodeFacts(self._home)

    @property
    def secrets(self) -> Reference:
        """The secrets that the graph lists; each stands only as a whole value in the input of a tool."""
        return self._given("secrets")

    @property
    def candidate(self) -> Reference:
        """One candidate, in the `by` of a `fuse`."""
        return self._given("candidate")

    @property
    def event(self) -> Reference:
        """The event that came, in the `where` of `wait_for`."""
        return self._given("event")

    # --- kinds ---

    def agent(self, name: str, agent: str, **keys: Unpack[AgentKeys]) -> Node:
        """Lets an agent work until it finishes."""
        return self._leaf(name, "agent", {"agent": agent}, keys, AgentKeys.__optional_keys__)

    def tool(self, name: str, tool: str, **keys: Unpack[ToolKeys]) -> Node:
        """Calls a tool."""
        return self._leaf(name, "tool", {"tool": tool}, keys, ToolKeys.__optional_keys__)

    def value(self, name: str, value: Value, **keys: Unpack[NodeKeys]) -> Node:
        """Computes a value at once."""
        return self._leaf(name, "value", {"value": value}, keys, NodeKeys.__optional_keys__)

    def gate(self, name: str, checks: Condition | Sequence[Condition], **keys: Unpack[GateKeys]) -> Node:
        """Lets the run pass only if every check is true."""
        several = [checks] if isinstance(checks, (Expression, str)) else checks
        conditions = [written_condition(check, self._home) for check in several]
        return self._leaf(name, "gate", {"gate": conditions}, keys, GateKeys.__optional_keys__)

    def human(self, name: str, question: Text, **keys: Unpack[HumanKeys]) -> Node:
        """Asks a person: for one of the `choices`, or to fill in a `form`."""
        return self._leaf(name, "human", {"human": question}, keys, HumanKeys.__optional_keys__)

    def fuse(
        self,
        name: str,
        method: Literal["best_of", "vote", "weighted", "merge"],
        *,
        of: Named | Sequence[Named],
        **keys: Unpack[FuseKeys],
    ) -> Node:
        """Makes one value of several candidates: the values of the nodes `of` (in YAML: `from`)."""
        kind = {"fuse": method, "from": names_of(of, self._home)}
        return self._leaf(name, "fuse", kind, keys, FuseKeys.__optional_keys__)

    def choose(self, name: str, cases: Sequence[tuple[str, Condition] | str], **keys: Unpack[NodeKeys]) -> Node:
        """Takes the first case that holds as its label: `[("big", plan.size > 10), "small"]`."""
        kind = {"choose": [_case(case, self._home) for case in cases]}
        return self._leaf(name, "choose", kind, keys, NodeKeys.__optional_keys__)

    def wait(self, name: str, duration: str, **keys: Unpack[WaitKeys]) -> Node:
        """Waits for a while, such as `10m`."""
        return self._leaf(name, "wait", {"wait": duration}, keys, WaitKeys.__optional_keys__)

    def wait_until(self, name: str, at: Text, **keys: Unpack[WaitKeys]) -> Node:
        """Waits for an instant (in YAML: `wait: {at: …}`)."""
        return self._leaf(name, "wait_until", {"wait": {"at": at}}, keys, WaitKeys.__optional_keys__)

    def wait_for(
        self,
        name: str,
        event: str,
        *,
        match: Mapping[str, Value] | None = None,
        where: Condition | None = None,
        early: Literal["keep", "drop"] = "keep",
        **keys: Unpack[WaitKeys],
    ) -> Node:
        """Waits for an event from outside, or from an `emit` of the same run (in YAML: `wait: {event: …}`)."""
        asked = {"event": event, "match": match, "where": where, "early": early}
        wait = written_keys({key: value for key, value in asked.items() if value is not None}, self._home)
        return self._leaf(name, "wait_for", {"wait": wait}, keys, WaitKeys.__optional_keys__)

    def emit(self, name: str, event: str, **keys: Unpack[EmitKeys]) -> Node:
        """Sends an event out, and offers it to the waits of the same run."""
        return self._leaf(name, "emit", {"emit": event}, keys, EmitKeys.__optional_keys__)

    def graph(self, name: str, graph: str, **keys: Unpack[GraphNodeKeys]) -> Node:
        """Runs another graph, known by its name, inside this run."""
        return self._leaf(name, "graph", {"graph": graph}, keys, GraphNodeKeys.__optional_keys__)

    # --- kinds with a body ---

    def block(self, name: str, **keys: Unpack[CompositeKeys]) -> Composite[Body]:
        """Nodes in a scope of their own (in YAML: `graph: {nodes: …}`): `with g.block("proof") as block:`."""
        node = self._add(name, "block", {"graph": {"nodes": {}}}, keys, CompositeKeys.__optional_keys__)
        return Composite(name, self._home, Body(self._home, cast("JsonMap", node["graph"]), "nodes"))

    def each(self, name: str, items: Value, *, as_: str = "item", **keys: Unpack[EachKeys]) -> Composite[EachBody]:
        """Does one thing for every item of a list: `with g.each("reviews", plan.files, as_="file") as each:`."""
        self._home.names.update((as_, f"{as_}_index"))
        node = self._add(name, "each", {"each": items, "as": as_}, keys, EachKeys.__optional_keys__)
        return Composite(name, self._home, EachBody(self._home, node, as_))

    def loop(self, name: str, *, max: int, as_: str = "round", **keys: Unpack[LoopKeys]) -> Composite[LoopBody]:
        """Repeats its nodes in rounds until a condition holds: `with g.loop("refine", max=3) as loop:`."""
        self._home.names.add(as_)
        node = self._add(name, "loop", {"loop": {}, "as": as_, "max": max}, keys, LoopKeys.__optional_keys__)
        return Composite(name, self._home, LoopBody(self._home, node, as_))

    # --- writing ---

    def _leaf(
        self, name: str, method: str, kind: Mapping[str, object], keys: Mapping[str, object], known: frozenset[str]
    ) -> Node:
        self._add(name, method, kind, keys, known)
        return Node(name, self._home)

    def _add(
        self, name: str, method: str, kind: Mapping[str, object], keys: Mapping[str, object], known: frozenset[str]
    ) -> JsonMap:
        """Writes a node into the document, where its body may still be filled in."""
        refuse_unknown(method, keys, known)
        node = cast("JsonMap", written(kind, self._home)) | written_keys(keys, self._home)
        self._place(name, node)
        return node

    def _place(self, name: str, node: JsonMap) -> None:
        if (wrong := wrong_name(name)) is not None:
            raise BuildError(f"{wrong[0]}: {wrong[1]}")
        nodes = cast("JsonMap", self._holder.setdefault(self._key, {}))
        if name in nodes:
            raise BuildError(f"there is a node `{name}` already: names are given once")
        self._home.names.add(name)
        nodes[name] = node

    def _given(self, name: str) -> Reference:
        return Reference(name, frozenset({self._home}))


def give_outputs(holder: JsonMap, values: Mapping[str, object], home: Home) -> None:
    """Adds to what a graph or a body gives."""
    outputs = cast("JsonMap", holder.setdefault("outputs", {}))
    for name, value in values.items():
        if name in outputs:
            raise BuildError(f"there is an output `{name}` already")
        outputs[name] = written(value, home)


def _case(case: tuple[str, Condition] | str, home: Home) -> Json:
    if isinstance(case, str):
        return {"label": case}
    label, condition = case
    return {"label": label, "when": written_condition(condition, home)}


# --- bodies ----------------------------------------------------------------------------------------------------------


class Body(Scope):
    """The nodes inside a node. Written as a `with`, it reads like the indentation of YAML."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._is_empty():
            raise BuildError("there is nothing in this body: add a node to it")

    def outputs(self, /, **values: Value) -> None:
        """What the body gives. Left out, it gives the values of its nodes."""
        give_outputs(self._holder, values, self._home)

    def _is_empty(self) -> bool:
        return not self._holder.get(self._key)


class EachBody(Body):
    """What is done for one item: nodes by name, or the one node of `do`."""

    def __init__(self, home: Home, holder: JsonMap, variable: str) -> None:
        super().__init__(home, holder, "nodes")
        self._variable = variable

    @property
    def item(self) -> Reference:
        """The item."""
        return self._given(self._variable)

    @property
    def index(self) -> Reference:
        """Its number, from 0."""
        return self._given(f"{self._variable}_index")

    @property
    def do(self) -> Do:
        """Instead of nodes by name: the one node to run, `each.do.tool("summarise", input=each.item)`."""
        return Do(_TheOne(self._home, self._holder, "do"))

    def _place(self, name: str, node: JsonMap) -> None:
        if "do" in self._holder:
            raise BuildError(f"`do` is all that is done for an item: give it a name as well, as `{name}` has one")
        super()._place(name, node)

    def _is_empty(self) -> bool:
        return super()._is_empty() and "do" not in self._holder


class LoopBody(Body):
    """The nodes of one round."""

    def __init__(self, home: Home, holder: JsonMap, variable: str) -> None:
        super().__init__(home, holder, "loop")
        self._variable = variable

    @property
    def index(self) -> Reference:
        """The number of the round, from 0 (in YAML: `round.index`)."""
        return self._given(f"{self._variable}.index")

    @property
    def last(self) -> Reference:
        """What the round before gave; absent in the first (in YAML: `round.last`)."""
        return self._given(f"{self._variable}.last")

    def until(self, condition: Condition) -> None:
        """Ends the loop after a round in which this is true."""
        if "until" in self._holder:
            raise BuildError("this loop has an `until` already: join both with `&` or `|`")
        self._holder["until"] = written_condition(condition, self._home)


BodyT = TypeVar("BodyT", bound=Body)


class Composite(Node, Generic[BodyT]):
    """A node with a body. It is opened by `with`, and afterwards stands for its value like any other node."""

    def __init__(self, name: str, home: Home, body: BodyT) -> None:
        super().__init__(name, home)
        self._body = body

    def __enter__(self) -> BodyT:
        return self._body

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._body.__exit__(kind, error, trace)


# --- the one node of `do` --------------------------------------------------------------------------------------------


class _TheOne(Scope):
    """A list of one node, which needs no name."""

    def _place(self, name: str, node: JsonMap) -> None:  # noqa: ARG002 - every list of nodes is given one
        if self._holder.get("nodes") or "do" in self._holder:
            raise BuildError("`do` is one node, and all that is done for an item: write several as nodes of the body")
        self._holder["do"] = node


_NAMELESS = "do"


class Do:
    """The kinds of nodes once more, without a name: what is done for an item is called as the item."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def agent(self, agent: str, **keys: Unpack[AgentKeys]) -> None:
        """Lets an agent work until it finishes."""
        self._scope.agent(_NAMELESS, agent, **keys)

    def tool(self, tool: str, **keys: Unpack[ToolKeys]) -> None:
        """Calls a tool."""
        self._scope.tool(_NAMELESS, tool, **keys)

    def value(self, value: Value, **keys: Unpack[NodeKeys]) -> None:
        """Computes a value at once."""
        self._scope.value(_NAMELESS, value, **keys)

    def gate(self, checks: Condition | Sequence[Condition], **keys: Unpack[GateKeys]) -> None:
        """Lets the run pass only if every check is true."""
        self._scope.gate(_NAMELESS, checks, **keys)

    def human(self, question: Text, **keys: Unpack[HumanKeys]) -> None:
        """Asks a person."""
        self._scope.human(_NAMELESS, question, **keys)

    def wait(self, duration: str, **keys: Unpack[WaitKeys]) -> None:
        """Waits for a while."""
        self._scope.wait(_NAMELESS, duration, **keys)

    def wait_until(self, at: Text, **keys: Unpack[WaitKeys]) -> None:
        """Waits for an instant."""
        self._scope.wait_until(_NAMELESS, at, **keys)

    def wait_for(
        self,
        event: str,
        *,
        match: Mapping[str, Value] | None = None,
        where: Condition | None = None,
        early: Literal["keep", "drop"] = "keep",
        **keys: Unpack[WaitKeys],
    ) -> None:
        """Waits for an event."""
        self._scope.wait_for(_NAMELESS, event, match=match, where=where, early=early, **keys)

    def emit(self, event: str, **keys: Unpack[EmitKeys]) -> None:
        """Sends an event out."""
        self._scope.emit(_NAMELESS, event, **keys)

    def choose(self, cases: Sequence[tuple[str, Condition] | str], **keys: Unpack[NodeKeys]) -> None:
        """Takes the first case that holds as its label."""
        self._scope.choose(_NAMELESS, cases, **keys)

    def graph(self, graph: str, **keys: Unpack[GraphNodeKeys]) -> None:
        """Runs another graph, known by its name."""
        self._scope.graph(_NAMELESS, graph, **keys)

    def block(self, **keys: Unpack[CompositeKeys]) -> Body:
        """Runs nodes in a scope of their own: `with each.do.block() as block:`."""
        return self._scope.block(_NAMELESS, **keys).__enter__()

    def each(self, items: Value, *, as_: str = "item", **keys: Unpack[EachKeys]) -> EachBody:
        """Goes over a list inside each item: `with each.do.each(each.item.pages, as_="page") as inner:`."""
        return self._scope.each(_NAMELESS, items, as_=as_, **keys).__enter__()

    def loop(self, *, max: int, as_: str = "round", **keys: Unpack[LoopKeys]) -> LoopBody:
        """Repeats nodes in rounds for each item: `with each.do.loop(max=3) as loop:`."""
        return self._scope.loop(_NAMELESS, max=max, as_=as_, **keys).__enter__()
