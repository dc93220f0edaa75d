"""Whatever is handed to the compiler, it answers; and what it accepts, it accepts in every spelling and process."""

from __future__ import annotations

import copy
from typing import cast

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph, open_bundle
from interlock.core.compiling.json_data import Json, JsonMap
from interlock.core.problems import Place
from tests.core.compiling import TOOLS, data_of
from tests.core.every_kind import EVERY_KIND, SMALL

CATALOGUE = Catalogue({tool.name: tool for tool in TOOLS}, {"small": data_of(SMALL)})
WHOLE = data_of(EVERY_KIND)

WORDS = st.sampled_from(
    "graph nodes tool value gate human fuse each loop wait emit choose after on when join input do as until max retry"
    " undo timeout outputs finally inputs secrets budget any all first look a b fetch total size ${a} ${fetch.x + 1}"
    " ${nodes.a.outcome} ${ ${secrets.token} ${inputs.pr} 10m 1h agent pool * item round".split()
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=8)
DATA = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=5),
    max_leaves=25,
)


def places_in(data: Json, place: Place = ()) -> list[Place]:
    """Every place of a document."""
    match data:
        case dict():
            inner = [found for key, item in data.items() for found in places_in(item, (*place, key))]
        case list():
            inner = [found for index, item in enumerate(data) for found in places_in(item, (*place, index))]
        case _:
            inner = []
    return [place, *inner]


PLACES = [place for place in places_in(WHOLE) if place]


@st.composite
def damaged_graphs(draw: st.DrawFn) -> JsonMap:
    """A good graph of every kind in which a few things were replaced, taken out or added."""
    document = copy.deepcopy(WHOLE)
    for place in draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3)):
        damage(document, place, draw(st.sampled_from(["replace", "remove", "add"])), draw(DATA), draw(WORDS))
    return document


def damage(document: Json, place: Place, how: str, data: Json, word: str) -> None:
    """One change; nothing if an earlier one has taken the place away."""
    holder = document
    for step in place[:-1]:
        holder = inside(holder, step)
    match holder, how:
        case dict(), "remove":
            holder.pop(str(place[-1]), None)
        case dict(), "add":
            holder[word] = data
        case dict(), _:
            holder[str(place[-1])] = data
        case list(), "add":
            holder.append(data)
        case list(), _:
            holder[-1:] = [data]
        case _:
            pass


def inside(holder: Json, step: str | int) -> Json:
    """What stands at a key or position; nothing if there is none."""
    match holder, step:
        case dict(), str():
            return holder.get(step)
        case list(), int() if step < len(holder):
            return holder[step]
        case _:
            return None


@given(st.dictionaries(WORDS | st.text(max_size=5), DATA, max_size=6) | DATA)
@example({"graph": "x", "nodes": {"a": {"graph": {"nodes": {}}}}})
def test_any_data_gets_an_answer(document: Json) -> None:
    """People paste anything into a file; a traceback would tell them about us instead of about it."""
    compiled = compile_graph(cast("JsonMap", document), CATALOGUE)

    assert (compiled.plan is None) == bool(compiled.errors)


@given(damaged_graphs())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_graph_gets_problems_at_places_that_are_there(document: JsonMap) -> None:
    """An editor underlines what a problem speaks of, so its place must exist; and no word of the machinery shows."""
    compiled = compile_graph(document, CATALOGUE)

    known = set(places_in(document))
    assert [problem.place for problem in compiled.problems if problem.place not in known] == []
    assert [problem.message for problem in compiled.problems if "input should" in problem.message.lower()] == []


@given(damaged_graphs())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_what_compiles_compiles_alike_from_its_bundle(document: JsonMap) -> None:
    """A run is continued from its bundle: whatever was accepted must be accepted again, and mean the same."""
    compiled = compile_graph(document, CATALOGUE)

    again = open_bundle(compiled.bundle.bytes) if compiled.bundle else None

    assert again == compiled.plan
