"""Compiling and evaluating expressions: what is refused and where, what is mentioned, and what is passed in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.core.canonical import canonical
from interlock.core.expressions import (
    RESERVED_WORDS,
    TIMESTAMP,
    TYPE_NAMES,
    Environment,
    EvaluationError,
    Expression,
    ExpressionProblem,
)
from interlock.core.values import Ref, Secret

PLAN = {
    "type": "object",
    "properties": {
        "score": {"type": "string"},
        "ready": {"type": "boolean"},
        "count": {"type": "integer"},
        "tags": {"type": "array"},
        "patch": {"type": "object", "properties": {"size": {"type": "integer"}}, "additionalProperties": False},
        "extra": {"type": "object"},
        "note": {"type": ["string", "null"]},
    },
    "additionalProperties": False,
}
NAMES: dict[str, Any] = {
    "plan": PLAN,
    "a": None,
    "b": None,
    "x": None,
    "math": None,
    "now": TIMESTAMP,
    "run": {"type": "object", "properties": {"id": {"type": "string"}, "started_at": TIMESTAMP}},
}
ENVIRONMENT = Environment(NAMES)


def compiled(source: str) -> Expression:
    """The expression, checked against the names of this page."""
    return ENVIRONMENT.compile(source)


def problem_of(source: str, visible: set[str] | None = None) -> ExpressionProblem:
    """Why the expression is refused."""
    with pytest.raises(ExpressionProblem) as raised:
        ENVIRONMENT.compile(source, visible=visible)
    return raised.value


# --- What is refused, and where ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "message", "advice", "at"),
    [
        ("a.x + plam.y", "`plam` is not a name that can be used here", "did you mean `plan`?", "plam.y"),
        ("plan.scor == 'a'", "`plan` has no field `scor`", "did you mean `score`?", "scor =="),
        ("plan . patch . sice > 1", "`plan.patch` has no field `sice`", "did you mean `size`?", "sice > 1"),
        ("has(plan.scor)", "`plan` has no field `scor`", "did you mean `score`?", "scor)"),
        ("plan.?scor.orValue('')", "`plan` has no field `scor`", "did you mean `score`?", "scor."),
        ("plan['scor']", "`plan` has no field `scor`", "did you mean `score`?", "scor']"),
        ("plan.zzz", "`plan` has no field `zzz`", "its fields are: `score`, `ready`, `count`, `tags`, `patch`", "zzz"),
        ("plan.score > 3", "`>` does not work on text and an integer", "turn one into the other", "> 3"),
        ("a.n > 1 &&\n  plan.ready + 1 > 2", "`+` does not work on true or false and an integer", "", "+ 1"),
        ("'😀é' + plan.score + 1", "`+` does not work on text and an integer", "turn one into the other", "+ 1"),
        ("plan.tags.size", "a list has no fields", "", ".size"),
        ("plan.patch + 1", "`+` does not work on a map and an integer", "", "+ 1"),
        (
            "plan.score ? 1 : 2",
            "the condition before `?` is text, not true or false",
            "compare it with something",
            "? 1",
        ),
        ("now > 3", "`>` does not work on a time and an integer", "", "> 3"),
        ("run.started_at + 1", "`+` does not work on a time and an integer", "", "+ 1"),
        ("fooo(a)", "there is no function `fooo`", "", "fooo(a)"),
        ("a.sice()", "there is no function `sice`", "did you mean `size`?", "sice()"),
        ("a.transformList(i, v, v)", "`i` is not a name that can be used here", "", "i, v"),
        ("a and b", "`and` cannot stand here", "write `&&`", "and b"),
        ("not a", "`a` cannot stand here", "", "a"),
        ("a = 1", "`=` means nothing in an expression", "to compare, write `==`", "= 1"),
        ("a == None", "`None` is not a name that can be used here", "write `null`", "None"),
        ("a +", "the expression ends too early", "write what is missing at its end", ""),
        ("a.x == 'open", "the text that begins here is not closed", "end it with '", "'open"),
        ("while", "`while` is a word of the expression language and cannot be a name", "", "while"),
        (".a.b", "a name does not begin with a dot", "write `a`", "a.b"),
        ("$a", "`$` means nothing in an expression", "inside `${…}` names stand without `$`", "$a"),
        ("has(a)", "`has` asks for a field", "write `has(a.b)`; for a list, `size(a) > 0`", "a)"),
        ("a.map(1, 2)", "the first argument of `map` is a new name", "write `list.map(x, …x…)`", "1, 2"),
        ("99999999999999999999", "this integer is beyond 64 bits", "write it as text", "99"),
        ("", "the expression is empty", "write what it should come to", ""),
        (" \n ", "the expression is empty", "write what it should come to", ""),
        ("a\x00", "the character U+0000 cannot stand in an expression", "", "\x00"),
        ("'\ud800'", "the character U+D800 cannot stand in an expression", "", "\ud800"),
        (
            "now.getHours('Europe/Berlin')",
            "`getHours` takes no named time zone",
            "write the distance from UTC",
            "'Europe",
        ),
    ],
)
def test_a_problem_names_what_is_wrong_and_its_very_character(source: str, message: str, advice: str, at: str) -> None:
    """An author sees the line with a caret under the word; runtime statuses and token lists help nobody."""
    problem = problem_of(source)

    assert problem.message.startswith(message)
    assert problem.advice.startswith(advice)
    assert source[problem.offset :].startswith(at)
    assert "INVALID_ARGUMENT" not in problem.message


@pytest.mark.parametrize(
    "source",
    [
        "plan.count > 1.5",
        "plan.count > 1",
        "has(plan.score) && has(plan.patch.size) && has(plan.patch)",
        "plan.note == null || plan.note == 'x'",
        "plan.extra.anything.at_all",
        "plan == a",
        "{'whole': plan}",
        "a.whatever.there['is']",
        "math.ceil(math.x) > 1.0",
        "type(a) == int",
        "type(now) == google.protobuf.Timestamp",
        "plan.tags.exists(t, t == 1 || t == 'a')",
        "'a' in plan.tags",
    ],
)
def test_what_may_be_right_is_not_refused(source: str) -> None:
    """Numbers of JSON are one kind, and what a schema leaves open stays open: nobody listens to one who cries wolf."""
    assert compiled(source).source == source


def test_a_name_of_another_scope_is_refused_where_it_stands() -> None:
    """The walls between graphs hold: a name that exists elsewhere is told apart from one that exists nowhere."""
    problem = problem_of("a + b", visible={"a"})

    assert (problem.message, problem.offset) == ("`b` cannot be seen from here", 4)


@pytest.mark.parametrize(
    ("source", "offset"),
    [
        ("a.exists(x, x > 1)", 9),
        ("a.map(i, b.filter( x , x == i))", 19),
        ("a.?b.optMap(x, x + 1).orValue(0)", 12),
        ("a.exists_one(plan, plan.score == 1)", 13),
    ],
)
def test_a_variable_that_hides_a_name_is_refused(source: str, offset: int) -> None:
    """Otherwise what looks like a dependency on `x` would be none, or the other way round."""
    problem = problem_of(source)

    assert problem.offset == offset
    assert "hides the name" in problem.message


def test_a_variable_may_be_called_like_a_name_that_cannot_be_seen() -> None:
    """A node in a far corner of the graph must not forbid a variable here."""
    expression = ENVIRONMENT.compile("a.exists(x, x > 1)", visible={"a", "b"})

    assert expression.mentions == (("a",),)


@pytest.mark.parametrize("name", ["map", "__", "__1"])
def test_a_variable_may_not_be_called_like_a_type_or_a_stand_in(name: str) -> None:
    """Inside the macro the type would be gone, and with it what the machine writes around a loop."""
    assert "hides the type" in problem_of(f"a.exists({name}, true)").message or name.startswith("__")


@pytest.mark.parametrize("word", sorted(RESERVED_WORDS - {"true", "false", "null", "in"}))
def test_a_reserved_word_cannot_be_a_name(word: str) -> None:
    """Rule 3: nodes may not be called so, because no expression could mention them."""
    assert "word of the expression language" in problem_of(word).message


@pytest.mark.parametrize("name", sorted(TYPE_NAMES - {"optional_type"}))
def test_a_type_name_means_the_type(name: str) -> None:
    """Rule 3: a node called so could not be told from the type."""
    assert compiled(f"type(a) == {name}").mentions == (("a",),)


# --- What an expression mentions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "mentions"),
    [
        ("1 + 1", ()),
        ("a", (("a",),)),
        ("a.b.c > 1", (("a", "b", "c"),)),
        ("a.b > 1 && a.c > 2 && b", (("a", "b"), ("a", "c"), ("b",))),
        ("a.b.c + a.b", (("a", "b"),)),
        ("a.b + a", (("a",),)),
        ("a['b'].c", (("a", "b", "c"),)),
        ("a.`by-hand`", (("a", "by-hand"),)),
        ("a.b[0].c", (("a", "b"),)),
        ("a[b.key]", (("a",), ("b", "key"))),
        ("has(a.b.c)", (("a", "b", "c"),)),
        ("a.?b.?c.orValue(b.d)", (("a", "b", "c"), ("b", "d"))),
        ("a[?'b'].orValue(0)", (("a", "b"),)),
        ("a.b.size()", (("a", "b"),)),
        ("a.list.map(i, i.name + b.suffix)", (("a", "list"), ("b", "suffix"))),
        ("a.list.map(i, i.list.map(j, [i, j, x]))", (("a", "list"), ("x",))),
        ("a.list.map(i, i).map(j, j.b)", (("a", "list"),)),
        ("a.?b.optMap(v, v + b.c).orValue(x)", (("a", "b"), ("b", "c"), ("x",))),
        ("{'k': a.b, b.key: [x.y]}", (("a", "b"), ("b", "key"), ("x", "y"))),
        ("math.greatest(math.x, 1)", (("math", "x"),)),
        ("optional.of(a.b).value()", (("a", "b"),)),
        ("plan.patch.size > 1 && plan.score == 'a'", (("plan", "patch", "size"), ("plan", "score"))),
        ("'a.b ${x}' == r'x' // b", ()),
    ],
)
def test_the_mentions_are_the_shortest_static_paths_in_order(
    source: str, mentions: tuple[tuple[str, ...], ...]
) -> None:
    """Dependencies between nodes come from here: one too few and a node starts before what it reads is there."""
    expression = compiled(source)

    assert expression.mentions == mentions
    assert expression.roots == tuple(sorted({chain[0] for chain in mentions}))


@pytest.mark.parametrize(
    ("source", "is_guarded"),
    [
        ("has(a.b)", True),
        ("a.?b.orValue(1)", True),
        ("a[?'b'].orValue(1)", True),
        ("has(a.b) && a.b > 1", True),
        ("has(a.b) && a.c > 1", False),
        ("has(a.b.c)", False),
        ("a.b", False),
        ("a.?b.orValue(a.c)", False),
        ("a", False),
        ("b.c", False),
    ],
)
def test_a_name_is_guarded_if_every_mention_of_it_asks_first(source: str, is_guarded: bool) -> None:  # noqa: FBT001
    """The warning about a node that may have no value is silent where the author has thought of it."""
    assert compiled(source).is_guarded("a") is is_guarded


# --- Evaluation -------------------------------------------------------------------------------------------------------


def test_only_what_is_mentioned_is_passed_to_the_runtime() -> None:
    """Converting costs by the item: here a value lies beside the mentioned one that could not be converted at all."""
    value = {"wanted": {"n": 1, "rest": object()}, **{f"k{i}": object() for i in range(1_000)}}

    assert compiled("a.wanted.n + 1").evaluate({"a": value, "b": object()}) == 2


def test_a_value_that_is_absent_reads_as_an_empty_map() -> None:
    """Rule 7: the caller passes `{}`, and asking expressions answer."""
    expression = compiled("has(a.b) ? a.b : b.?c.orValue('none')")

    assert expression.evaluate({"a": {}, "b": {}}) == "none"


def test_a_name_without_a_value_is_an_error_that_names_it() -> None:
    """It would be a mistake of the caller, and still no reason to answer."""
    with pytest.raises(EvaluationError, match="`a` has no value in"):
        compiled("a == 1").evaluate({})


@pytest.mark.parametrize(
    ("leaf", "why"),
    [(Ref("ab" * 32, 9), "kept elsewhere and was not loaded"), (Secret("token"), "no expression may read")],
)
def test_what_cannot_be_seen_is_an_error_and_no_text(leaf: object, why: str) -> None:
    """A secret must not leak into a condition, and a reference must not be compared as if it were its content."""
    with pytest.raises(EvaluationError) as raised:
        compiled("a.b == 'x'").evaluate({"a": {"b": leaf}})

    assert why in str(raised.value)
    assert "token" not in str(raised.value)


@pytest.mark.parametrize("value", ["a\0b", {"key\0": 1}, [{"deep": ["\0"]}]])
def test_text_with_a_nul_is_an_error_and_is_never_cut(value: object) -> None:
    """The runtime would hand out what stands before it, as if that were all."""
    with pytest.raises(EvaluationError, match="`a` is or holds text with the character U\\+0000"):
        compiled("dyn(a)").evaluate({"a": value})

    assert compiled("a + 'x'").evaluate({"a": r"\u0000"}) == r"\u0000x"
    assert problem_of(r"a == '\x00'").offset == 5


@pytest.mark.parametrize(
    ("answer", "shown"), [(3, "3"), (None, "null"), ("yes", '"yes"'), ([1], "a list of 1"), ({}, "a map")]
)
def test_a_condition_is_exactly_true_or_false(answer: object, shown: str) -> None:
    """Rule 7: nothing is taken for true, so that a misspelt check cannot pass a gate."""
    with pytest.raises(EvaluationError) as raised:
        compiled("a.b").holds({"a": {"b": answer}})

    assert str(raised.value) == f"`${{a.b}}` is {shown}, not true or false"
    assert compiled("a.b").holds({"a": {"b": True}}) is True
    assert compiled("a.b").holds({"a": {"b": False}}) is False


def test_a_long_expression_is_cut_in_messages() -> None:
    """The message is stored in the log and shown on a line."""
    source = "a.b" + " == 1 || a.b" * 40

    with pytest.raises(EvaluationError) as raised:
        compiled(source).evaluate({"a": {}})

    assert len(str(raised.value)) < 200


def test_times_are_times_in_expressions_and_text_in_answers() -> None:
    """Values hold no times; the two the machine knows are declared as such and may be compared and subtracted."""
    values = {
        "now": datetime(2026, 1, 2, tzinfo=UTC),
        "run": {"id": "r1", "started_at": datetime(2026, 1, 1, 22, tzinfo=UTC)},
    }

    assert compiled("now - run . started_at > duration('1h') && has(run.started_at)").evaluate(values) is True
    assert compiled("now - run.started_at").evaluate(values) == "7200s"
    assert compiled("{'run': run}").evaluate(values) == {"run": {"id": "r1", "started_at": "2026-01-01T22:00:00Z"}}
    assert compiled("string(now).size() + run.id.size()").evaluate(values) == 22


@pytest.mark.parametrize(
    ("source", "return_type"),
    [("a > 1", "BOOL"), ("a", "DYN"), ("1", "INT"), ("'a'", "STRING"), ("plan.score", "STRING"), ("[a]", "LIST<DYN>")],
)
def test_the_type_of_the_answer_is_known_as_far_as_it_can_be(source: str, return_type: str) -> None:
    """A condition that can only be a number is refused by the compiler of graphs."""
    assert compiled(source).return_type == return_type


def test_maps_are_gone_through_in_the_order_of_their_keys() -> None:
    """The runtime's own order differs from call to call, and a replay would diverge from its run."""
    keys = [f"{letter}{number}" for letter in "zyx" for number in range(20)]
    value = dict.fromkeys(keys, 1)

    assert compiled("a.map(key, key)").evaluate({"a": value}) == sorted(keys)
    assert compiled("[a].map(m, m.filter(key, key > 'y')).map(l, l[0])").evaluate({"a": value}) == ["y0"]
    assert compiled("{'b': 1, 'a': 2, 'c': 3}.map(key, key)").evaluate({}) == ["a", "b", "c"]
    assert compiled("{2: 1, 1: 1, 'a': 1}.map(key, string(key))").evaluate({}) == ["1", "2", "a"]


def test_expressions_of_one_source_are_equal() -> None:
    """Plans are compared: compiling twice must give the same plan."""
    assert compiled("a.b > 1") == Environment(NAMES).compile("a.b > 1")
    assert compiled("a.b > 1") != compiled("a.b > 2")


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(TEXT, inside, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_a_value_passes_through_an_expression_unchanged(value: object) -> None:
    """What goes in comes out: no number turns into another kind, no text is cut, no key is lost."""
    found = compiled("dyn(a)").evaluate({"a": value})

    assert json.dumps(found) == json.dumps(canonical(value))


@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_a_problem_inside_it(source: str) -> None:
    """Whatever an author types, the answer is a sentence and never a crash."""
    found = expression_or_problem(source)

    assert isinstance(found, Expression) or (found.message and 0 <= found.offset <= len(source))


def expression_or_problem(source: str) -> Expression | ExpressionProblem:
    """Either of the two that compiling may end in."""
    try:
        return compiled(source)
    except ExpressionProblem as problem:
        return problem
