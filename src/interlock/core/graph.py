"""What people write: the graph language as models, one for each kind of node, in its canonical spelling.

A model says which keys there are, their types and defaults, and what each is for; editors and the reference are fed
from it. What needs a look at more than one field (names, edges, expressions, tools) is checked by the compiler.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias, cast

from pydantic import AfterValidator, Discriminator, Field, Tag, TypeAdapter

from interlock.core.compiling.spellings import (
    MAP,
    TEXT,
    After,
    Duration,
    JoinSpec,
    Money,
    OnError,
    Pool,
    Template,
    Texts,
    Words,
    Written,
    shape,
    text_or_map,
)
from interlock.core.graph_triggers import Trigger
from interlock.core.limits import PARALLEL_MAX
from interlock.core.plan import LANGUAGE

RetryableClass: TypeAlias = Literal["failed", "rate_limited", "timeout", "unavailable"]

# --- what several kinds share ----------------------------------------------------------------------------------------


class RetrySpec(Written):
    """How failed attempts are repeated."""

    attempts: int = Field(ge=1, le=1_000, description="How many attempts there are in all, the first included.")
    backoff: Duration = Field(
        default=1_000_000, description="The delay before the second attempt; it doubles each time."
    )
    max_backoff: Duration = Field(default=60_000_000, description="The longest delay between two attempts.")
    on: Annotated[list[RetryableClass], AfterValidator(lambda classes: sorted(set(classes)))] = Field(
        default=["failed", "rate_limited", "timeout", "unavailable"],
        min_length=1,
        description="The classes of errors that are worth another attempt.",
    )


class NodeBudget(Written):
    """The limits of a node."""

    calls: int | None = Field(
        default=None, ge=1, description="How many calls the node, with everything inside it, may make."
    )
    usd: Money | None = Field(default=None, description="How much money they may cost, in US dollars.")
    tokens: int | None = Field(default=None, ge=1, description="How many tokens models may read and write for it.")
    steps: int | None = Field(default=None, ge=1, description="How many turns the agents in it may take.")
    on_limit: Literal["stop", "ask"] = Field(
        default="stop",
        description="What a spent limit does: what wants more fails, or a person is asked to grant as much again.",
    )


class GraphBudget(NodeBudget):
    """The limits of a run."""

    wall: Duration | None = Field(
        default=None, description="For how long something of the run may be running; waiting and pausing do not count."
    )


class UndoSpec(Written):
    """How what a node did is taken back, should the run be rolled back."""

    tool: str = Field(description="The tool that takes it back.")
    input: Template = Field(
        default=None,
        description="What that tool is given, fixed when the node has finished; it may mention the node's own value. "
        "Left out: the node's own input.",
    )
    retry: RetrySpec | None = Field(default=None, description="How failed attempts to take it back are repeated.")
    timeout: Duration | None = Field(default=None, description="How long one attempt may take.")


class AnyKind(Written):
    """The keys that every kind of node has."""

    kind: ClassVar[str]
    after: After = Field(default={}, description="The nodes to wait for, each with `on` and `when` where needed.")
    when: str | None = Field(default=None, description="A condition in ${…}; if it is false the node is skipped.")
    join: JoinSpec = Field(default="all", description="How many edges of `after` must fire before the node starts.")
    cancel_rest: bool = Field(
        default=False, description="Whether what the join did not wait for is cancelled, with all that only led there."
    )
    on_error: OnError = Field(
        default="fail",
        description="What a failure does: `fail` stops the scope, `continue` goes on with null, a fallback stands in.",
    )
    cancels: Words = Field(
        default=(), description='The nodes of this scope to cancel when this one succeeds; "*" is all others.'
    )
    labels: Words = Field(default=(), description="Words by which people and policies find and group nodes.")
    description: str = Field(default="", description="What the node is for, said to people.")


class Composite(AnyKind):
    """The keys of nodes that hold scopes of their own."""

    timeout: Duration | None = Field(
        default=None, description="How long the whole node may take; what is inside stops."
    )
    budget: NodeBudget | None = Field(default=None, description="The limits of everything inside.")
    undo: UndoSpec | None = Field(
        default=None, description="Takes the whole node back once it has succeeded, instead of what is inside."
    )


# --- the kinds -------------------------------------------------------------------------------------------------------


class ToolNode(AnyKind):
    """Calls a tool."""

    kind = "tool"
    tool: str = Field(description="The tool to call.")
    input: Template = Field(default=None, description="What the tool is given: a map, or one ${…} that gives a map.")
    retry: RetrySpec | None = Field(default=None, description="How failed attempts are repeated. Left out: not at all.")
    timeout: Duration | None = Field(default=None, description="How long one attempt may take.")
    budget: NodeBudget | None = Field(default=None, description="The limits of this node.")
    undo: UndoSpec | None = Field(default=None, description="How what the tool did is taken back on a rollback.")
    pool: Pool | None = Field(
        default=None, description="The workers that may perform the call. Left out: those of the tool's own pool."
    )


class AgentNode(AnyKind):
    """Lets an agent work until it finishes."""

    kind = "agent"
    agent: str = Field(description="The agent.")
    input: Template = Field(default=None, description="What the agent is given: a map, or one ${…} that gives a map.")
    retry: RetrySpec | None = Field(default=None, description="How failed attempts are repeated. Left out: not at all.")
    timeout: Duration | None = Field(default=None, description="How long one attempt may take.")
    budget: NodeBudget | None = Field(
        default=None, description="The limits of this node; the agent's own hold as well."
    )
    undo: UndoSpec | None = Field(default=None, description="How what the agent did is taken back on a rollback.")
    pool: Pool | None = Field(
        default=None, description="The workers that may run the agent. Left out: those of the default pool."
    )


class ValueNode(AnyKind):
    """Computes a value at once."""

    kind = "value"
    value: Template = Field(description="The value; expressions in it are filled in.")


class GateNode(AnyKind):
    """Lets the run pass only if every check is true. To branch, use `choose`: a gate is for stopping."""

    kind = "gate"
    gate: Texts = Field(description="The checks, each a condition in ${…}. All are evaluated and recorded.")
    otherwise: Literal["block", "hold", "rollback"] = Field(
        default="block",
        description="What happens if a check is not passed: the run ends, a person decides, or everything is undone.",
    )
    timeout: Duration | None = Field(
        default=None, description="How long a held gate waits for a person; then it blocks."
    )


class HumanNode(AnyKind):
    """Asks a person. The choice is the node's label, so `after: {approve: {on: release}}` works."""

    kind = "human"
    human: str = Field(description="The question; expressions in it are filled in.")
    choices: list[str] = Field(default=[], description="What can be chosen; `${node.choice}` is the one that was.")
    form: dict[str, Any] | None = Field(
        default=None, description="Instead of choices: what to fill in, as a JSON Schema; `${node.form}` is the answer."
    )
    quorum: int = Field(default=1, ge=1, le=1_000, description="How many different people must choose the same.")
    timeout: Duration | None = Field(default=None, description="How long the question stands.")
    otherwise: str | None = Field(
        default=None, description="The choice that is taken when nobody answered in time. Left out: the node fails."
    )


class FuseNode(AnyKind):
    """Makes one value of several candidates."""

    kind = "fuse"
    fuse: Literal["best_of", "vote", "weighted", "merge"] = Field(
        description="best_of: the highest `by`. vote: the most frequent `by`. weighted: the highest `by` times weight. "
        "merge: all maps merged in the order of `from`."
    )
    from_: list[str] = Field(alias="from", min_length=1, description="The nodes whose values are the candidates.")
    join: JoinSpec = Field(default="any", description="How many of the candidates must be there before one is made.")
    by: str | None = Field(
        default=None, description="The score or answer of one candidate: ${…} that sees `candidate`."
    )
    weights: dict[str, float] = Field(default={}, description="The weight of each candidate of `weighted`, by name.")
    conflict: Literal["fail", "first"] = Field(
        default="fail", description="What `merge` does where two candidates differ."
    )
    need: int = Field(default=1, ge=1, description="How many candidates there must be; with fewer the node fails.")


class EachNode(Composite):
    """Does one thing for every item of a list. Its value is the list of what came of each, in the items' order."""

    kind = "each"
    each: Template = Field(description="The list: one ${…}, or the items themselves.")
    as_: str = Field(default="item", alias="as", description="The name of the item inside; `name_index` is its number.")
    parallel: int = Field(
        default=10, ge=1, le=PARALLEL_MAX, description="How many items are worked on at a time, at most."
    )
    quorum: int | None = Field(
        default=None, ge=1, description="How many items must succeed; then the rest is cancelled. Left out: all."
    )
    do: AnyNode | None = Field(default=None, description="The one node to run for each item.")
    nodes: dict[str, AnyNode] | None = Field(
        default=None, description="Instead of `do`: the nodes to run for each item."
    )
    outputs: dict[str, Template] | None = Field(
        default=None, description="Beside `nodes`: what an item gives. Left out: the values of its nodes by name."
    )


class LoopNode(Composite):
    """Repeats its nodes in rounds until a condition holds."""

    kind = "loop"
    loop: dict[str, AnyNode] = Field(description="The nodes of one round.")
    as_: str = Field(
        default="round", alias="as", description="The name of the round inside: `round.index` and `round.last`."
    )
    until: str | None = Field(
        default=None, description="A condition in ${…} that sees the round's nodes; true ends it."
    )
    max: int = Field(ge=1, description="How many rounds there may be.")
    at_max: Literal["fail", "accept"] = Field(
        default="fail", description="What reaching `max` is: a failure, or good enough (with the label `capped`)."
    )
    outputs: dict[str, Template] | None = Field(
        default=None, description="What the loop gives, from its last round. Left out: the values of its nodes by name."
    )


class Block(Written):
    """Nodes that stand in a scope of their own, and see outwards."""

    nodes: dict[str, AnyNode] = Field(description="The nodes of the block.")
    outputs: dict[str, Template] | None = Field(
        default=None, description="What the block gives. Left out: the values of the nodes that nothing follows."
    )


class GraphNode(Composite):
    """Runs another graph, or a block of nodes, inside this run."""

    kind = "graph"
    graph: Annotated[
        Annotated[str, TEXT] | Annotated[Block, MAP],
        text_or_map("`graph` is the name of a graph, or a block: `{nodes: …}`"),
    ] = Field(description="The name of a graph, or a block of nodes.")
    input: Template = Field(default=None, description="The inputs of the named graph.")


class WaitUntil(Written):
    """Waits for an instant; one that is past is no wait."""

    at: str = Field(description="The instant: ${…} or text such as 2030-01-31T12:00:00Z.")


class WaitForEvent(Written):
    """Waits for an event from outside, or from an `emit` of the same run."""

    event: str = Field(description="The name of the event.")
    match: dict[str, Template] | None = Field(
        default=None, description="Fields that the event's data must equal; fixed when the wait starts."
    )
    where: str | None = Field(default=None, description="A condition in ${…} that sees `event` and must be true.")
    early: Literal["keep", "drop"] = Field(
        default="keep", description="Whether an event that came before the wait started counts."
    )


def _wait_shape(written: object) -> str | None:
    match written:
        case WaitUntil():
            return shape("an instant")
        case WaitForEvent():
            return shape("an event")
        case dict():
            return shape("an instant") if "at" in written and "event" not in written else shape("an event")
        case _:
            return shape("a duration")


class WaitNode(AnyKind):
    """Waits without holding a worker."""

    kind = "wait"
    wait: Annotated[
        Annotated[Duration, Tag(shape("a duration"))]
        | Annotated[WaitUntil, Tag(shape("an instant"))]
        | Annotated[WaitForEvent, Tag(shape("an event"))],
        Discriminator(_wait_shape),
    ] = Field(description="A duration such as 10m, `{at: instant}`, or `{event: name}` with `match` and `where`.")
    timeout: Duration | None = Field(default=None, description="How long to wait at most; then the node fails.")


class EmitNode(AnyKind):
    """Sends an event out, and offers it to the waits of the same run."""

    kind = "emit"
    emit: str = Field(description="The name of the event.")
    data: Template = Field(default=None, description="What the event carries.")
    retry: RetrySpec | None = Field(default=None, description="How failed attempts are repeated. Left out: not at all.")
    timeout: Duration | None = Field(default=None, description="How long one attempt may take.")
    budget: NodeBudget | None = Field(default=None, description="The limits of this node.")


class CaseSpec(Written):
    """One case of a `choose`."""

    label: str = Field(description="The label that later nodes wait for with `on`.")
    when: str | None = Field(default=None, description="A condition in ${…}. Left out: the case always holds.")


class ChooseNode(AnyKind):
    """Takes the first case that holds as its label: `after: {size: {on: big}}`."""

    kind = "choose"
    choose: list[CaseSpec] = Field(min_length=1, description="The cases, tried in this order.")


NodeModel: TypeAlias = (
    AgentNode
    | ToolNode
    | ValueNode
    | GateNode
    | HumanNode
    | FuseNode
    | EachNode
    | LoopNode
    | GraphNode
    | WaitNode
    | EmitNode
    | ChooseNode
)
NODE_MODELS: Final[dict[str, type[AnyKind]]] = {
    model.kind: model
    for model in (
        AgentNode,
        ToolNode,
        ValueNode,
        GateNode,
        HumanNode,
        FuseNode,
        EachNode,
        LoopNode,
        GraphNode,
        WaitNode,
        EmitNode,
        ChooseNode,
    )
}
KINDS: Final = tuple(NODE_MODELS)


def kinds_in(written: Mapping[str, object]) -> list[str]:
    """The kind keys of a node as written; a good node has exactly one."""
    return [kind for kind in KINDS if kind in written]


_SHAPE_OF_KIND: Final = {kind: shape(f"{'an' if kind[0] in 'aeiou' else 'a'} {kind} node") for kind in KINDS}


def kind_shape(kind: str) -> str:
    """The tag by which pydantic and the problems it finds name a kind."""
    return _SHAPE_OF_KIND[kind]


def _node_shape(written: object) -> str | None:
    match written:
        case AnyKind():
            return kind_shape(written.kind)
        case dict():
            kinds = kinds_in(cast("Mapping[str, object]", written))
            return kind_shape(kinds[0]) if len(kinds) == 1 else None
        case _:
            return None


AnyNode: TypeAlias = Annotated[
    Annotated[AgentNode, Tag(kind_shape("agent"))]
    | Annotated[ToolNode, Tag(kind_shape("tool"))]
    | Annotated[ValueNode, Tag(kind_shape("value"))]
    | Annotated[GateNode, Tag(kind_shape("gate"))]
    | Annotated[HumanNode, Tag(kind_shape("human"))]
    | Annotated[FuseNode, Tag(kind_shape("fuse"))]
    | Annotated["EachNode", Tag(kind_shape("each"))]
    | Annotated["LoopNode", Tag(kind_shape("loop"))]
    | Annotated["GraphNode", Tag(kind_shape("graph"))]
    | Annotated[WaitNode, Tag(kind_shape("wait"))]
    | Annotated[EmitNode, Tag(kind_shape("emit"))]
    | Annotated[ChooseNode, Tag(kind_shape("choose"))],
    Discriminator(_node_shape),
]


class Graph(Written):
    """A graph: a declared workflow."""

    graph: str = Field(description="The name of the graph.")
    language: Literal[1] = Field(default=LANGUAGE, description="The version of the graph language.")
    description: str = Field(default="", description="What the graph is for, said to people.")
    inputs: dict[str, Any] = Field(
        default={}, description="What a run is given: a map of name to type, or a whole JSON Schema."
    )
    outputs: dict[str, Template] | None = Field(
        default=None, description="What a run gives. Left out: the values of the nodes that nothing follows."
    )
    budget: GraphBudget | None = Field(default=None, description="The limits of a run.")
    timeout: Duration | None = Field(default=None, description="How long a run may take from its start.")
    on_failure: Literal["stop", "rollback", "hold"] = Field(
        default="stop",
        description="What an unhandled failure does: end the run, undo what was done, or hold the node for a person.",
    )
    triggers: dict[str, Trigger] = Field(
        default={}, description="What starts runs of the graph by itself, by name, once it is released."
    )
    secrets: Words = Field(default=(), description="The secrets that inputs of tools may name as ${secrets.name}.")
    nodes: dict[str, AnyNode] = Field(description="The nodes by name. Their order decides who starts first.")
    finally_: dict[str, AnyNode] | None = Field(
        default=None,
        alias="finally",
        description="Nodes that run once at the end, whatever happened; they see run.status.",
    )


for _model in (EachNode, LoopNode, Block, GraphNode, Graph):
    _model.model_rebuild()

GRAPH: Final = TypeAdapter(Graph)


def graph_schema() -> dict[str, Any]:
    """The language as a JSON Schema: what editors check and complete a graph with."""
    schema = Graph.model_json_schema(by_alias=True) | {"title": "Interlock graph"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
