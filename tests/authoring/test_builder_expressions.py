"""What Python operators on references come to as expressions of the language."""

from __future__ import annotations

import operator
from collections.abc import Callable
from copy import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import graph
from interlock.authoring.building.expressions import Expression, Whole
from interlock.authoring.building.references import Reference
from interlock.core.expressions import Environment

G = graph("test", secrets=["token"])
A, B = G.tool("a", "look"), G.tool("b", "look")
EACH = G.each("e", A.files, as_="file").__enter__()
LOOP = G.loop("l", max=3).__enter__()


@pytest.mark.parametrize(
    ("built", "text"),
    [
        # Names and fields
        (A, "${a}"),
        (A.title, "${a.title}"),
        (A.files[0].name, "${a.files[0].name}"),
        (A["size"], "${a.size}"),
        (A["odd key"].x, '${a["odd key"].x}'),
        (A["in"], '${a["in"]}'),
        (A["on"], "${a.on}"),
        (A["or_else"]["exists"]["append"]["tail"]["_hidden"], "${a.or_else.exists.append.tail._hidden}"),
        (A.files[EACH.index], "${a.files[file_index]}"),
        (G.inputs.pr, "${inputs.pr}"),
        (G.run.id, "${run.id}"),
        (G.now, "${now}"),
        (G.secrets.token, "${secrets.token}"),
        (G.nodes.a.outcome, "${nodes.a.outcome}"),
        (G.nodes[A].error.message, "${nodes.a.error.message}"),
        (G.candidate.score, "${candidate.score}"),
        (G.event.data, "${event.data}"),
        (EACH.item.name, "${file.name}"),
        (EACH.index, "${file_index}"),
        (LOOP.index, "${round.index}"),
        (LOOP.last.review, "${round.last.review}"),
        # Comparison and literals
        (A.x == 0, "${a.x == 0}"),
        (A.x != None, "${a.x != null}"),  # noqa: E711 - what is compared is not Python's None
        (A.x == True, "${a.x == true}"),  # noqa: E712
        (A.x < B.y, "${a.x < b.y}"),
        (A.x <= -1, "${a.x <= -1}"),
        (A.x > 1.5, "${a.x > 1.5}"),
        (A.x >= 1e-7, "${a.x >= 1e-07}"),
        (A.x == 'say "hi"\n', '${a.x == "say \\"hi\\"\\n"}'),
        (A.x == "}", '${a.x == "}"}'),
        (A.x == [1, B.y, {"k": None}], '${a.x == [1, b.y, {"k": null}]}'),
        (3 < A.x, "${a.x > 3}"),  # noqa: SIM300 - Python turns it round itself
        ((A.x == 1) == (B.x == 2), "${(a.x == 1) == (b.x == 2)}"),
        # Arithmetic
        (A.x + B.y * 2, "${a.x + b.y * 2}"),
        ((A.x + B.y) * 2, "${(a.x + b.y) * 2}"),
        (A.x - B.y - 1, "${a.x - b.y - 1}"),
        (A.x - (B.y - 1), "${a.x - (b.y - 1)}"),
        (A.x / (B.y / 2), "${a.x / (b.y / 2)}"),
        (10 - A.x % 3, "${10 - a.x % 3}"),
        (2 * A.x / 3 + 1, "${2 * a.x / 3 + 1}"),
        (-(A.x + 1), "${-(a.x + 1)}"),
        (-(-A.x), "${-(-a.x)}"),  # noqa: B002 - two signs, and no operator of other languages
        (A.x - -1, "${a.x - -1}"),
        ("v" + A.version, '${"v" + a.version}'),
        (7 % A.x + 8 / A.x, "${7 % a.x + 8 / a.x}"),
        # Logic
        (A.ok & B.ok | ~A.bad, "${a.ok && b.ok || !a.bad}"),
        (A.ok & (B.ok | A.bad), "${a.ok && (b.ok || a.bad)}"),
        (~(A.ok & B.ok), "${!(a.ok && b.ok)}"),
        (~(A.x == 1), "${!(a.x == 1)}"),
        (A.ok & True, "${a.ok && true}"),
        (False | A.ok, "${false || a.ok}"),
        (True & A.ok, "${true && a.ok}"),
        # What may be absent
        (A.x.or_else(0), "${a.?x.orValue(0)}"),
        (A.fix.notes.or_else(""), '${a.?fix.?notes.orValue("")}'),
        (A.x.or_else(B.x.or_else(0)), "${a.?x.orValue(b.?x.orValue(0))}"),
        (A.files[0]["odd key"].or_else(None), '${a.?files[?0][?"odd key"].orValue(null)}'),
        (LOOP.last.review.text.or_else(""), '${round.last.?review.?text.orValue("")}'),
        (A.x.exists, "${has(a.x)}"),
        (A.fix["odd key"].exists, '${"odd key" in a.fix}'),
        (A.fix[B.key].exists, "${b.key in a.fix}"),
        (~A["odd key"].exists, '${!("odd key" in a)}'),
        # Methods
        (A.title.startsWith("Fix"), '${a.title.startsWith("Fix")}'),
        (A.tags.size() > 2, "${a.tags.size() > 2}"),
        (A.path.split("/")[0].upperAscii(), '${a.path.split("/")[0].upperAscii()}'),
        # Lists that are kept
        (LOOP.last.log.append(A.x + 1), "${append(round.last.log, a.x + 1)}"),
        (LOOP.last.log.append(B.log.tail(3)), "${append(round.last.log, tail(b.log, 3))}"),
        (LOOP.last.log.tail(20), "${tail(round.last.log, 20)}"),
    ],
    ids=str,
)
def test_a_reference_is_written_as_its_expression(built: Expression | Whole, text: str) -> None:
    """What is built is what would have been written by hand: it is what problems and recordings show."""
    assert str(built) == text


def test_a_reference_stands_in_the_text_around_it() -> None:
    """f-strings are how Python writes text with values in it."""
    assert f"Release {A.title} of {G.inputs.pr}, {A.x + 1}" == "Release ${a.title} of ${inputs.pr}, ${a.x + 1}"


def test_a_reference_says_what_it_is() -> None:
    """It is met in debuggers and in the messages of others."""
    assert [repr(A), repr(A.x), repr(A.x + 1)] == ["<Node ${a}>", "<Reference ${a.x}>", "<Expression ${a.x + 1}>"]


# --- the operators mean the same in both languages -------------------------------------------------------------------

NUMBERS = {"x": 7, "y": 2, "z": -3}
CLAIMS = {"p": True, "q": False}
ENVIRONMENT = Environment(dict.fromkeys({**NUMBERS, **CLAIMS}))
HOMES = frozenset[Any]()

Pair = tuple[Any, Any]
"""A value of Python, and the same as an expression."""


def reference(name: str, value: object) -> Pair:
    """A name with its value."""
    return value, Reference(name, HOMES)


def both(function: Callable[..., Any], in_python: Callable[..., Any] | None = None) -> Callable[..., Pair]:
    """An operator at work in both."""
    return lambda *pairs: ((in_python or function)(*(p[0] for p in pairs)), function(*(p[1] for p in pairs)))


def conjunction(one: Any, other: Any) -> Any:  # noqa: ANN401 - of values and of expressions
    """And."""
    return one & other


def disjunction(one: Any, other: Any) -> Any:  # noqa: ANN401 - of values and of expressions
    """Or."""
    return one | other


numbers = st.recursive(
    st.sampled_from([reference(name, value) for name, value in NUMBERS.items()])
    | st.integers(-5, 5).map(lambda number: (number, number)),
    lambda inner: st.one_of(
        *(st.builds(both(each), inner, inner) for each in (operator.add, operator.sub, operator.mul)),
        st.builds(both(operator.neg), inner),
    ),
    max_leaves=8,
)
comparisons = st.one_of(
    st.sampled_from([reference(name, value) for name, value in CLAIMS.items()]),
    *(
        st.builds(both(each), numbers.filter(lambda pair: isinstance(pair[1], Expression)), numbers)
        for each in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)
    ),
)
claims = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(both(conjunction), inner, inner),
        st.builds(both(disjunction), inner, inner),
        st.builds(both(operator.invert, operator.not_), inner),
        st.builds(both(operator.eq), inner, inner),
    ),
    max_leaves=8,
)


@given(claims | numbers.filter(lambda pair: isinstance(pair[1], Expression)))
def test_what_python_computes_is_what_the_built_expression_comes_to(pair: Pair) -> None:
    """Where Python and CEL bind differently, parentheses keep the meaning that the line has in Python."""
    in_python, built = pair

    answer = ENVIRONMENT.compile(str(built)[2:-1]).evaluate({**NUMBERS, **CLAIMS})

    assert answer == in_python


def test_a_reference_can_be_copied() -> None:
    """Copying asks an object for many hidden names, and none of them is a field."""
    assert str(copy(A.files[0])) == "${a.files[0]}"
