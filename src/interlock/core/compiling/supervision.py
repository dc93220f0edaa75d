"""Which nodes with side effects stand behind no gate and no person, so that nothing stops them from doing wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from interlock.core import graph as g
from interlock.core.catalogue import Catalogue
from interlock.core.compiling.callees import callees, reachable_agents
from interlock.core.compiling.cycles import order
from interlock.core.compiling.joining import Joining
from interlock.core.compiling.scoping import GraphDraft, NodeDraft, ScopeDraft
from interlock.core.problems import Problem

_NAMED_MAX = 5


class Supervision:
    """Follows gates and people through the scopes of a graph, and into the graphs that it names."""

    def __init__(self, joinings: Mapping[int, Joining], catalogue: Catalogue) -> None:
        self._joinings = joinings
        self._catalogue = catalogue
        self._acts_unwatched: dict[str, bool] = {}

    def warnings(self, draft: GraphDraft, graphs: Mapping[str, GraphDraft]) -> Iterator[Problem]:
        """One warning for each scope in which something acts unwatched."""
        for scope, nodes in self._unwatched(draft, graphs):
            names = [f"`{node.name}`" for node in nodes[:_NAMED_MAX]]
            more = f" and {len(nodes) - _NAMED_MAX} more" if len(nodes) > _NAMED_MAX else ""
            do = "has side effects and stands" if len(nodes) == 1 else "have side effects and stand"
            yield Problem(
                place=nodes[0].place,
                message=f"{', '.join(names)}{more} {do} behind no gate or person",
                advice="put a `gate` or a `human` node before, or declare the tool's effect as `read` if it has none",
                severity="warning",
                at_key=not scope.single,
            )

    def _unwatched(
        self, draft: GraphDraft, graphs: Mapping[str, GraphDraft]
    ) -> Iterator[tuple[ScopeDraft, list[NodeDraft]]]:
        watched_owners: set[int] = set()
        for scope in draft.scopes:
            # What runs in the end runs whatever happened: that is what it is for.
            if scope.in_finally:
                continue
            is_watched = scope.number in watched_owners
            watched = self._watched_in(scope, is_watched=is_watched)
            watched_owners |= {
                body.number for node in scope.nodes if watched[node.index] and (body := draft.body_of(node)) is not None
            }
            acting = [node for node in scope.nodes if not watched[node.index] and self._acts(node, graphs)]
            if acting:
                yield scope, acting

    def _watched_in(self, scope: ScopeDraft, *, is_watched: bool) -> list[bool]:
        """By node: whether a gate or a person stands somewhere before it."""
        if is_watched:
            return [True] * len(scope.nodes)
        joining = self._joinings[scope.number]
        watched = [False] * len(scope.nodes)
        for index in order([[edge.source for edge in edges] for edges in joining.leading]):
            watched[index] = any(
                watched[edge.source] or scope.nodes[edge.source].kind in {"gate", "human"}
                for edge in joining.leading[index]
            )
        for fallback, failed in joining.stands_in_for.items():
            watched[fallback] = watched[failed]
        return watched

    def _changes(self, tool: str) -> bool:
        contract = self._catalogue.tools.get(tool)
        return contract is not None and contract.effect != "read"

    def _acts(self, node: NodeDraft, graphs: Mapping[str, GraphDraft]) -> bool:
        match node.model:
            case g.ToolNode(tool=tool):
                return self._changes(tool)
            case g.AgentNode(agent=agent):
                agents = reachable_agents([agent], self._catalogue.agents)
                return any(self._changes(tool) for each in agents.values() for tool in callees(each))
            case g.GraphNode(graph=str() as name) if name in graphs:
                if name not in self._acts_unwatched:
                    self._acts_unwatched[name] = any(True for _ in self._unwatched(graphs[name], graphs))
                return self._acts_unwatched[name]
            case _:
                return False
