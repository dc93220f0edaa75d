"""A document as text: a graph that a program has put together, written so that people can go on with it.

What fits into a line stands in one. Whoever reads the text gets the same data, in the same order; how it was written
before (quotes, comments, line breaks) is not known here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from interlock.authoring.key_order import GRAPH_KEYS
from interlock.core.compiling.json_data import JsonMap

WIDTH: Final = 120
_STEP: Final = "  "
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_./]*(?:[ -][A-Za-z0-9_./]+)*")
_WORDS_THAT_MEAN_SOMETHING: Final = frozenset({"true", "false", "null"})
_BLOCK_KEYS: Final = frozenset({"nodes", "loop"})
"""What holds nodes, each of which begins a line of its own."""


def written_graph(graph: Mapping[str, Any]) -> str:
    """The text of a graph, its keys in the order of the language."""
    ordered = {key: graph[key] for key in GRAPH_KEYS if key in graph}
    return "".join(f"{line}\n" for line in _map_lines(ordered, ""))


def _map_lines(fields: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in fields.items():
        head = f"{indent}{_text(key)}:"
        line = f"{head} {_in_line(value)}"
        if not _is_divided(key, value, line):
            yield line
            continue
        yield head
        if isinstance(value, list):
            yield from (f"{indent}{_STEP}- {_in_line(item)}" for item in cast("list[Any]", value))
        else:
            yield from _map_lines(value, indent + _STEP)


def _is_divided(key: str, value: Any, line: str) -> bool:  # noqa: ANN401 - JSON data
    """Whether a value stands on lines of its own below its key."""
    if not isinstance(value, dict | list) or not value:
        return False
    holds_nodes = isinstance(value, dict) and (key in _BLOCK_KEYS or not _BLOCK_KEYS.isdisjoint(cast("JsonMap", value)))
    return holds_nodes or len(line) > WIDTH


def _in_line(value: Any) -> str:  # noqa: ANN401 - JSON data
    match value:
        case str():
            return _text(value)
        case dict():
            fields = cast("JsonMap", value).items()
            return f"{{{', '.join(f'{_text(key)}: {_in_line(inside)}' for key, inside in fields)}}}"
        case list():
            return f"[{', '.join(map(_in_line, cast('list[Any]', value)))}]"
        case _:
            return json.dumps(value)


def _text(text: str) -> str:
    is_plain = _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS_THAT_MEAN_SOMETHING
    return text if is_plain else json.dumps(text, ensure_ascii=not text.isprintable())
