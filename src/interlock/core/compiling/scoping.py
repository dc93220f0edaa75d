"""The scopes of a graph while it is compiled: which nodes stand where, and what a name means there (rules 1 to 5).

A draft knows where it stands in the document and in the plan. What nodes do and what hangs on what is added by others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TypeAlias

from interlock.core import graph as g
from interlock.core.compiling.documents import Document
from interlock.core.compiling.names import wrong_name
from interlock.core.limits import PROBLEMS_MAX
from interlock.core.plan import ScopeKind
from interlock.core.problems import Place, Problem


class NodeDraft:
    """A node being compiled."""

    __slots__ = ("index", "is_broken", "mentions", "model", "name", "place", "scope")

    def __init__(self, name: str, model: g.NodeModel, scope: ScopeDraft, place: Place, *, is_broken: bool) -> None:
        self.name = name
        self.model = model
        self.scope = scope
        self.place = place
        self.index = len(scope.nodes)
        self.is_broken = is_broken
        self.mentions: dict[int, bool] = {}
        """Which nodes of its scope it mentions, by index: True if it needs the value, False if only the outcome."""

    @property
    def kind(self) -> str:
        """Its kind key."""
        return self.model.kind


class ScopeDraft:
    """A list of nodes being compiled. `variables` are the names of an item or a round."""

    __slots__ = ("by_name", "depth", "kind", "nodes", "number", "owner", "parent", "place", "single", "variables")

    def __init__(
        self,
        kind: ScopeKind,
        place: Place,
        *,
        number: int,
        parent: ScopeDraft | None = None,
        owner: NodeDraft | None = None,
        variables: tuple[str, ...] = (),
        single: bool = False,
    ) -> None:
        self.kind: ScopeKind = kind
        self.place = place
        self.number = number
        self.parent = parent
        self.owner = owner
        self.variables = variables
        self.single = single
        self.depth: int = parent.depth + 1 if parent else 0
        self.nodes: list[NodeDraft] = []
        self.by_name: dict[str, NodeDraft] = {}

    def add(self, name: str, model: g.NodeModel, place: Place, *, is_broken: bool) -> NodeDraft:
        """Puts a node into the scope, after those that are there."""
        node = NodeDraft(name, model, self, place, is_broken=is_broken)
        self.nodes.append(node)
        self.by_name[name] = node
        return node

    def outwards(self) -> Iterator[ScopeDraft]:
        """The scope itself and those around it, up to the wall that a graph is."""
        scope: ScopeDraft | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    @property
    def in_finally(self) -> bool:
        """Whether it runs when the graph has ended."""
        return any(scope.kind == "finally" for scope in self.outwards())


Meaning: TypeAlias = NodeDraft | ScopeDraft
"""What a name stands for: a node, or (as the scope that has it) a variable."""


def find_name(scope: ScopeDraft, name: str) -> Meaning | None:
    """What a name means in a scope, looking outwards; the one node of a `do` is no name, it *is* the item."""
    for here in scope.outwards():
        node = here.by_name.get(name)
        if node is not None and not here.single:
            return node
        if name in here.variables:
            return here
    return None


def names_in(scope: ScopeDraft) -> Iterator[str]:
    """Every name of a node or variable that can be seen from a scope, innermost first."""
    for here in scope.outwards():
        yield from here.variables
        if not here.single:
            yield from here.by_name


class GraphDraft:
    """One graph being compiled: its document, its scopes (the first is its own), and what was found so far."""

    def __init__(self, name: str, document: Document, model: g.Graph, *, first: int) -> None:
        self.name = name
        self.document = document
        self.model = model
        self.scopes: list[ScopeDraft] = [ScopeDraft("graph", ("nodes",), number=first)]
        self.bodies: dict[Place, ScopeDraft] = {}
        self.finally_: ScopeDraft | None = None
        self.errors: list[Problem] = list(document.problems)
        self.warnings: list[Problem] = []

    @property
    def root(self) -> ScopeDraft:
        """The graph's own scope."""
        return self.scopes[0]

    @property
    def has_enough(self) -> bool:
        """Whether so much is wrong that looking for more would cost time and help nobody."""
        return len(self.errors) >= PROBLEMS_MAX

    def body_of(self, node: NodeDraft) -> ScopeDraft | None:
        """The scope that a node holds, if it holds one of this graph."""
        return self.bodies.get(node.place)


def lay_out(name: str, document: Document, model: g.Graph, *, first: int, nodes_max: int, depth_max: int) -> GraphDraft:
    """All scopes and nodes of a graph in the order of the document, with what is wrong about their names.

    Stops at the limits: past them a graph is refused anyway.
    """
    draft = GraphDraft(name, document, model, first=first)
    waiting: deque[tuple[ScopeDraft, dict[str, g.NodeModel]]] = deque([(draft.root, dict(model.nodes))])
    if model.finally_ is not None:
        draft.finally_ = ScopeDraft("finally", ("finally",), number=first + 1, parent=draft.root)
        draft.scopes.append(draft.finally_)
        waiting.append((draft.finally_, dict(model.finally_)))
    count = 0
    while waiting:
        scope, models = waiting.popleft()
        if not models and scope.place not in document.broken:
            draft.errors.append(
                Problem(place=scope.place, message="there are no nodes here", advice="write at least one")
            )
        count += len(models)
        if count > nodes_max or scope.depth > depth_max:
            draft.errors.append(
                _past_limit(scope, nodes_max=nodes_max, depth_max=depth_max, is_depth=count <= nodes_max)
            )
            break
        for node in _fill(draft, scope, models):
            waiting.extend(_bodies_of(draft, node))
    return draft


def _past_limit(scope: ScopeDraft, *, nodes_max: int, depth_max: int, is_depth: bool) -> Problem:
    if is_depth:
        message = f"nodes are nested deeper than {depth_max} scopes"
        return Problem(place=scope.place, message=message, advice="call a `graph`, or raise the limit `depth_max`")
    message = f"the graph has more than {nodes_max} nodes"
    return Problem(place=scope.place, message=message, advice="use `each`, or raise the limit `nodes_max`")


def _fill(draft: GraphDraft, scope: ScopeDraft, models: dict[str, g.NodeModel]) -> list[NodeDraft]:
    """The nodes of one scope. A name may not hide one that can be seen from there."""
    for name, model in models.items():
        place = scope.place if scope.single else (*scope.place, name)
        is_broken = place in draft.document.broken
        if not scope.single:
            _check_name(draft, scope, name, place)
        scope.add(name, model, place, is_broken=is_broken)
    return scope.nodes


def _check_name(draft: GraphDraft, scope: ScopeDraft, name: str, place: Place) -> None:
    if (wrong := wrong_name(name)) is not None:
        draft.errors.append(Problem(place=place, message=wrong[0], advice=wrong[1], at_key=True))
    elif name in scope.variables or (scope.parent is not None and find_name(scope.parent, name) is not None):
        message = f"`{name}` is already the name of something that can be seen from here"
        draft.errors.append(Problem(place=place, message=message, advice="give it another name", at_key=True))


def _bodies_of(draft: GraphDraft, node: NodeDraft) -> Iterator[tuple[ScopeDraft, dict[str, g.NodeModel]]]:
    """The scope that a node holds, and the nodes to be put there."""
    match node.model:
        case g.EachNode(do=None, nodes=dict() as nodes) as each:
            variables = _variables(draft, node, each.as_, f"{each.as_}_index")
            yield _open(draft, node, "item", "nodes", variables=variables), dict(nodes)
        case g.EachNode(do=do) as each if do is not None:
            variables = _variables(draft, node, each.as_, f"{each.as_}_index")
            yield _open(draft, node, "item", "do", variables=variables, single=True), {node.name: do}
        case g.LoopNode() as loop:
            yield _open(draft, node, "round", "loop", variables=_variables(draft, node, loop.as_)), dict(loop.loop)
        case g.GraphNode(graph=g.Block() as block):
            yield _open(draft, node, "block", "graph", "nodes"), dict(block.nodes)
        case _:
            pass


def _open(
    draft: GraphDraft,
    node: NodeDraft,
    kind: ScopeKind,
    *keys: str,
    variables: tuple[str, ...] = (),
    single: bool = False,
) -> ScopeDraft:
    body = ScopeDraft(
        kind,
        (*node.place, *keys),
        number=draft.root.number + len(draft.scopes),
        parent=node.scope,
        owner=node,
        variables=variables,
        single=single,
    )
    draft.scopes.append(body)
    draft.bodies[node.place] = body
    return body


def _variables(draft: GraphDraft, node: NodeDraft, *names: str) -> tuple[str, ...]:
    """The variables of a body, refused where they would hide something."""
    place = (*node.place, "as") if "as_" in node.model.model_fields_set else node.place
    for name in names:
        if (wrong := wrong_name(name)) is not None:
            draft.errors.append(Problem(place=place, message=wrong[0], advice=wrong[1]))
        elif find_name(node.scope, name) is not None:
            message = f"the variable `{name}` has the name of something that can be seen from here"
            draft.errors.append(Problem(place=place, message=message, advice="give it another name with `as`"))
    return names
