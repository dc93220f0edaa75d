"""The plan put together: every node of every graph compiled, then joined, then numbered into scopes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from msgspec import Struct

from interlock.core import graph as g
from interlock.core import plan as p
from interlock.core.agent_contract import GRAPH_TOOL, AgentContract
from interlock.core.catalogue import Catalogue
from interlock.core.compiling.absence import absence_warnings
from interlock.core.compiling.callees import callees, reachable_agents
from interlock.core.compiling.cancelling import Cancelling, Reach, cancelling_in
from interlock.core.compiling.contracts import InputContracts
from interlock.core.compiling.cycles import find_cycles, told_cycle
from interlock.core.compiling.dependencies import Spot
from interlock.core.compiling.exclusion import find_exclusions
from interlock.core.compiling.inputs import inputs_schema
from interlock.core.compiling.joining import Joining, join_scope
from interlock.core.compiling.node_inputs import check_taken, check_tool, input_of
from interlock.core.compiling.node_limits import budget_of_node, price_of_node, timeout_of_node, written_budget
from interlock.core.compiling.parts import Parts
from interlock.core.compiling.references import Family
from interlock.core.compiling.scoping import GraphDraft, NodeDraft, ScopeDraft
from interlock.core.compiling.supervision import Supervision
from interlock.core.compiling.templates import TemplateCompiler
from interlock.core.compiling.triggers import triggers_of
from interlock.core.compiling.undo_terms import undo_by_terms, undone_by
from interlock.core.compiling.value_schemas import known_names
from interlock.core.compiling.works import work_of
from interlock.core.expressions import Expression
from interlock.core.limits import Limits
from interlock.core.schemas import Schema


class Assembled(Struct, frozen=True):
    """The scopes of a plan in order, the tools that its nodes call, and what starts its runs."""

    scopes: tuple[p.ScopePlan, ...]
    tools: dict[str, p.ToolContract]
    agents: dict[str, AgentContract]
    called_graphs: dict[str, int]
    triggers: tuple[p.Trigger, ...]


class _Made(Struct, frozen=True):
    """What a node is by itself, before it is joined to others."""

    work: p.Work
    input: p.Template | None
    when: Expression | None
    undo: p.Undo | None
    timeout: p.Micros | None = None
    budget: p.Budget | None = None
    price: int = 0


def assemble(family: Family, catalogue: Catalogue, limits: Limits) -> Assembled:
    """All scopes of a graph and of those it names. Problems are left with the drafts."""
    schemas = {name: inputs_schema(draft) for name, draft in family.named.items()}
    contracts = InputContracts()
    scopes: list[p.ScopePlan] = []
    joinings: dict[int, Joining] = {}
    triggers: tuple[p.Trigger, ...] = ()
    for draft in family.drafts():
        schema = inputs_schema(draft) if draft is family.root else schemas[draft.name]
        names = known_names(draft, schema, catalogue)
        compiler = TemplateCompiler(draft, names, expressions_max=limits.expressions_max)
        parts = Parts(
            draft,
            compiler,
            tools=catalogue.tools,
            agents=catalogue.agents,
            graphs=family.named,
            inputs=schemas,
            contracts=contracts,
            pools=catalogue.pools,
            kept_away=catalogue.kept_away,
        )
        scopes += _scopes_of(draft, parts, schema, Reach(limits.reach_max), joinings)
        if draft is family.root:
            triggers = triggers_of(parts, schema, catalogue.zones)
    if not family.has_errors:
        family.root.warnings += Supervision(joinings, catalogue).warnings(family.root, family.named)
    agents = reachable_agents((name for draft in family.drafts() for name in _agents_of(draft)), catalogue.agents)
    used = {name for draft in family.drafts() for name in _tools_of(draft)}
    used |= {name for agent in agents.values() for name in callees(agent)}
    used |= undone_by(used, catalogue.tools)
    tools = {name: catalogue.tools[name] for name in sorted(used) if name in catalogue.tools}
    called = {
        name.removeprefix(GRAPH_TOOL)
        for agent in agents.values()
        for name in callees(agent)
        if name.startswith(GRAPH_TOOL)
    }
    called_graphs = {name: family.named[name].root.number for name in sorted(called) if name in family.named}
    return Assembled(tuple(scopes), tools, agents, called_graphs, triggers)


def _scopes_of(
    draft: GraphDraft, parts: Parts, schema: p.JsonSchema | None, reach: Reach, joinings: dict[int, Joining]
) -> list[p.ScopePlan]:
    # A body that looks outwards adds to what the node around it waits for, so all are made before any is joined.
    made = [[_make(node, parts) for node in scope.nodes] for scope in draft.scopes]
    if draft.has_enough:
        return []
    outputs = [_outputs(scope, parts) for scope in draft.scopes]
    uses = parts.compiler.dependencies.uses
    scopes: list[p.ScopePlan] = []
    for scope, nodes, declared in zip(draft.scopes, made, outputs, strict=True):
        joining = joinings[scope.number] = join_scope(scope, parts)
        _check_cycles(scope, joining, parts)
        _check_exclusions(scope, joining, parts)
        plan = _scope_plan(scope, nodes, declared, joining, cancelling_in(scope, joining, parts, reach))
        draft.warnings += absence_warnings(uses.get(scope.number, []), joining, plan.nodes)
        scopes.append(plan if scope is not draft.root else _graph_plan(plan, draft, schema))
    return scopes


# --- nodes -----------------------------------------------------------------------------------------------------------


def _make(node: NodeDraft, parts: Parts) -> _Made:
    if node.is_broken or parts.draft.has_enough:
        return _Made(p.ValueWork(p.Constant(None)), None, None, None)
    when = None
    if node.model.when is not None:
        when = parts.compiler.condition(node.model.when, Spot(node.scope, node), (*node.place, "when"))
    given = input_of(node, parts)
    work, undo = work_of(node, parts), _undo(node, given, parts)
    timeout, budget = timeout_of_node(node.model, parts), budget_of_node(node.model, parts)
    return _Made(work, given, when, undo, timeout, budget, price_of_node(node.model, parts))


def _undo(node: NodeDraft, given: p.Template | None, parts: Parts) -> p.Undo | None:
    spec: g.UndoSpec | None = getattr(node.model, "undo", None)
    if spec is None:
        return undo_by_terms(node, given, parts)
    place = (*node.place, "undo")
    check_tool(spec.tool, (*place, "tool"), parts)
    template = given or p.Constant({})
    if spec.input is not None:
        spot = Spot(node.scope, node, takes_secrets=True, sees_itself=True)
        check_taken(spec.input, spec.tool, (*place, "input"), parts)
        template = parts.compiler.template(spec.input, spot, (*place, "input"))
    return p.Undo(spec.tool, template, _retry(spec.retry), spec.timeout)


def _retry(spec: g.RetrySpec | None) -> p.Retry:
    if spec is None:
        return p.Retry()
    return p.Retry(spec.attempts, spec.backoff, spec.max_backoff, frozenset(spec.on))


def _node(draft: NodeDraft, made: _Made, joining: Joining, cancelling: Cancelling) -> p.Node:
    model, index = draft.model, draft.index
    leading = joining.leading[index]
    control = sum(edge.role == p.Role.CONTROL for edge in leading)
    pool = model.pool if isinstance(model, g.ToolNode | g.AgentNode) else None
    return p.Node(
        index=index,
        name=draft.name,
        work=made.work,
        join=joining.joins[index],
        control=control,
        requirements=len(leading) - control,
        edges=tuple(joining.leaving[index]),
        when=made.when,
        input=made.input,
        retry=_retry(getattr(model, "retry", None)),
        timeout=made.timeout,
        continues=model.on_error == "continue",
        fallback=joining.fallback_of.get(index),
        stands_in_for=joining.stands_in_for.get(index),
        budget=made.budget,
        undo=made.undo,
        cancels=cancelling.on_success[index],
        cancels_rest=cancelling.rest[index],
        labels=model.labels,
        description=model.description,
        price=made.price,
        sources=tuple(draft.scope.nodes[edge.source].name for edge in leading),
        pool="" if pool is None else pool.name,
        tags=() if pool is None else pool.tags,
    )


# --- scopes ----------------------------------------------------------------------------------------------------------


_Outputs: TypeAlias = tuple[tuple[str, p.Template], ...]


def _outputs(scope: ScopeDraft, parts: Parts) -> _Outputs | None:
    """The declared outputs of a scope: they are read when it has settled, so they make nothing wait inside it."""
    match scope.owner.model if scope.owner else parts.draft.model:
        case g.Graph(outputs=dict() as declared) if scope.kind == "graph":
            pass
        case g.EachNode(outputs=dict() as declared) | g.LoopNode(outputs=dict() as declared) if not scope.single:
            pass
        case g.GraphNode(graph=g.Block(outputs=dict() as declared)):
            pass
        case _:
            return None
    place = (*scope.place[:-1], "outputs")
    return tuple(
        (name, parts.compiler.template(template, Spot(scope), (*place, name)))
        for name, template in sorted(declared.items())
    )


def _scope_plan(
    scope: ScopeDraft, made: list[_Made], outputs: _Outputs | None, joining: Joining, cancelling: Cancelling
) -> p.ScopePlan:
    drafts = zip(scope.nodes, made, strict=True)
    nodes = tuple(_node(draft, node, joining, cancelling) for draft, node in drafts)
    return p.ScopePlan(
        kind=scope.kind,
        nodes=nodes,
        index={node.name: node.index for node in nodes},
        single=scope.single,
        outputs=outputs,
        unfollowed=tuple(node.index for node in nodes if not node.edges and node.stands_in_for is None),
    )


def _graph_plan(scope: p.ScopePlan, draft: GraphDraft, schema: p.JsonSchema | None) -> p.ScopePlan:
    """The root scope of a graph, with what graphs alone say."""
    model = draft.model
    return p.ScopePlan(
        kind="graph",
        nodes=scope.nodes,
        index=scope.index,
        outputs=scope.outputs,
        unfollowed=scope.unfollowed,
        name=model.graph,
        inputs=schema,
        takes=None if schema is None else Schema(schema),
        timeout=model.timeout,
        budget=written_budget(model.budget),
        on_failure=model.on_failure,
        finally_=draft.finally_.number if draft.finally_ else None,
    )


def _check_cycles(scope: ScopeDraft, joining: Joining, parts: Parts) -> None:
    for cycle in find_cycles([[edge.source for edge in edges] for edges in joining.leading]):
        names = [scope.nodes[index].name for index in cycle]
        message = f"these wait for one another in a circle: {told_cycle(names)}"
        advice = "to repeat, use `loop`; else cut one of the edges"
        parts.problem(scope.nodes[cycle[0]].place, message, advice, at_key=True)


def _check_exclusions(scope: ScopeDraft, joining: Joining, parts: Parts) -> None:
    for found in find_exclusions(scope, joining):
        node, choosing = found.node, found.choosing.name
        message = f"`{node.name}` can never run: it waits for `{found.one.name}` and for `{found.other.name}`"
        advice = f"`{choosing}` takes only one of the two ways: use `join: any`"
        if found.one is found.other:
            message = f"`{node.name}` can never run: `{choosing}` cannot end in two ways at once"
            advice = "list the labels in one `on`"
        parts.problem(node.place, message, advice, at_key=True)


def _agents_of(draft: GraphDraft) -> Iterator[str]:
    for scope in draft.scopes:
        yield from (node.model.agent for node in scope.nodes if isinstance(node.model, g.AgentNode))


def _tools_of(draft: GraphDraft) -> set[str]:
    used: set[str] = set()
    for scope in draft.scopes:
        for node in scope.nodes:
            if isinstance(node.model, g.ToolNode):
                used.add(node.model.tool)
            if isinstance(node.model, g.ToolNode | g.AgentNode | g.Composite) and node.model.undo is not None:
                used.add(node.model.undo.tool)
    return used
