"""Graphs drawn from a seed: documents of the graph language with every kind, every join and every way to fail.

A graph is right by construction: one that does not compile is a fault of the compiler, or of this file. Names are
unique in the whole document, so that a path says which node it means.
"""

from __future__ import annotations

from random import Random
from typing import Final

from msgspec import Struct

from tests.simulation.random_expressions import Expressions, Known, Place, maybe
from tests.simulation.random_leaves import DURATIONS, Leaves, Written

DEPTH_MAX: Final = 3


class RandomGraph(Struct, frozen=True):
    """A graph to be compiled and run."""

    seed: int
    document: Written
    graphs: dict[str, Written]
    """The named graphs that it uses."""
    inputs: Written


def random_graph(seed: int) -> RandomGraph:
    """The graph of a seed."""
    return _Writer(Random(f"graph {seed}")).graph(seed)  # noqa: S311 - a graph has to be the same again


class _Writer:
    """Writes one document. Holds the dice, the names given so far and the named graphs."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.write = Expressions(dice, errors=dice.choice((0.02, 0.1, 0.3)))
        self.leaves = Leaves(dice, self.write)
        self.graphs: dict[str, Written] = {}
        self._names = 0
        self._kinds = ["tool"] * 9 + ["value"] * 3 + ["choose"] * 2 + ["emit"]
        self._kinds += ["gate"] * dice.choice((0, 1, 2, 6))
        self._kinds += ["human"] * dice.choice((0, 1, 2, 4))
        self._kinds += ["wait"] * dice.choice((0, 0, 3, 8))

    def _name(self, kind: str) -> str:
        self._names += 1
        return f"{kind}{self._names}"

    # --- graphs ---

    def graph(self, seed: int) -> RandomGraph:
        """The whole."""
        document = self._graph("main", depth=0, size=self.dice.randint(2, 7))
        document["inputs"] = {"n": "integer", "items": "list"}
        if maybe(self.dice, 0.15):
            document["on_failure"] = "hold"
        if maybe(self.dice, 0.1):
            document.setdefault("budget", {})["wall"] = self.dice.choice(("20s", "2m", "30m"))
        items = [self.dice.randint(0, 9) for _ in range(self.dice.randint(0, 4))]
        return RandomGraph(seed, document, self.graphs, {"n": self.dice.randint(0, 9), "items": items})

    def _graph(self, name: str, *, depth: int, size: int) -> Written:
        """A whole graph: the root, or one that is called by name and has limits of its own."""
        place = Place(depth, [], [Known("inputs", "fields", is_node=False)])
        document: Written = {"graph": name, "language": 1, "secrets": ["token"], "nodes": self._nodes(place, size)}
        if maybe(self.dice, 0.45):
            document["on_failure"] = self.dice.choice(("rollback", "rollback", "rollback", "stop"))
        if maybe(self.dice, 0.15):
            document["timeout"] = self.dice.choice(("10s", "1m", "30m"))
        if maybe(self.dice, 0.2):
            document["budget"] = {"calls": self.dice.randint(1, 8)}
        if maybe(self.dice, 0.4):
            document["outputs"] = self._outputs(place)
        if maybe(self.dice, 0.25):
            inside = Place(max(depth, DEPTH_MAX - 1), [], place.visible)
            document["finally"] = self._nodes(inside, self.dice.randint(1, 2))
        return document

    def _outputs(self, place: Place) -> Written:
        return {f"out{index}": self.write.template(place) for index in range(self.dice.randint(1, 2))}

    # --- scopes ---

    def _nodes(self, place: Place, size: int) -> Written:
        """A list of nodes, each of which may depend on those before it."""
        nodes: Written = {}
        for _ in range(size):
            kind = self._kind(place)
            name = self._name(kind)
            node = self._node(place, name, kind)
            if maybe(self.dice, 0.12) and kind != "gate":
                stand_in = self._stand_in(place)
                node["on_error"] = {"fallback": stand_in[0]}
                nodes[name], nodes[stand_in[0]] = node, stand_in[1]
            else:
                nodes[name] = node
            place.before.append(Known(name, _gives(kind)))
            place.kinds[name] = kind
            place.labels[name] = _labels(node, kind)
        self._let_cancel(nodes)
        return nodes

    def _let_cancel(self, nodes: Written) -> None:
        """Some nodes cancel others of their scope when they succeed."""
        for name, node in nodes.items():
            others = [other for other in nodes if other != name]
            if others and maybe(self.dice, 0.06):
                node["cancels"] = "*" if maybe(self.dice, 0.3) else self.dice.sample(others, min(len(others), 2))

    def _stand_in(self, place: Place) -> tuple[str, Written]:
        """A node that only starts when another has failed: it may depend on nothing of its scope."""
        kind = self.dice.choice(("tool", "value", "human", "wait", "each", "graph"))
        name = self._name(kind)
        alone = Place(max(place.depth, DEPTH_MAX - 1), [], place.outer)
        return name, self._node(alone, name, kind)

    def _kind(self, place: Place) -> str:
        fuses = ["fuse"] * 2 if len(place.before) >= 2 and not place.is_single else []
        holders = ["each", "each", "loop", "graph", "graph"] if place.depth < DEPTH_MAX else []
        return self.dice.choice([*self._kinds, *fuses, *holders])

    # --- nodes ---

    def _node(self, place: Place, name: str, kind: str) -> Written:
        node = self._work(place, name, kind)
        if not place.is_single:
            self._join(node, place, kind)
        if maybe(self.dice, 0.12):
            node["when"] = self.write.condition(place, mostly_true=True)
        if kind != "gate" and maybe(self.dice, 0.18):
            node["on_error"] = "continue"
        return node

    def _work(self, place: Place, name: str, kind: str) -> Written:
        match kind:
            case "each":
                return self._each(place, name) | self._limits(place, name)
            case "loop":
                return self._loop(place) | self._limits(place, name)
            case "graph":
                return self._graph_node(place) | self._limits(place, name)
            case _:
                return self.leaves.leaf(kind, place, name)

    def _join(self, node: Written, place: Place, kind: str) -> None:
        """What it waits for, and how the edges are counted."""
        sources = self.dice.sample(place.before, min(len(place.before), self.dice.choice((0, 1, 1, 1, 2, 2, 3))))
        sources = [known for known in sources if known.name not in node.get("from", ())]
        if sources:
            node["after"] = {known.name: self._edge(place, known) for known in sources}
        count = len(node["from"]) if kind == "fuse" else len(sources)
        if count and not maybe(self.dice, 0.45):
            node["join"] = self.dice.choice(("all", "any", "any", "first", {"quorum": self.dice.randint(1, count)}))
            if node["join"] != "all" and maybe(self.dice, 0.5):
                node["cancel_rest"] = True
        if kind == "fuse" or node.get("join", "all") == "all":
            _can_run_together(node.get("after", {}), place)

    def _edge(self, place: Place, source: Known) -> Written:
        edge: Written = {}
        if maybe(self.dice, 0.35):
            words = ["skipped", "cancelled", *place.labels[source.name]]
            words += ["failed"] if place.kinds[source.name] != "gate" else []
            chosen = self.dice.sample(words, self.dice.randint(1, min(3, len(words))))
            edge["on"] = [*chosen, "succeeded"] if maybe(self.dice, 0.7) else chosen
        if maybe(self.dice, 0.12):
            nearby = [known for known in place.outer if not known.is_node]
            edge["when"] = self.write.condition(Place(place.depth, [source], nearby))
        return edge

    # --- nodes that hold others ---

    def _each(self, place: Place, name: str) -> Written:
        literal = [self.dice.randint(0, 9) for _ in range(self.dice.randint(0, 4))]
        is_literal = maybe(self.dice, 0.6)
        node: Written = {"parallel": self.dice.randint(1, 3)}
        node["each"] = literal if is_literal else self.write.listed(place)
        node["as"] = item = self._name("item")
        if (literal or not is_literal) and maybe(self.dice, 0.25):
            node["quorum"] = self.dice.randint(1, len(literal) if is_literal else 2)
        variables = [Known(f"{item}_index", "number", is_node=False)]
        variables += [Known(item, "number", is_node=False)] if is_literal else []
        inside = Place(place.depth + 1, [], [*place.visible, *variables])
        return node | (self._do(inside, name) if maybe(self.dice, 0.4) else self._body(inside))

    def _do(self, inside: Place, name: str) -> Written:
        """The one node of an item. It has no name of its own."""
        inside.is_single = True
        return {"do": self._node(inside, name, self._kind(inside))}

    def _body(self, inside: Place, key: str = "nodes", size: int = 3) -> Written:
        """The nodes of a body, and perhaps what it gives."""
        body: Written = {key: self._nodes(inside, self.dice.randint(1, size))}
        return body | ({"outputs": self._outputs(inside)} if maybe(self.dice, 0.3) else {})

    def _loop(self, place: Place) -> Written:
        variable = self._name("round")
        inside = Place(place.depth + 1, [], [*place.visible, Known(f"{variable}.index", "number", is_node=False)])
        node = self._body(inside, "loop") | {"as": variable, "max": self.dice.randint(1, 3)}
        node["at_max"] = self.dice.choice(("accept", "accept", "fail"))
        if node["at_max"] == "fail" or maybe(self.dice, 0.6):
            until = f"${{{variable}.index >= {self.dice.randint(0, 2)}}}"
            node["until"] = self.write.condition(inside) if maybe(self.dice, 0.4) else until
        return node

    def _graph_node(self, place: Place) -> Written:
        """A block that sees outwards, or a graph of its own that is called by name."""
        if maybe(self.dice, 0.5):
            return {"graph": self._body(Place(place.depth + 1, [], place.visible), size=4)}
        called = self._name("called")
        self.graphs[called] = self._graph(called, depth=place.depth + 1, size=self.dice.randint(1, 4))
        self.graphs[called]["inputs"] = {"n": "any", "items": {"type": "array", "default": [1, 2]}}
        return {"graph": called, "input": {"n": f"${{{self.write.number(place)}}}"}}

    def _limits(self, place: Place, name: str) -> Written:
        """What any node that holds scopes may have besides."""
        limits: Written = {}
        if maybe(self.dice, 0.15):
            limits["timeout"] = self.dice.choice(DURATIONS)
        if maybe(self.dice, 0.15):
            limits["budget"] = {"calls": self.dice.randint(1, 5)}
        if maybe(self.dice, 0.15):
            limits["undo"] = self.leaves.undo(place, name, holds=True)
        return limits


def _can_run_together(edges: Written, place: Place) -> None:
    """Edges that a node cannot do without admit the first choice of their source.

    Else the node might wait for two choices of which only one is ever made, and the compiler rightly refuses that.
    """
    for source, edge in edges.items():
        choices = place.labels[source]
        if (
            place.kinds[source] in {"choose", "human"}
            and choices
            and "on" in edge
            and set(edge["on"]) <= {*choices[1:]}
        ):
            edge["on"] = [choices[0], *edge["on"]]


def _gives(kind: str) -> str:
    return {"tool": "fields", "value": "fields", "each": "list"}.get(kind, "other")


def _labels(node: Written, kind: str) -> tuple[str, ...]:
    match kind:
        case "tool" if node["tool"] == "sort":
            return ("left", "right")
        case "choose":
            return tuple(case["label"] for case in node["choose"])
        case "human":
            return ("yes", "no") if "choices" in node else ()
        case "each":
            return ("completed",)
        case "loop":
            return ("capped",) if node["at_max"] == "accept" else ()
        case _:
            return ()
