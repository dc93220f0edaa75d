"""Bounds of expressions: whatever an author writes, the answer or a clear error comes soon and in little memory."""

from __future__ import annotations

import resource
from typing import Any

import pytest

from interlock.core.expressions import SOURCE_LENGTH_MAX, Environment, EvaluationError, ExpressionProblem

ENVIRONMENT = Environment({"a": None, "b": None, "text": None})
TOO_MUCH = "it would take too many steps or too much memory for these values: do it in a tool"
TOO_MANY_STEPS = "it took too many steps (at most 10,000 items are visited)"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("(" * 10_000 + "1", "the expression is nested too deeply"),
        ("(" * 8_000 + "1" + ")" * 8_000, "the expression is nested too deeply"),
        ("[" * 5_000 + "]" * 5_000, "the expression is nested too deeply"),
        ("true ? 1 : " * 1_000 + "1", "the expression is nested too deeply"),
        ("a" + ".b" * 5_000, "the expression is nested too deeply"),
        (" + ".join(["a"] * 4_000), "the expression is nested too deeply"),
        ("a" + ".map(x, x + x)" * 25, "too many of `map`, `filter`, `exists`…"),
        (
            "optional.of(a)" + ".optMap(x, x + x)" * 20,
            "at most 8 `optMap` and `optFlatMap` may stand in one expression",
        ),
        ("'" + "x" * 1_000_000 + "'", "the expression is 1,000,002 characters long"),
        ("a" * (SOURCE_LENGTH_MAX + 1), "the expression is 16,385 characters long"),
    ],
    ids=["open", "brackets", "lists", "choices", "fields", "sums", "loops", "optionals", "megabyte", "long"],
)
def test_what_is_too_large_or_too_deep_is_refused_when_compiled(source: str, message: str) -> None:
    """A parser that recurses without end takes the process with it."""
    with pytest.raises(ExpressionProblem) as raised:
        ENVIRONMENT.compile(source)

    assert raised.value.message.startswith(message)


@pytest.mark.parametrize("source", ["!" * 10_000 + "true", "-" * 10_000 + "1", "true || " * 2_000 + "true"])
def test_what_only_looks_endless_is_fine(source: str) -> None:
    """The longest allowed source takes milliseconds."""
    assert ENVIRONMENT.compile(source).evaluate({}) == 1


@pytest.mark.parametrize(
    ("source", "values", "message"),
    [
        ("a.map(x, a.map(y, x + y))", {"a": list(range(1_000))}, TOO_MUCH),
        ("a.all(x, a.all(y, x + y >= 0))", {"a": list(range(1_000))}, TOO_MANY_STEPS),
        ("a.all(x, a.all(y, a.all(z, x + y + z >= 0)))", {"a": list(range(1_000))}, TOO_MANY_STEPS),
        ("a.all(x, x >= 0)", {"a": list(range(20_000))}, TOO_MANY_STEPS),
        ("a.map(x, x).size()", {"a": list(range(9_000))}, TOO_MUCH),
        ("a.all(x, a == a)", {"a": [str(n) for n in range(9_000)]}, TOO_MUCH),
        ("a.all(x, text.matches('(.*a.*b){100}x'))", {"a": [1] * 9_000, "text": "ab" * 9_000}, TOO_MUCH),
        ("[text]" + ".map(x, x + x)" * 20 + "[0].size()", {"text": "a" * 1_000}, TOO_MUCH),
        ("[[text]]" + ".map(x, x + x)" * 22 + "[0].size()", {"text": "ten chars."}, TOO_MUCH),
        ("text.replace('a', text).replace('a', text).size()", {"text": "a" * 1_000}, TOO_MUCH),
        ("text.replace('', text).size()", {"text": "a" * 100_000}, TOO_MUCH),
        ("a.join(text).size()", {"a": ["x"] * 10_000, "text": "a" * 100_000}, TOO_MUCH),
        ("'%s%s'.format([text, text]).replace('a', text).size()", {"text": "a" * 20_000}, TOO_MUCH),
        ("(" + " + ".join(["text"] * 30) + ").size()", {"text": "a" * 10_000_000}, TOO_MUCH),
        ("a.map(x, b.map(y, x + y))", {"a": [1] * 5_000, "b": [1] * 3_000}, TOO_MUCH),
        (
            "a.filter(x, true)",
            {"a": [1] * 200_000},
            "a list of 200,000 items is too long (at most 100,000): do it in a tool",
        ),
    ],
)
def test_what_would_take_too_much_is_refused_before_it_runs(source: str, values: dict[str, Any], message: str) -> None:
    """Nothing can stop the runtime once it runs: nine lines of doubling would take the memory of the machine."""
    before = peak_megabytes()

    with pytest.raises(EvaluationError) as raised:
        ENVIRONMENT.compile(source).evaluate(values)

    assert raised.value.message.startswith(message)
    assert peak_megabytes() - before < 400


@pytest.mark.parametrize(
    ("source", "values", "answer"),
    [
        ("a.map(x, x * 2).size()", {"a": list(range(3_000))}, 3_000),
        ("a.filter(x, x % 2 == 0)", {"a": list(range(50_000))}, list(range(0, 50_000, 2))),
        ("a.items.map(x, x + a.by)", {"a": {"items": list(range(5_000)), "by": 1}}, list(range(1, 5_001))),
        ("a.map(g, g.items.map(x, x.n)).size()", {"a": [{"items": [{"n": 1}] * 90}] * 90}, 90),
        ("a.all(x, b.exists(y, y == x))", {"a": list(range(90)), "b": list(range(90))}, True),
        ("text.replace('a', 'bb').size()", {"text": "a" * 100_000}, 200_000),
        ("a.join(', ').size()", {"a": ["x" * 100] * 10_000}, 1_019_998),
        ("text.matches('^(a+)+$')", {"text": "a" * 1_000_000 + "b"}, False),
        ("text.split('').size()", {"text": "a" * 100_000}, 100_000),
        ("a.size() + size(text)", {"a": [1] * 100_000, "text": "x" * 1_000_000}, 1_100_000),
    ],
)
def test_ordinary_work_on_large_values_is_done(source: str, values: dict[str, Any], answer: object) -> None:
    """A bound that refuses what people need is only another fault."""
    assert ENVIRONMENT.compile(source).evaluate(values) == answer


def test_twenty_thousand_names_with_their_fields_make_no_large_environment() -> None:
    """The runtime's environment takes time with the square of its names; graphs have up to 20,000 nodes."""
    schema = {"type": "object", "properties": {f"field_{n}": {"type": "string"} for n in range(10)}}
    environment = Environment({f"node_{n}": schema for n in range(20_000)})

    problem: list[int] = []
    for n in (0, 9_999, 19_999):
        with pytest.raises(ExpressionProblem) as raised:
            environment.compile(f"node_{n}.field_3 > 5")
        problem.append(raised.value.offset)

    assert problem == [15, 18, 19]


def peak_megabytes() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
