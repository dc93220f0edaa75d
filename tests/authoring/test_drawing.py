"""Graphs as people see them: as lines, as Mermaid, as SVG."""

from __future__ import annotations

from itertools import combinations
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.authoring.drawing.mermaid import as_mermaid
from interlock.authoring.drawing.picture import Arrow, Box, Picture, picture_of
from interlock.authoring.drawing.placing import PlacedBox, placed
from interlock.authoring.drawing.svg import as_svg
from interlock.authoring.drawing.terminal import as_lines
from interlock.core.compile import Catalogue, compile_graph
from interlock.core.plan import ToolContract


def drawn(nodes: dict[str, Any], **graph: Any) -> Picture:  # noqa: ANN401 - what a document holds
    """The picture of a graph of these nodes."""
    catalogue = Catalogue({"look": ToolContract(name="look", effect="read")})
    compiled = compile_graph({"graph": "g", "nodes": nodes, **graph}, catalogue)
    assert compiled.plan is not None, compiled.errors
    return picture_of(compiled.plan)


def test_every_node_stands_on_a_line_with_what_it_comes_after() -> None:
    """In a terminal one reads down: who is there, what it does, what it waits for."""
    nodes = {
        "size": {"choose": [{"label": "big", "when": "${1 > 2}"}, {"label": "small"}]},
        "act": {"tool": "look", "after": {"size": {"on": "big"}}},
        "each_one": {"each": [1, 2], "do": {"tool": "look"}, "after": "act"},
    }

    assert as_lines(drawn(nodes)) == [
        "size        choose big | small",
        "act         tool look           ← size [big]",
        "each_one    each, 10 at a time  ← act",
        "  each_one  tool look",
    ]


def test_an_edge_that_a_longer_way_implies_is_not_drawn() -> None:
    """A value that is read far below would draw a line through everything between."""
    nodes = {"a": {"value": 1}, "b": {"value": "${a}"}, "c": {"value": "${a + b}"}}

    assert drawn(nodes).arrows == (Arrow(0, 1), Arrow(1, 2))


def test_an_edge_that_a_join_counts_is_drawn_all_the_same() -> None:
    """Where the first of several is taken, each of them says something."""
    nodes = {"a": {"value": 1}, "b": {"value": "${a}"}, "c": {"value": 1, "after": ["a", "b"], "join": "first"}}

    assert Arrow(0, 2) in drawn(nodes).arrows


def test_what_is_done_in_any_case_is_drawn_at_the_end() -> None:
    """`finally` comes after everything, whatever happens, so no arrow could say where."""
    lines = as_lines(drawn({"a": {"value": 1}}, **{"finally": {"tidy": {"tool": "look"}}}))

    assert [line.split()[0] for line in lines] == ["a", "finally", "tidy"]


def test_mermaid_quotes_what_it_would_read_as_its_own() -> None:
    """Conditions are full of quotes and brackets."""
    nodes = {"a": {"value": "x"}, "b": {"tool": "look", "after": {"a": {"when": '${a == "<#x>"}'}}}}

    assert as_mermaid(drawn(nodes)).splitlines() == [
        "flowchart TB",
        '    n0["a<br/><small>value</small>"]',
        '    n1["b<br/><small>tool look</small>"]',
        '    n0 -->|"a == &quot;&lt;&num;x&gt;&quot;"| n1',
    ]


def test_mermaid_draws_what_a_node_holds_inside_it() -> None:
    """The rounds of a loop are a box with their nodes in it."""
    text = as_mermaid(drawn({"r": {"loop": {"x": {"value": 1}}, "until": "${x > 0}", "max": 2}}))

    assert '    subgraph n0 ["r<br/><small>loop, at most 2 rounds</small>"]\n        n0_n0[' in text


def test_an_svg_is_sound_xml_whatever_the_author_wrote() -> None:
    """A condition with a `<` in it must not break the page that shows the drawing."""
    nodes = {"a": {"value": 1}, "b": {"tool": "look", "after": {"a": {"when": '${a < 2 && "&\\u0007" != ""}'}}}}

    drawing = ET.fromstring(as_svg(drawn(nodes)))  # noqa: S314 - our own drawing

    assert "a < 2 && " in "".join(drawing.itertext())


def test_the_same_graph_gives_the_same_drawing() -> None:
    """A drawing is kept beside the graph: it changes only when the graph does."""
    nodes = {"a": {"value": 1}, "b": {"value": "${a}"}, "c": {"value": "${a}"}}

    assert as_svg(drawn(nodes)) == as_svg(drawn(nodes))


@st.composite
def pictures(draw: st.DrawFn, depth: int = 2) -> Picture:
    """Pictures of any shape, with others inside them."""
    count = draw(st.integers(1, 7))
    inner = st.none() if depth == 0 else st.one_of(st.none(), st.none(), pictures(depth=depth - 1))
    boxes = tuple(Box(f"node_{index}", "tool", "tool x", inside=draw(inner)) for index in range(count))
    pairs = list(combinations(range(count), 2))
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=12, unique=True)) if pairs else []
    return Picture("g", boxes, tuple(Arrow(*pair) for pair in chosen))


@settings(max_examples=100, deadline=None)
@given(pictures())
def test_no_box_lies_on_another_and_each_stands_in_its_holder(picture: Picture) -> None:
    """A drawing in which two nodes lie on each other hides one of them."""
    whole = placed(picture)

    assert _overlaps(whole.boxes) == []
    assert _outside(PlacedBox(Box("", "", ""), 0, 0, whole.width, whole.height, whole)) == []


def _overlaps(boxes: tuple[PlacedBox, ...]) -> list[tuple[str, str]]:
    found = [(a.box.name, b.box.name) for a, b in combinations(boxes, 2) if _meet(a, b)]
    return found + [pair for box in boxes if box.inside for pair in _overlaps(box.inside.boxes)]


def _meet(a: PlacedBox, b: PlacedBox) -> bool:
    apart_across = a.x + a.width <= b.x + 0.01 or b.x + b.width <= a.x + 0.01
    apart_down = a.y + a.height <= b.y + 0.01 or b.y + b.height <= a.y + 0.01
    return not (apart_across or apart_down)


def _outside(holder: PlacedBox) -> list[str]:
    inside = holder.inside.boxes if holder.inside else ()
    found = [box.box.name for box in inside if not _holds(holder, box)]
    return found + [name for box in inside for name in _outside(box)]


def _holds(holder: PlacedBox, box: PlacedBox) -> bool:
    return (
        holder.x <= box.x + 0.01
        and holder.y <= box.y + 0.01
        and box.x + box.width <= holder.x + holder.width + 0.01
        and box.y + box.height <= holder.y + holder.height + 0.01
    )
