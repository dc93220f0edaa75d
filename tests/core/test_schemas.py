"""JSON Schema: which schemas may be used, what a value is told, and the short way to write inputs."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.core.problems import Place
from interlock.core.schemas import (
    SchemaRefused,
    check_schema,
    check_shorthand,
    compile_schema,
    shorthand_schema,
    with_defaults,
)
from interlock.core.values import Ref, Secret

REF = Ref("ab" * 32, 70_000)


def told(schema: Any, value: Any) -> list[str]:  # noqa: ANN401 - any schema, any value
    """What is wrong with a value."""
    return compile_schema(schema).problems(value, where="input")


def nested(depth: int, inner: object, key: str = "a") -> Any:  # noqa: ANN401 - any value
    """Something inside so many maps."""
    for _ in range(depth):
        inner = {key: inner, "b": 1}
    return inner


# --- Which schemas may be used ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"type": "object", "properties": {"$ref": {"type": "string"}}},
        {"enum": [{"$ref": "http://example.org/just-data"}]},
        {"$defs": {"name": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/name"}}},
        {"$defs": {"a/b~c": {"$anchor": "there"}}, "allOf": [{"$ref": "#/$defs/a~1b%7E0c"}, {"$ref": "#there"}]},
        {"type": "object", "properties": {"children": {"items": {"$ref": "#"}}}},
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "https://example.org/mine",
            "type": "string",
        },
        {"type": "string", "x-of-my-own": {"anything": 1}},
    ],
)
def test_a_self_contained_schema_of_the_draft_may_be_used(schema: object) -> None:
    """What tools and people publish has to be taken as it is."""
    assert check_schema(schema) == []


@pytest.mark.parametrize(
    ("schema", "place", "message"),
    [
        ([], (), "a JSON Schema is a map"),
        ("string", (), "a JSON Schema is a map"),
        ({"type": "strng"}, ("type",), "`strng` is not a type"),
        ({"properties": {"a": {"type": "int"}}}, ("properties", "a", "type"), "`int` is not a type"),
        ({"properties": []}, ("properties",), "`properties` must be object"),
        ({"minimum": "3"}, ("minimum",), "`minimum` must be number"),
        ({"required": "a"}, ("required",), "`required` must be array"),
        ({"minLength": -1}, ("minLength",), "`minLength` is not written as JSON Schema wants it"),
        ({"pattern": "("}, ("pattern",), "this is no regular expression that can be used"),
        ({"pattern": "(?=a)b"}, ("pattern",), "this is no regular expression that can be used"),
        ({"pattern": r"(a)\1"}, ("pattern",), "this is no regular expression that can be used"),
        ({"pattern": "(a{1000}){1000}"}, ("pattern",), "this is no regular expression that can be used"),
        (
            {"patternProperties": {"(": {}}},
            ("patternProperties", "("),
            "this is no regular expression that can be used",
        ),
        (
            {"$ref": "http://example.org/x"},
            ("$ref",),
            "`http://example.org/x` leads out of this schema: nothing is fetched",
        ),
        (
            {"items": {"$ref": "ftp://example.org/x"}},
            ("items", "$ref"),
            "`ftp://example.org/x` leads out of this schema",
        ),
        ({"$ref": "other.json"}, ("$ref",), "`other.json` leads out of this schema: nothing is fetched"),
        ({"$dynamicRef": "http://example.org#a"}, ("$dynamicRef",), "`http://example.org#a` leads out of this schema"),
        ({"$ref": "#/$defs/nosuch"}, ("$ref",), "`#/$defs/nosuch` leads nowhere in this schema"),
        ({"$ref": "#nosuch"}, ("$ref",), "`#nosuch` leads nowhere in this schema"),
        ({"$defs": {"a b": True}, "$ref": "#/$defs/a b"}, ("$ref",), "`$ref` is no reference"),
        ({"items": {"$id": "https://example.org"}}, ("items", "$id"), "a part of a schema cannot have an identity"),
        (
            {"$schema": "http://json-schema.org/draft-07/schema#"},
            ("$schema",),
            "schemas here are read as draft 2020-12",
        ),
        ({1: {}}, (), "the keys of a schema are text"),
        ({"default": object()}, ("default",), "a JSON Schema cannot hold a Python object"),
        ({"properties": {"n": {"maximum": 10**400}}}, ("properties", "n", "maximum"), "a number here has 64 bits"),
        ({"minimum": -(2**63) - 1}, ("minimum",), "a number here has 64 bits"),
        ({"const": math.inf}, ("const",), "NaN and infinity are no JSON"),
        ({"enum": [1, math.nan]}, ("enum", 1), "NaN and infinity are no JSON"),
        (nested(200, {}, "not"), (), "the schema is too large"),
        ({"enum": list(range(30_000))}, (), "the schema is too large"),
    ],
)
def test_a_schema_that_may_not_be_used_is_told_where_and_why(schema: object, place: Place, message: str) -> None:
    """It may come from a stranger's tool: nothing in it makes this process fetch, hang or crash."""
    problems = check_schema(schema)

    assert [problem.place for problem in problems[:1]] == [place]
    assert problems[0].message.startswith(message)


def test_all_problems_of_a_schema_are_told_at_once() -> None:
    """Its author mends them in one go."""
    problems = check_schema({"type": "strng", "properties": {"a": {"minimum": "1"}, "b": {"type": "lst"}}})

    assert [problem.place for problem in problems] == [
        ("properties", "a", "minimum"),
        ("properties", "b", "type"),
        ("type",),
    ]


def test_references_that_multiply_are_refused() -> None:
    """Thirty lines that each refer twice to the next come to a thousand million rules for every value."""
    lines = {f"l{n}": {"allOf": [{"$ref": f"#/$defs/l{n + 1}"}] * 2} for n in range(30)}

    problems = check_schema({"$defs": {**lines, "l30": {}}, "$ref": "#/$defs/l0"})

    assert [problem.message for problem in problems] == ["its references, written out, come to too many rules"]


def test_a_chain_of_references_without_end_is_refused() -> None:
    """Following it would take a stack that no process has."""
    links = {f"l{n}": {"$ref": f"#/$defs/l{n + 1}"} for n in range(3_000)}

    problems = check_schema({"$defs": {**links, "l3000": {}}, "$ref": "#/$defs/l0"})

    assert [problem.message for problem in problems] == ["its references, written out, come to too many rules"]


def test_compiling_a_schema_that_may_not_be_used_raises_its_problems() -> None:
    """Who compiles without asking first still learns everything."""
    with pytest.raises(SchemaRefused, match="`strng` is not a type") as raised:
        compile_schema({"type": "strng"})

    assert [problem.advice for problem in raised.value.problems] == ["did you mean `string`?"]


# --- What a value is told ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "value", "problems"),
    [
        ({"type": "integer"}, "3", ['input is "3", not an integer']),
        ({"type": "integer"}, 3.5, ["input is 3.5, not an integer"]),
        ({"type": ["string", "null"]}, [], ["input is a list of 0, not null or text"]),
        ({"required": ["a", "b"]}, {"a": 1}, ["input.b is missing"]),
        (
            {"properties": {"items": {"items": {"required": ["name"]}}}},
            {"items": [{"name": 1}, {}]},
            ["input.items[1].name is missing"],
        ),
        (
            {"properties": {"a": {}}, "additionalProperties": False},
            {"a": 1, "x y": 2, "c": 3},
            ["input.c is not a field that is known here", "input['x y'] is not a field that is known here"],
        ),
        ({"enum": ["a", 1]}, "b", ['input is "b", not one of "a", 1']),
        ({"enum": list(range(20))}, "b", ['input is "b", not one of 0, 1, 2, 3, 4, 5, 6, 7 and 12 more']),
        ({"const": 3}, 4, ["input is 4, not 3"]),
        ({"minimum": 3}, 1, ["input is 1: at least 3 is wanted"]),
        ({"exclusiveMaximum": 3}, 3, ["input is 3: less than 3 is wanted"]),
        ({"multipleOf": 5}, 7, ["input is 7, not a multiple of 5"]),
        ({"minLength": 3}, "ab", ["input is shorter than 3 characters"]),
        ({"maxItems": 1}, [1, 2], ["input has more than 1 items"]),
        ({"uniqueItems": True}, [1, 1], ["input has the same item twice"]),
        ({"pattern": "^v[0-9]+$"}, "x", ['input is "x", which does not match the pattern `^v[0-9]+$`']),
        ({"format": "date-time"}, "today", ['input is "today", not a valid date-time']),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, 1.5, ["input is 1.5, not text or an integer"]),
        (
            {"anyOf": [{"required": ["a"]}, {"minProperties": 3}]},
            {"b": 1},
            ["input is a map, which fits none of the 2 forms that are allowed"],
        ),
        (
            {"oneOf": [{"type": "number"}, {"type": "integer"}]},
            1,
            ["input is 1, which fits more than one of the forms of which only one may fit"],
        ),
        ({"not": {"type": "null"}}, None, ["input is null, which is not allowed here"]),
        (False, 1, ["input is not allowed here"]),
        ({"contains": {"const": 1}}, [2], ["input has no item of the kind that is wanted"]),
        ({"type": "integer"}, 2**60, []),
        ({"type": "number"}, 1, []),
    ],
)
def test_a_problem_of_a_value_names_the_place_in_plain_words(schema: Any, value: object, problems: list[str]) -> None:  # noqa: ANN401
    """It is read by whoever made the value: a person at a form, or a model that gets another try."""
    assert sorted(told(schema, value)) == sorted(problems)


def test_a_value_is_told_five_problems_at_most() -> None:
    """The rest follows when these are mended."""
    assert told({"items": {"type": "string"}}, [1] * 100) == [f"input[{n}] is 1, not text" for n in range(5)]


def test_long_values_and_names_are_not_repeated_in_problems() -> None:
    """A message is stored, shown on a line and perhaps sent to a model; a file that did not fit must not be in it."""
    problems = told(
        {"properties": {"body": {"type": "integer"}}, "additionalProperties": False},
        {"body": "secret " * 1_000, "n" * 1_000: 1},
    )

    assert sorted(problems) == [
        "input.body is text of 7000 characters, not an integer",
        f"input.{'n' * 79}… is not a field that is known here",
    ]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, REF),
        ({"properties": {"a": {"type": "string", "minLength": 3}}}, {"a": REF}),
        ({"properties": {"token": {"type": "string"}}, "required": ["token"]}, {"token": Secret("t")}),
        ({"items": {"enum": [1, 2]}}, [1, REF, 2]),
        ({"anyOf": [{"properties": {"a": {"const": 1}}}, {"maxProperties": 0}]}, {"a": REF}),
        ({"not": {"properties": {"a": {"type": "null"}}}}, {"a": REF}),
        ({"uniqueItems": True}, [REF, None]),
        ({"const": {"a": [1]}}, {"a": [REF]}),
        ({"if": {"properties": {"kind": {"const": "x"}}}, "then": {"required": ["y"]}}, {"kind": REF}),
        ({"contains": {"type": "string"}}, [REF]),
    ],
)
def test_what_cannot_be_seen_is_never_a_reason_to_refuse(schema: Any, value: object) -> None:  # noqa: ANN401
    """A value kept elsewhere or a secret may well fit: only who sees it can say that it does not."""
    assert told(schema, value) == []


@pytest.mark.parametrize(
    ("schema", "value", "problems"),
    [
        ({"required": ["b"]}, {"a": REF}, ["input.b is missing"]),
        ({"type": "array"}, {"a": REF}, ["input is a map, not a list"]),
        ({"maxItems": 1}, [REF, Secret("t")], ["input has more than 1 items"]),
        ({"properties": {"b": {"type": "string"}}}, {"a": REF, "b": 1}, ["input.b is 1, not text"]),
        ({"properties": {}, "additionalProperties": False}, {"a": REF}, ["input.a is not a field that is known here"]),
    ],
)
def test_what_can_be_seen_beside_it_is_judged_all_the_same(schema: Any, value: object, problems: list[str]) -> None:  # noqa: ANN401
    """A missing field stays missing, however large its neighbour."""
    assert told(schema, value) == problems


def test_a_pattern_cannot_be_made_to_hang() -> None:
    """The classic that takes a backtracking engine until the end of the world."""
    assert told({"pattern": "^(a+)+$"}, "a" * 200_000 + "b") == [
        "input is text of 200001 characters, which does not match the pattern `^(a+)+$`"
    ]


@pytest.mark.parametrize("combination", ["anyOf", "oneOf", "allOf"])
def test_a_schema_that_refers_to_itself_twice_cannot_be_made_to_hang(combination: str) -> None:
    """The reasons double at every level of the value; at sixty levels nobody could read or wait for them."""
    schema = {"properties": {"a": {combination: [{"$ref": "#"}] * 2}}, "required": ["b"]}

    problems = told(schema, nested(60, {}))

    assert problems == ["input does not fit its schema; it is too deep, or the schema too wide, to say where"]


def test_a_large_wrong_list_is_told_its_first_problem_soon() -> None:
    """Gathering all of them would take longer than making the list."""
    assert told({"items": {"type": "string"}}, ["a"] * 99_999 + [1] * 100_000) == ["input[99999] is 1, not text"]


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside)
    )
)
def test_every_value_fits_the_schema_that_asks_for_nothing(value: object) -> None:
    """`any` means any."""
    assert told({}, value) == []


# --- The short way to write inputs ------------------------------------------------------------------------------------


def test_the_short_form_is_a_closed_map_of_required_fields() -> None:
    """A misspelt input must be refused at the door, not ignored."""
    schema = shorthand_schema(
        {
            "pr_number": "integer",
            "note": "string?",
            "branch": {"type": "string", "default": "main"},
            "size": {"type": "integer", "minimum": 1},
            "data": "any",
            "tags": "list?",
        }
    )

    assert schema == {
        "type": "object",
        "properties": {
            "pr_number": {"type": "integer"},
            "note": {"type": "string"},
            "branch": {"type": "string", "default": "main"},
            "size": {"type": "integer", "minimum": 1},
            "data": {},
            "tags": {"type": "array"},
        },
        "required": ["data", "pr_number", "size"],
        "additionalProperties": False,
    }
    assert check_schema(schema) == []


@pytest.mark.parametrize("reference", ["#/$defs/size", "#/%24defs/size", "#size"])
def test_a_field_may_refer_to_its_own_definitions(reference: str) -> None:
    """A schema that was made by a program, or copied from elsewhere, comes with `$defs` and must mean the same here."""
    sizes = {"$defs": {"size": {"$anchor": "size", "type": "integer"}}, "items": {"$ref": reference}}
    schema = shorthand_schema({"a b/c": sizes, "tree": {"properties": {"left": {"$ref": "#"}}, "type": "object"}})

    assert check_schema(schema) == []
    assert told(schema, {"a b/c": [1], "tree": {"left": {"left": {}}}}) == []
    assert told(schema, {"a b/c": ["x"], "tree": {"left": {"left": 1}}}) == [
        "input['a b/c'][0] is \"x\", not an integer",
        "input.tree.left.left is 1, not a map",
    ]


@pytest.mark.parametrize("word", ["string", "integer", "number", "boolean", "object", "list", "array", "any", "null"])
def test_each_type_word_can_be_used_with_and_without_a_question_mark(word: str) -> None:
    """The list of words is short enough to be known by heart."""
    assert check_shorthand({"required": word, "optional": f"{word}?"}) == []


@pytest.mark.parametrize(
    ("spec", "place", "message", "advice"),
    [
        ({"a": "int"}, ("a",), "`int` is not a type", "did you mean `integer`?"),
        ({"a": "strin?"}, ("a",), "`strin?` is not a type", "did you mean `string`?"),
        ({"a": "qqq"}, ("a",), "`qqq` is not a type", "the types are string, integer"),
        ({"a": 3}, ("a",), "a field is a type word or a JSON Schema, not a number", "write for example"),
        ({"a": None}, ("a",), "a field is a type word or a JSON Schema, not null", "write for example"),
        ({"a": {"type": "strin"}}, ("a", "type"), "`strin` is not a type", "did you mean `string`?"),
        ({"a": {"type": "string", "default": 1}}, ("a", "default"), "the default is 1, not text", ""),
        ({1: "string"}, (), "the name of a field is text, not 1", ""),
        (["a"], (), "fields are a map from names to types", "write for example `{pr: integer}`"),
    ],
)
def test_a_field_that_cannot_be_read_is_told_where_and_how_to_write_it(
    spec: object, place: Place, message: str, advice: str
) -> None:
    """Inputs are the first thing a newcomer writes."""
    problems = check_shorthand(spec)

    assert [(problem.place, problem.message) for problem in problems] == [(place, message)]
    assert problems[0].advice.startswith(advice)


def test_all_fields_that_cannot_be_read_are_told_at_once() -> None:
    """And the short form of them makes no schema."""
    with pytest.raises(SchemaRefused) as raised:
        shorthand_schema({"a": "int", "b": "string", "c": "lst"})

    assert [problem.place for problem in raised.value.problems] == [("a",), ("c",)]


def test_defaults_are_filled_in_where_a_field_is_left_out() -> None:
    """Also in maps that are given, and never over what is given; keys come in canonical order."""
    schema = shorthand_schema(
        {
            "branch": {"type": "string", "default": "main"},
            "pr": "integer",
            "limits": {"type": "object", "properties": {"n": {"type": "integer", "default": 3}}},
            "note": "string?",
        }
    )

    filled = with_defaults(schema, {"pr": 1, "limits": {}})

    assert filled == {"branch": "main", "limits": {"n": 3}, "pr": 1}
    assert list(filled) == ["branch", "limits", "pr"]
    assert with_defaults(schema, {"branch": None, "pr": 1}) == {"branch": None, "pr": 1}
    assert with_defaults(schema, {"branch": REF, "limits": REF}) == {"branch": REF, "limits": REF}


@pytest.mark.parametrize("value", [None, 3, "text", [1], REF])
def test_what_is_no_map_has_no_defaults(value: object) -> None:
    """It is for the schema to say that it does not fit."""
    assert with_defaults(shorthand_schema({"a": {"default": 1}}), value) == value


def test_filling_in_defaults_changes_nothing_in_place() -> None:
    """Values are shared between events and state."""
    given_value: dict[str, Any] = {"inner": {}}
    schema = {"properties": {"inner": {"properties": {"n": {"default": 1}}}, "m": {"default": 2}}}

    with_defaults(schema, given_value)

    assert given_value == {"inner": {}}
