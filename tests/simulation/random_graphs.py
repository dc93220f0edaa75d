"""Graphs drawn from a seed: documents of the graph language with every kind, every join and every way to fail.

A graph is right by construction: one that does not compile is a fault of the compiler, or of this file. Names are
unique in the whole document, so that a path says which node it means.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final, TypeAlias

from msgspec import Struct

from interlock.core.plan import EffectClass, ToolContract

Written: TypeAlias = dict[str, Any]
"""A part of a document."""

TOOLS: Final = tuple(
    ToolContract(name=name, effect=effect, labels=labels, can_reconcile=reconciles)
    for name, effect, labels, reconciles in (
        ("look", "read", (), False),
        ("sort", "read", ("left", "right"), False),
        ("write", "idempotent", (), False),
        ("store", "idempotent", (), True),
        ("pay", "once", (), False),
        ("order", "once", (), True),
        ("unwrite", "idempotent", (), False),
        ("refund", "once", (), False),
        ("unorder", "once", (), True),
    )
)
EFFECT_OF: Final[dict[str, EffectClass]] = {tool.name: tool.effect for tool in TOOLS}
WORKERS: Final = ("look", "look", "sort", "write", "store", "pay", "order")
UNDOERS: Final = ("unwrite", "unwrite", "refund", "unorder")
EVENTS: Final = ("merged", "closed", "paid")
DURATIONS: Final = ("1s", "5s", "20s", "1m", "10m")
DEPTH_MAX: Final = 3


class RandomGraph(Struct, frozen=True):
    """A graph to be compiled and run."""

    seed: int
    document: Written
    graphs: dict[str, Written]
    """The named graphs that it uses."""
    inputs: Written


class Known(Struct, frozen=True):
    """A name that an expression may mention, and what its value is like."""

    name: str
    gives: str
    """`fields` (a map that may have `n`), `list`, `number` (a variable), or `other`."""
    is_node: bool = True


class Place(Struct):
    """Where a node is being written: what stands before it, what it may mention, how deep it is."""

    depth: int
    before: list[Known]
    """The nodes of its own scope that stand before it and may be depended on."""
    outer: list[Known]
    kinds: dict[str, str] = {}
    labels: dict[str, tuple[str, ...]] = {}
    is_single: bool = False

    @property
    def visible(self) -> list[Known]:
        """Everything an expression here may mention."""
        return [*self.before, *self.outer]


def random_graph(seed: int) -> RandomGraph:
    """The graph of a seed."""
    return _Writer(Random(f"graph {seed}")).graph(seed)


class _Writer:
    """Writes one document. Holds the dice, the names given so far and the named graphs."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.graphs: dict[str, Written] = {}
        self._names = 0
        self.has_gates = self.maybe(0.6)
        self.has_waits = self.maybe(0.6)
        self.has_people = self.maybe(0.7)
        self.errors = self.dice.choice((0.02, 0.1, 0.3))
        """How often something is written that may fail when it is evaluated."""

    # --- dice ---

    def maybe(self, chance: float) -> bool:
        return self.dice.random() < chance

    def name(self, kind: str) -> str:
        self._names += 1
        return f"{kind}{self._names}"

    # --- graphs ---

    def graph(self, seed: int) -> RandomGraph:
        document = self._graph("main", depth=0, size=self.dice.randint(2, 7))
        document["inputs"] = {"n": "integer", "items": "list"}
        if self.maybe(0.15):
            document["on_failure"] = "hold"
        if self.maybe(0.1):
            document.setdefault("budget", {})["wall"] = self.dice.choice(("20s", "2m", "30m"))
        items = [self.dice.randint(0, 9) for _ in range(self.dice.randint(0, 4))]
        return RandomGraph(seed, document, self.graphs, {"n": self.dice.randint(0, 9), "items": items})

    def _graph(self, name: str, *, depth: int, size: int) -> Written:
        """A whole graph: the root, or one that is called by name and has limits of its own."""
        place = Place(depth, [], [Known("inputs", "fields", is_node=False)])
        document: Written = {"graph": name, "language": 1, "nodes": self._nodes(place, size)}
        if self.maybe(0.45):
            document["on_failure"] = self.dice.choice(("rollback", "rollback", "rollback", "stop"))
        if self.maybe(0.15):
            document["timeout"] = self.dice.choice(("10s", "1m", "30m"))
        if self.maybe(0.2):
            document["budget"] = {"calls": self.dice.randint(1, 8)}
        if self.maybe(0.4):
            document["outputs"] = self._outputs(place)
        if self.maybe(0.25):
            inside = Place(max(depth, DEPTH_MAX - 1), [], place.visible)
            document["finally"] = self._nodes(inside, self.dice.randint(1, 2))
        return document

    def _outputs(self, place: Place) -> Written:
        return {f"out{index}": self._template(place) for index in range(self.dice.randint(1, 2))}

    # --- scopes ---

    def _nodes(self, place: Place, size: int) -> Written:
        """A list of nodes, each of which may depend on those before it."""
        nodes: Written = {}
        for _ in range(size):
            kind = self._kind(place)
            name = self.name(kind)
            node = self._node(place, name, kind)
            if self.maybe(0.12) and kind != "gate":
                stand_in = self._stand_in(place)
                node["on_error"] = {"fallback": stand_in[0]}
                nodes[name], nodes[stand_in[0]] = node, stand_in[1]
            else:
                nodes[name] = node
            place.before.append(Known(name, _gives(node, kind)))
            place.kinds[name] = kind
            place.labels[name] = _labels(node, kind)
        self._let_cancel(nodes, place)
        return nodes

    def _let_cancel(self, nodes: Written, place: Place) -> None:
        """Some nodes cancel others of their scope when they succeed."""
        for name, node in nodes.items():
            others = [other for other in nodes if other != name]
            if others and self.maybe(0.06):
                node["cancels"] = "*" if self.maybe(0.3) else self.dice.sample(others, min(len(others), 2))

    def _stand_in(self, place: Place) -> tuple[str, Written]:
        """A node that only starts when another has failed: it may depend on nothing of its scope."""
        kind = self.dice.choice(("tool", "value", "human", "wait", "each", "graph"))
        name = self.name(kind)
        alone = Place(max(place.depth, DEPTH_MAX - 1), [], place.outer)
        return name, self._node(alone, name, kind)

    def _kind(self, place: Place) -> str:
        kinds = ["tool"] * 9 + ["value"] * 3 + ["choose"] * 2 + ["emit"]
        kinds += ["gate"] * 2 if self.has_gates else []
        kinds += ["human"] * 2 if self.has_people else []
        kinds += ["wait"] * 3 if self.has_waits else []
        kinds += ["fuse"] * 2 if len(place.before) >= 2 and not place.is_single else []
        kinds += ["each", "each", "loop", "graph", "graph"] if place.depth < DEPTH_MAX else []
        return self.dice.choice(kinds)

    # --- nodes ---

    def _node(self, place: Place, name: str, kind: str) -> Written:
        node = _WRITERS[kind](self, place, name)
        if not place.is_single:
            self._join(node, place, kind)
        if self.maybe(0.12):
            node["when"] = self._condition(place, mostly_true=True)
        if kind != "gate" and self.maybe(0.18):
            node["on_error"] = "continue"
        return node

    def _join(self, node: Written, place: Place, kind: str) -> None:
        """What it waits for, and how the edges are counted."""
        sources = self.dice.sample(place.before, min(len(place.before), self.dice.choice((0, 1, 1, 1, 2, 2, 3))))
        sources = [known for known in sources if known.name not in node.get("from", ())]
        if sources:
            node["after"] = {known.name: self._edge(place, known) for known in sources}
        count = len(node["from"]) if kind == "fuse" else len(sources)
        if count == 0 or self.maybe(0.45):
            return
        node["join"] = self.dice.choice(("all", "any", "any", "first", {"quorum": self.dice.randint(1, count)}))
        if node["join"] != "all" and self.maybe(0.5):
            node["cancel_rest"] = True

    def _edge(self, place: Place, source: Known) -> Written:
        edge: Written = {}
        if self.maybe(0.35):
            words = ["skipped", "cancelled", *place.labels[source.name]]
            words += ["failed"] if place.kinds[source.name] != "gate" else []
            chosen = self.dice.sample(words, self.dice.randint(1, min(3, len(words))))
            edge["on"] = [*chosen, "succeeded"] if self.maybe(0.7) else chosen
        if self.maybe(0.12):
            nearby = [known for known in place.outer if not known.is_node]
            edge["when"] = self._condition(Place(place.depth, [source], nearby))
        return edge

    def _tool(self, place: Place, name: str) -> Written:
        node: Written = {"tool": self.dice.choice(WORKERS)}
        if self.maybe(0.7):
            node["input"] = {"a": self._template(place), "b": self._template(place)}
        if self.maybe(0.35):
            node["retry"] = self._retry()
        if self.maybe(0.3):
            node["timeout"] = self.dice.choice(DURATIONS)
        if self.maybe(0.1):
            node["budget"] = {"calls": self.dice.randint(1, 3)}
        if self.maybe(0.5):
            node["undo"] = self._undo(place, name, {"tool"})
        return node

    def _retry(self) -> Written:
        retry: Written = {"attempts": self.dice.randint(1, 3), "backoff": self.dice.choice(("1s", "10s"))}
        if self.maybe(0.2):
            retry["on"] = ["timeout", "unavailable"]
        return retry

    def _undo(self, place: Place, name: str, kinds: set[str]) -> Written:
        undo: Written = {"tool": self.dice.choice(UNDOERS)}
        if self.maybe(0.5):
            own = f"${{{name}.?n.orValue(0)}}" if "tool" in kinds else "whole"
            undo["input"] = {"of": own if not place.is_single else 1, "a": self._template(place)}
        elif "tool" not in kinds:
            undo["input"] = {}
        if self.maybe(0.4):
            undo["retry"] = self._retry()
        if self.maybe(0.2):
            undo["timeout"] = "20s"
        return undo

    def _value(self, place: Place, name: str) -> Written:
        return {"value": {"n": f"${{{self._number(place)}}}", "passed": self._template(place)}}

    def _gate(self, place: Place, name: str) -> Written:
        checks = [self._condition(place, mostly_true=True) for _ in range(self.dice.randint(1, 2))]
        node: Written = {"gate": checks, "otherwise": self.dice.choice(("block", "hold", "hold", "rollback"))}
        if node["otherwise"] == "hold" and self.maybe(0.4):
            node["timeout"] = self.dice.choice(DURATIONS)
        return node

    def _human(self, place: Place, name: str) -> Written:
        node: Written = {"human": "Go on?"}
        if self.maybe(0.15):
            node["form"] = {"type": "object", "properties": {"note": {"type": "string"}}}
        else:
            node |= {"choices": ["yes", "no"], "quorum": self.dice.choice((1, 1, 1, 2))}
        if self.maybe(0.5):
            node["timeout"] = self.dice.choice(DURATIONS)
            if "choices" in node and self.maybe(0.5):
                node["otherwise"] = "no"
        return node

    def _fuse(self, place: Place, name: str) -> Written:
        sources = self.dice.sample(place.before, self.dice.randint(2, min(3, len(place.before))))
        names = [known.name for known in sources]
        how = self.dice.choice(("best_of", "vote", "weighted", "merge"))
        node: Written = {"fuse": how, "from": names}
        if how == "merge":
            node["conflict"] = self.dice.choice(("fail", "first", "first"))
        else:
            is_known = all(known.gives == "fields" for known in sources)
            node["by"] = "${candidate.n}" if is_known and self.maybe(0.5) else "${1}"
        if how == "weighted":
            node["weights"] = {source: self.dice.choice((0.5, 1.0, 2.0)) for source in names}
        if self.maybe(0.2):
            node["need"] = self.dice.randint(1, len(names))
        return node

    def _each(self, place: Place, name: str) -> Written:
        node: Written = {"parallel": self.dice.randint(1, 3)}
        literal = [self.dice.randint(0, 9) for _ in range(self.dice.randint(0, 4))]
        node["each"] = literal
        if self.maybe(0.4):
            node["each"] = self._list(place)
        item = self.name("item")
        node["as"] = item
        if node["each"] == literal and literal and self.maybe(0.3):
            node["quorum"] = self.dice.randint(1, len(literal))
        elif node["each"] != literal and self.maybe(0.2):
            node["quorum"] = self.dice.randint(1, 2)
        variables = [Known(f"{item}_index", "number", is_node=False)]
        if node["each"] == literal:
            variables.append(Known(item, "number", is_node=False))
        inside = Place(place.depth + 1, [], [*place.visible, *variables])
        if self.maybe(0.4):
            inside.is_single = True
            kind = self._kind(inside)
            node["do"] = self._node(inside, name, kind)
        else:
            node["nodes"] = self._nodes(inside, self.dice.randint(1, 3))
            if self.maybe(0.3):
                node["outputs"] = self._outputs(inside)
        return node | self._limits(place, name)

    def _loop(self, place: Place, name: str) -> Written:
        variable = self.name("round")
        inside = Place(place.depth + 1, [], [*place.visible, Known(f"{variable}.index", "number", is_node=False)])
        node: Written = {"loop": self._nodes(inside, self.dice.randint(1, 3)), "as": variable}
        node["max"] = self.dice.randint(1, 3)
        node["at_max"] = self.dice.choice(("accept", "accept", "fail"))
        if node["at_max"] == "fail" or self.maybe(0.6):
            node["until"] = f"${{{variable}.index >= {self.dice.randint(0, 2)}}}"
            if self.maybe(0.4):
                node["until"] = self._condition(inside)
        if self.maybe(0.3):
            node["outputs"] = self._outputs(inside)
        return node | self._limits(place, name)

    def _subgraph(self, place: Place, name: str) -> Written:
        if self.maybe(0.5):
            inside = Place(place.depth + 1, [], place.visible)
            block: Written = {"nodes": self._nodes(inside, self.dice.randint(1, 4))}
            if self.maybe(0.3):
                block["outputs"] = self._outputs(inside)
            return {"graph": block} | self._limits(place, name)
        called = self.name("called")
        graph = self._graph(called, depth=place.depth + 1, size=self.dice.randint(1, 4))
        graph["inputs"] = {"n": "any", "items": {"type": "array", "default": [1, 2]}}
        self.graphs[called] = graph
        return {"graph": called, "input": {"n": f"${{{self._number(place)}}}"}} | self._limits(place, name)

    def _limits(self, place: Place, name: str) -> Written:
        """What any node that holds scopes may have besides."""
        limits: Written = {}
        if self.maybe(0.15):
            limits["timeout"] = self.dice.choice(DURATIONS)
        if self.maybe(0.15):
            limits["budget"] = {"calls": self.dice.randint(1, 5)}
        if self.maybe(0.15):
            limits["undo"] = self._undo(place, name, {"composite"})
        return limits

    def _wait(self, place: Place, name: str) -> Written:
        match self.dice.choice(("duration", "at", "event", "event", "event")):
            case "duration":
                return {"wait": self.dice.choice(DURATIONS)}
            case "at":
                return {"wait": {"at": f"${{now + duration('{self.dice.choice((0, 5, 60))}s')}}"}}
            case _:
                return self._wait_for_event(place)

    def _wait_for_event(self, place: Place) -> Written:
        wait: Written = {"event": self.dice.choice(EVENTS)}
        if self.maybe(0.5):
            wait["match"] = {"key": self.dice.choice((1, 2, f"${{{self._number(place)} % 3}}"))}
        if self.maybe(0.25):
            wait["where"] = self.dice.choice(("${event.data.key > 1}", "${event.data.?key.orValue(0) > 0}"))
        if self.maybe(0.3):
            wait["early"] = "drop"
        node: Written = {"wait": wait}
        if self.maybe(0.5):
            node["timeout"] = self.dice.choice(DURATIONS)
        return node

    def _emit(self, place: Place, name: str) -> Written:
        node: Written = {"emit": self.dice.choice(EVENTS), "data": {"key": self.dice.choice((1, 2))}}
        if self.maybe(0.3):
            node["data"] = {"key": f"${{{self._number(place)} % 3}}"}
        if self.maybe(0.3):
            node["retry"] = self._retry()
        return node

    def _choose(self, place: Place, name: str) -> Written:
        cases: list[Written] = [{"label": "big", "when": self._condition(place)}]
        if self.maybe(0.4):
            cases.append({"label": "middle", "when": self._condition(place)})
        if self.maybe(0.85):
            cases.append({"label": "small"})
        return {"choose": cases}

    # --- expressions ---

    def _template(self, place: Place) -> Any:
        known = self.dice.choice(place.visible) if place.visible else None
        if known is None or self.maybe(0.2):
            return self.dice.randint(0, 9)
        if known.gives in {"number", "other"} or not known.is_node or self.maybe(0.4):
            return f"${{{self._number(place)}}}"
        if self.maybe(self.errors):
            return f"n is ${{{known.name}}}"
        return f"${{{known.name}}}"

    def _number(self, place: Place) -> str:
        """An expression that gives a number, mostly."""
        known = self.dice.choice(place.visible) if place.visible else None
        match known:
            case Known(gives="fields", name="inputs"):
                return "inputs.n"
            case Known(gives="fields", name=name):
                return f"{name}.n" if self.maybe(self.errors) else f"{name}.?n.orValue(0)"
            case Known(gives="list", name=name):
                return f"size({name})"
            case Known(gives="number", name=name):
                return name
            case _:
                return str(self.dice.randint(0, 9))

    def _condition(self, place: Place, *, mostly_true: bool = False) -> str:
        nodes = [known for known in place.visible if known.is_node]
        if mostly_true and self.maybe(0.6):
            return f"${{{self._number(place)} >= 0}}"
        if nodes and self.maybe(0.25):
            outcome = self.dice.choice(("succeeded", "failed", "skipped"))
            return f'${{nodes.{self.dice.choice(nodes).name}.outcome == "{outcome}"}}'
        if self.maybe(0.05):
            return '${run.mode == "normal"}'
        return f"${{{self._number(place)} {self.dice.choice(('>', '<='))} {self.dice.randint(0, 6)}}}"

    def _list(self, place: Place) -> Any:
        lists = [known for known in place.visible if known.name.startswith(("tool", "inputs"))]
        known = self.dice.choice(lists) if lists else None
        if known is None:
            return [1, 2, 3]
        if known.name == "inputs":
            return "${inputs.items}"
        if self.maybe(self.errors):
            return f"${{{known.name}.?n.orValue(0)}}"
        return f"${{{known.name}.?list.orValue([1, 2])}}"


_WRITERS: Final[dict[str, Callable[[_Writer, Place, str], Written]]] = {
    "tool": _Writer._tool,
    "value": _Writer._value,
    "gate": _Writer._gate,
    "human": _Writer._human,
    "fuse": _Writer._fuse,
    "each": _Writer._each,
    "loop": _Writer._loop,
    "graph": _Writer._subgraph,
    "wait": _Writer._wait,
    "emit": _Writer._emit,
    "choose": _Writer._choose,
}


def _gives(node: Written, kind: str) -> str:
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
