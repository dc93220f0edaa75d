"""Documents for property tests: data as JSON has it, and ways to write it as YAML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from hypothesis import strategies as st

from interlock.core.canonical import INT_MAX, INT_MIN
from interlock.core.values import Value

Leaf = str | int | float | bool | None

_characters = st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co"]) | st.sampled_from(
    "\n '\"\\#:-,[]{}&*!|>%@`\t\x85\u2028😀"
)
texts = st.text(_characters, max_size=12) | st.sampled_from(
    ["on", "1_000", "~", "true", "", " a", "a ", "a\n", "\n\na\n b\n"]
)
keys = st.text(st.sampled_from("abcdefg_1 "), max_size=8)
leaves = (
    st.none() | st.booleans() | st.integers(INT_MIN, INT_MAX) | st.floats(allow_nan=False, allow_infinity=False) | texts
)


def _containers(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(children, max_size=4) | st.dictionaries(keys, children, max_size=4)


json_data: st.SearchStrategy[Any] = st.recursive(leaves, _containers, max_leaves=12)
text_data: st.SearchStrategy[Any] = st.recursive(texts, _containers, max_leaves=12)


def emitted(data: Value, *, style: str = '"', flow: bool = False, indent: int = 2, width: int = 40) -> str:
    """Data as YAML, every text in the style of quotes or block that is asked for, where it can be."""

    class Dumper(yaml.CSafeDumper):
        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the method is PyYAML's
            return True

    def represent_text(_: Dumper, text: str) -> yaml.ScalarNode:
        return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=style)

    def represent_float(_: Dumper, number: float) -> yaml.ScalarNode:
        return yaml.ScalarNode("tag:yaml.org,2002:float", repr(number))

    Dumper.add_representer(str, represent_text)
    Dumper.add_representer(float, represent_float)
    return yaml.dump(
        data, Dumper=Dumper, default_flow_style=flow, indent=indent, width=width, allow_unicode=True, sort_keys=False
    )


def places(data: Value, place: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Leaf]]:
    """Every scalar of some data with its place."""
    match data:
        case {**items}:
            for key, value in items.items():
                yield from places(value, (*place, key))
        case [*items]:
            for index, value in enumerate(items):
                yield from places(value, (*place, index))
        case _:
            yield place, data


@st.composite
def _styled(draw: st.DrawFn, data: st.SearchStrategy[Any]) -> tuple[Any, str]:
    drawn = draw(data)
    style = draw(st.sampled_from(['"', "'", "|", ">"]))
    return drawn, emitted(
        drawn, style=style, flow=draw(st.booleans()), indent=draw(st.integers(2, 6)), width=draw(st.integers(8, 60))
    )


styled_documents = _styled(json_data)
styled_texts = _styled(st.dictionaries(keys, text_data, max_size=4))
