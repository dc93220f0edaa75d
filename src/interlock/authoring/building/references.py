"""Handles on a graph under construction: a node, what is selected from its value, and the edges that begin at it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from interlock.authoring.building.expressions import (
    MEMBER,
    RELATION,
    Condition,
    Expression,
    Home,
    Operand,
    Whole,
    homes_of,
    homes_of_all,
    operand,
    source_of,
)
from interlock.authoring.errors import BuildError
from interlock.core.expressions import bare_path

_FIELD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NO_FIELDS: Final = frozenset({"in", "true", "false", "null"})

# --- references ------------------------------------------------------------------------------------------------------


class _Step(NamedTuple):
    """One selection, as it is written where the key must be there and where it may be absent."""

    plain: str
    optional: str
    key: str

    @property
    def is_field(self) -> bool:
        return self.plain.startswith(".")


class Reference(Expression):
    """A value of the run, from which fields can be selected: `plan.title`, `plan["odd key"]`, `plan.files[0]`.

    A field that is called as one of the methods here is written in brackets: `plan["tail"]`. Called, a field is a
    method of expressions: `plan.title.startsWith("Fix")`.
    """

    def __init__(self, base: str, homes: frozenset[Home], steps: tuple[_Step, ...] = ()) -> None:
        super().__init__(base + "".join(step.plain for step in steps), MEMBER, homes)
        self._base = base
        self._steps = steps

    def __getattr__(self, name: str) -> Reference:
        if name.startswith("_"):  # Python itself asks for such names, to learn what an object can do
            raise AttributeError(f'there is no attribute {name}; for a field of that name write ["{name}"]')
        return self[name]

    def __getitem__(self, key: str | int | Expression) -> Reference:
        homes = self._homes | homes_of(key) if isinstance(key, Expression) else self._homes
        return Reference(self._base, homes, (*self._steps, _step(key)))

    def __call__(self, *arguments: Operand) -> Reference:
        """A method of expressions: `plan.title.startsWith("Fix")`."""
        if not (self._steps and self._steps[-1].is_field):
            raise TypeError(f"`{self._source}` is a value of the run and no function")
        given = [operand(argument) for argument in arguments]
        return Reference(f"{self._source}({', '.join(map(source_of, given))})", self._homes | homes_of_all(given))

    def or_else(self, default: Operand) -> Reference:
        """The value, or the default where a key on the way to it is absent."""
        if not self._steps:
            raise BuildError(
                f"`{self._source}` itself cannot be asked for: name a field, as in `{self._source}.field.or_else(…)`"
            )
        instead = operand(default)
        source = f"{self._base}{''.join(step.optional for step in self._steps)}.orValue({source_of(instead)})"
        return Reference(source, self._homes | homes_of(instead))

    @property
    def exists(self) -> Expression:
        """Whether the last field is there."""
        if not self._steps or self._steps[-1].key.isdecimal():
            raise BuildError(f"only a field can be asked for, and `{self._source}` ends with none")
        if self._steps[-1].is_field:
            return Expression(f"has({self._source})", MEMBER, self._homes)
        holder = Reference(self._base, self._homes, self._steps[:-1])
        return Expression(f"{self._steps[-1].key} in {source_of(holder)}", RELATION, self._homes)

    def append(self, item: Operand | Whole) -> Whole:
        """The list with one more item; it is kept by reference, however long it grows."""
        last = item if isinstance(item, Whole) else operand(item)
        source = f"append({self._kept()}, {source_of(last)})"
        return Whole(source, self._homes | homes_of(last))

    def tail(self, count: int) -> Whole:
        """The last items of this list, at most so many, however long it is."""
        return Whole(f"tail({self._kept()}, {count})", self._homes)

    def _kept(self) -> str:
        if bare_path(self._source) is None:
            raise BuildError(f"`append` and `tail` take a list by a plain path, and `{self._source}` is more than that")
        return self._source


def _step(key: str | int | Expression) -> _Step:
    if isinstance(key, str) and _FIELD.fullmatch(key) and key not in _NO_FIELDS:
        return _Step(f".{key}", f".?{key}", f'"{key}"')
    if isinstance(key, int) and key < 0:
        raise BuildError(f"[{key}] cannot be selected: expressions count from the front, beginning with 0")
    if not isinstance(key, (str, int, Expression)):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be unchecked
        raise TypeError(f"a field is selected by its name or number, not by a {type(key).__name__}")
    source = source_of(operand(key))
    return _Step(f"[{source}]", f"[?{source}]", source)


# --- nodes -----------------------------------------------------------------------------------------------------------


class Node(Reference):
    """A node of a graph: its value where a value stands, its name where nodes are named."""

    def __init__(self, name: str, home: Home) -> None:
        super().__init__(name, frozenset({home}))

    def on(self, *words: str, when: Condition | None = None) -> Edge:
        """An edge for `after` that fires on these outcomes or labels, and only if `when` is true."""
        if not words and when is None:
            raise BuildError(f"say on which outcome or label of `{self._source}`, or `when`")
        return Edge(self, words, when)


@dataclass(frozen=True, eq=False)
class Edge:
    """A node to wait for, and the conditions on which to go on."""

    node: Node
    on: tuple[str, ...]
    when: Condition | None


class NodeFacts:
    """How nodes ended: `g.nodes.plan.outcome`, `g.nodes[plan].error`."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def __getattr__(self, name: str) -> Reference:
        if name.startswith("_"):
            raise AttributeError(f"no node is called {name}")
        return self[name]

    def __getitem__(self, node: Node | str) -> Reference:
        name = source_of(node) if isinstance(node, Node) else node
        homes = homes_of(node) if isinstance(node, Node) else frozenset({self._home})
        return Reference(f"nodes.{name}", homes)
