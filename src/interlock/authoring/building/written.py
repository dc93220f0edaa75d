"""What builds a graph in Python, written as the plain data of a document.

References become `${…}` where a value stands and names where nodes are named. What only the whole graph can tell (is
there such a node, a tool, a field) is left to `compile`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, cast

from interlock.authoring.building.expressions import Expression, Home, Whole, homes_of, source_of
from interlock.authoring.building.references import Edge, Node
from interlock.authoring.errors import BuildError
from interlock.core.compiling.json_data import Json, JsonMap
from interlock.core.problems import nearest

_ESCAPED: Final = re.compile(r"\$\$\{\s*([A-Za-z_]\w*)")


def written_keys(keys: Mapping[str, object], home: Home) -> JsonMap:
    """The keys of a node or graph, each in the way its meaning asks for."""
    return {key: _WRITTEN.get(key, written)(value, home) for key, value in keys.items()}


def refuse_unknown(method: str, keys: Iterable[str], known: frozenset[str]) -> None:
    """What Python does for arguments that a function does not take, with the one that was probably meant."""
    for key in keys:
        if key not in known:
            meant = nearest(key, known)
            advice = f"did you mean {meant!r}?" if meant else f"it takes {', '.join(sorted(known))}"
            raise TypeError(f"{method}() got an unexpected keyword argument {key!r}: {advice}")


def written(value: object, home: Home) -> Json:
    """A value as data: references as `${…}`, everything else as it is."""
    match value:
        case Expression() | Whole():
            _refuse_strangers(value, home)
            return str(value)
        case str():
            return _text(value, home)
        case None | bool() | int() | float():
            return value
        case Mapping():
            items = cast("Mapping[str, object]", value).items()
            return {key: written(item, home) for key, item in items}
        case list() | tuple():
            return [written(item, home) for item in cast("list[object]", value)]
        case _:
            message = f"a {type(value).__name__} cannot stand in a graph"
            raise TypeError(f"{message}: use references, text, numbers, lists and maps")


def written_condition(value: object, home: Home) -> str:
    """A condition as text."""
    if isinstance(value, (Expression, str)):
        return str(written(value, home))
    raise TypeError(f"a condition is made of references or is text in ${{…}}, and {value!r} is neither")


def name_of(named: object, home: Home) -> str:
    """A node's name, given by its handle or as it is."""
    match named:
        case Node():
            _refuse_strangers(named, home)
            return source_of(named)
        case str():
            return named
        case Expression():
            raise TypeError(f"a node is named here, and `{source_of(named)}` is a value: it follows its node anyway")
        case _:
            raise TypeError(f"a node is named here, by its handle or its name, and not by a {type(named).__name__}")


def names_of(named: object, home: Home) -> list[Json]:
    """The names of several nodes, or of one."""
    return [name_of(each, home) for each in _several(named)]


def _after(value: object, home: Home) -> Json:
    if isinstance(value, Mapping):
        conditions = cast("Mapping[str, Mapping[str, object]]", value)
        return {name: written_keys(keys, home) for name, keys in conditions.items()}
    sources = _several(value)
    edges: JsonMap = {}
    for source in sources:
        name = name_of(source.node if isinstance(source, Edge) else source, home)
        if name in edges:
            raise BuildError(f"`after` names `{name}` twice: give all its words to one `on(…)`")
        edges[name] = _edge(source, home) if isinstance(source, Edge) else {}
    return edges if any(isinstance(source, Edge) for source in sources) else list(edges)


def _edge(edge: Edge, home: Home) -> JsonMap:
    keys: JsonMap = {"on": list(edge.on)} if edge.on else {}
    return keys if edge.when is None else keys | {"when": written_condition(edge.when, home)}


def _on_error(value: object, home: Home) -> Json:
    if not isinstance(value, Mapping):
        return written(value, home)
    return {key: name_of(node, home) for key, node in cast("Mapping[str, object]", value).items()}


def _weights(value: object, home: Home) -> Json:
    weights = cast("Mapping[object, object]", value)
    return {name_of(node, home): written(weight, home) for node, weight in weights.items()}


_WRITTEN: Final[Mapping[str, Callable[[object, Home], Json]]] = {
    "after": _after,
    "when": written_condition,
    "until": written_condition,
    "where": written_condition,
    "by": written_condition,
    "on_error": _on_error,
    "cancels": names_of,
    "weights": _weights,
}
"""The keys in which a reference is more than a value."""


def _several(value: object) -> list[object]:
    return list(cast("list[object]", value)) if isinstance(value, (list, tuple)) else [value]


def _text(text: str, home: Home) -> str:
    """A text as it is, unless a `$` before a reference in an f-string has made it mean something else."""
    for escaped in _ESCAPED.finditer(text):
        if escaped[1] in home.names:
            raise BuildError(
                f"{text!r} would be shown as it is, as `$${{` stands for the text `${{`: in an f-string leave out the "
                f'`$`; where the text itself is meant, write `${{"$"}}{{{escaped[1]}…`'
            )
    return text


def _refuse_strangers(value: Expression | Whole, home: Home) -> None:
    for stranger in homes_of(value) - {home}:
        raise BuildError(
            f"`{source_of(value)}` belongs to graph `{stranger.graph}`, and this is graph `{home.graph}`: "
            "a graph sees nothing of another but what it is given as `input`"
        )
