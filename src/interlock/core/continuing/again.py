"""Which nodes of a run have to run again in one that continues it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from interlock.core.continuing.past import Past, PastScope
from interlock.core.lifecycle import NodeStatus
from interlock.core.plan import EachWork, GraphWork, LoopWork


class Again:
    """Which nodes have to run again: those that did not come to a good end, and all that depends on them.

    A node that holds scopes runs again if something inside it does; what else stands in it is still taken over, unless
    the holder depends on what runs again, or failed for a reason of its own.
    """

    def __init__(
        self, past: Past, *, wanted: Collection[str] = frozenset(), edited: Collection[str] = frozenset()
    ) -> None:
        self._past = past
        self._wanted = frozenset(wanted)
        """What is to run again whatever came of it."""
        self._edited = frozenset(edited)
        """What is taken over with another result, so that what depends on it runs again."""
        self._inside: dict[str, list[PastScope]] = {}
        self._again: set[str] = set()
        self._wholly: set[str] = set()
        """Nodes of which nothing inside is taken over either."""
        for scope in past.scopes.values():
            self._inside.setdefault(scope.holder, []).append(scope)
        finals = [scope for scope in past.scopes.values() if past.plan.scopes[scope.body].kind == "finally"]
        for scope in [past.scopes[""], *finals]:
            self._visit(scope)
        # The root's `finally` speaks of how its run ended, and the new run has an end of its own.
        self._finals = tuple(scope.key for scope in finals if scope.key == "finally/")
        self._finals += tuple(scope.key for scope in finals if scope.key != "finally/" and self._graph_runs(scope))

    def runs(self, path: str) -> bool:
        """Whether a node has to run again: for itself, or with all that stands in what holds it."""
        return (
            path in self._again or path.startswith(self._finals) or any(map(self._wholly.__contains__, _outwards(path)))
        )

    def _graph_runs(self, final: PastScope) -> bool:
        return self.runs(final.key.removesuffix("/finally/"))

    def _visit(self, scope: PastScope) -> bool:
        """Marks the nodes of a scope and of all scopes inside; whether any of them has to run again."""
        nodes = self._past.plan.scopes[scope.body].nodes
        again = [index for index in range(len(nodes)) if self._is_bad(scope, index)]
        self._again |= {self._path(scope, index) for index in again}
        edited = [index for index in range(len(nodes)) if self._path(scope, index) in self._edited]
        waiting, downstream = [*again, *edited], set[int]()
        while waiting:
            node = nodes[waiting.pop()]
            fallback = () if node.fallback is None else (node.fallback,)
            reached = {*(edge.target for edge in node.edges), *fallback} - downstream
            downstream |= reached
            waiting.extend(reached)
        self._wholly |= {self._path(scope, index) for index in downstream}
        return bool(again or edited)

    def _is_bad(self, scope: PastScope, index: int) -> bool:
        """Whether a node has to run again for its own sake, or for that of something inside it."""
        path = self._path(scope, index)
        node = self._past.plan.scopes[scope.body].nodes[index]
        holds = isinstance(node.work, EachWork | LoopWork | GraphWork)
        inside_runs = holds and self._visit_inside(path)
        failed = self._past.status.get(path) is NodeStatus.FAILED
        is_wanted = path in self._wanted or path in self._past.undone
        if is_wanted or (failed and not inside_runs and not self._was_cut_short(path)):
            self._wholly.add(path)
        return inside_runs or failed or is_wanted or path in self._past.intervened

    def _visit_inside(self, path: str) -> bool:
        """The scopes that a node held, in their order. A later round of a loop depends on those before it."""
        runs = False
        for scope in sorted(self._inside.get(path, []), key=lambda scope: scope.index):
            if runs and self._past.plan.scopes[scope.body].kind == "round":
                self._wholly.add(scope.key.removesuffix("/"))
            if scope.key.removesuffix("/") in self._wanted:
                self._wholly.add(scope.key.removesuffix("/"))
                runs = True
            runs = self._visit(scope) or runs
        return runs

    def _was_cut_short(self, path: str) -> bool:
        """Whether something in a node was stopped while it lived: what had ended in it is no cause of its failure."""
        inside = (f"{path}/", f"{path}:")
        return any(
            status is NodeStatus.CANCELLED for each, status in self._past.status.items() if each.startswith(inside)
        )

    def _path(self, scope: PastScope, index: int) -> str:
        body = self._past.plan.scopes[scope.body]
        return scope.key if body.single else scope.key + body.nodes[index].name


def _outwards(path: str) -> Iterator[str]:
    """A path, and those of everything that holds it: `a/b:1/c` stands in `a/b:1`, that in `a/b`, and that in `a`."""
    while path:
        yield path
        head, slash, name = path.rpartition("/")
        copy = name.rpartition(":")
        if copy[1]:
            yield f"{head}{slash}{copy[0]}"
        path = head
