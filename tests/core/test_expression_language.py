"""The expression language as promised to authors: what each construct means, whatever runtime stands behind it.

Exchanging or updating the runtime must leave this page as it is; a difference here is a change of the language.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from interlock.core.expressions import TIMESTAMP, Environment, EvaluationError, ExpressionProblem

VALUES: dict[str, Any] = {
    "n": 7,
    "big": 2**62,
    "half": 0.5,
    "whole": 2.0,
    "text": "Grüße 😀",
    "path": "src/main.py",
    "yes": True,
    "nothing": None,
    "empty": {},
    "tags": ["red", "green"],
    "numbers": [3, 1, 2],
    "fix": {"patch": {"size": 3, "by-hand": True}, "score": 0.5, "notes": None},
    "items": [{"name": "a", "n": 1}, {"name": "b", "n": 5}],
    "now": datetime(2026, 1, 31, 12, tzinfo=UTC),
}
ENVIRONMENT = Environment({**dict.fromkeys(VALUES), "now": TIMESTAMP})


def answer(source: str) -> Any:  # noqa: ANN401 - any value
    """What the expression comes to for the values of this page."""
    return ENVIRONMENT.compile(source).evaluate(VALUES)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # Literals
        ("null", None),
        ("true", True),
        ("42", 42),
        ("-9223372036854775808", -(2**63)),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("'a' + \"b\"", "ab"),
        (r"'tab\t quote\' \u00e9'", "tab\t quote' é"),
        (r"r'\d+'", r"\d+"),
        ("'''two\nlines'''", "two\nlines"),
        ("[1, 'a', null, [2]]", [1, "a", None, [2]]),
        ("{'b': 1, 'a': [2]}", {"a": [2], "b": 1}),
        ("1 // the rest of the line is a comment", 1),
        # Arithmetic
        ("1 + 2 * 3 - 4", 3),
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("-7 % 3", -1),
        ("7.0 / 2.0", 3.5),
        ("n * 2 - n", 7),
        ("-n", -7),
        ("half + whole", 2.5),
        # Comparison: numbers of both kinds compare where they come from values
        ("n > 5 && n <= 7", True),
        ("n > 6.5", True),
        ("whole == 2", True),
        ("dyn(1) == 1.0", True),
        ("half < 1", True),
        ("'b' > 'a'", True),
        ("'a' == n", False),
        ("[1, 2] == [1, 2]", True),
        ("{'a': 1} == {'a': 1}", True),
        ("nothing == null", True),
        ("n != 7", False),
        # Logic
        ("!yes || n == 7", True),
        ("yes ? 'left' : 'right'", "left"),
        ("n > 100 ? 1 : n > 5 ? 2 : 3", 2),
        ("false && 1 / 0 == 1", False),
        ("true || 1 / 0 == 1", True),
        # Membership, fields and indexes
        ("'red' in tags", True),
        ("'size' in fix.patch", True),
        ("4 in numbers", False),
        ("fix.patch.size", 3),
        ("fix['patch']['size']", 3),
        ("fix.patch.`by-hand`", True),
        ("numbers[0]", 3),
        ("items[1].name", "b"),
        ("fix.notes", None),
        # Text
        ("size(text)", 7),
        ("text.size()", 7),
        ("path.startsWith('src/')", True),
        ("path.endsWith('.py')", True),
        ("path.contains('main')", True),
        ("path.matches('^src/[a-z]+[.]py$')", True),
        ("path.split('/')", ["src", "main.py"]),
        ("tags.join(', ')", "red, green"),
        ("path.replace('/', '.')", "src.main.py"),
        ("path.replace('a', 'o', 1)", "src/moin.py"),
        ("path.substring(4)", "main.py"),
        ("path.substring(4, 8)", "main"),
        ("path.indexOf('/')", 3),
        ("path.lastIndexOf('.')", 8),
        ("path.charAt(0)", "s"),
        ("'  a '.trim()", "a"),
        ("'aB'.lowerAscii() + 'aB'.upperAscii()", "abAB"),
        ("'abc'.reverse()", "cba"),
        ("'%s has %d of %.1f'.format(['a', 2, 0.25])", "a has 2 of 0.2"),
        ("strings.quote('a\"b')", '"a\\"b"'),
        # Turning one into another
        ("string(n) + '!'", "7!"),
        ("string(1.5)", "1.5"),
        ("string(true)", "true"),
        ("int('12') + int(3.9)", 15),
        ("double('1.5') + double(2)", 3.5),
        ("bool('true')", True),
        ("type(n) == int && type(text) == string && type(half) == double", True),
        ("type(tags) == list && type(fix) == map && type(nothing) == null_type", True),
        # Lists and maps
        ("size(tags) + size(fix)", 5),
        ("tags + ['blue']", ["red", "green", "blue"]),
        ("numbers.map(x, x * 2)", [6, 2, 4]),
        ("numbers.map(x, x > 1, x * 2)", [6, 4]),
        ("numbers.filter(x, x > 1)", [3, 2]),
        ("items.filter(i, i.n > 1).map(i, i.name)", ["b"]),
        ("numbers.all(x, x > 0)", True),
        ("numbers.exists(x, x == 2)", True),
        ("numbers.exists_one(x, x > 2)", True),
        ("[].all(x, x > 0)", True),
        ("[].exists(x, true)", False),
        ("fix.patch.all(key, key in ['size', 'by-hand'])", True),
        ("{'a': 1, 'b': 2}.filter(key, key != 'a')", ["b"]),
        ("items.exists(i, i.name == 'b' && numbers.exists(x, x < i.n))", True),
        # What may be absent
        ("has(fix.patch)", True),
        ("has(fix.patch.nothing)", False),
        ("has(fix.notes)", True),
        ("has(empty.x)", False),
        ("has(empty.x) ? empty.x : 'none'", "none"),
        ("empty.?x.orValue(3)", 3),
        ("fix.?patch.?size.orValue(0)", 3),
        ("fix.?patch.size.orValue(0)", 3),
        ("empty.?x.?y.orValue('none')", "none"),
        ("numbers[?9].orValue(0)", 0),
        ("empty[?'x'].orValue(0)", 0),
        ("empty.?x.or(fix.?score).orValue(0.0)", 0.5),
        ("fix.?score.hasValue()", True),
        ("fix.?score.optMap(s, s * 2.0).orValue(0.0)", 1.0),
        ("empty.?x.optMap(s, s * 2).orValue(0)", 0),
        ("optional.of(n).value()", 7),
        ("{'a': 1, ?'b': empty.?x}", {"a": 1}),
        ("[1, ?empty.?x, 2]", [1, 2]),
        ("numbers.first().orValue(0) + numbers.last().orValue(0)", 5),
        # Mathematics
        ("math.greatest(n, 3, 9)", 9),
        ("math.least(numbers)", 1),
        ("math.ceil(1.2) + math.floor(1.8) + math.round(1.5) + math.trunc(-1.5)", 4.0),
        ("math.abs(-3) + math.sign(-3)", 2),
        ("math.sqrt(9.0)", 3.0),
        ("math.isNaN(0.0 / 0.0)", True),
        ("math.bitAnd(6, 3)", 2),
        # Time
        ("timestamp('2026-01-31T12:00:00Z') == now", True),
        ("now + duration('90m')", "2026-01-31T13:30:00Z"),
        ("now - duration('1.5s')", "2026-01-31T11:59:58.500000Z"),
        ("now - timestamp('2026-01-31T11:00:00+01:00')", "7200s"),
        ("duration('1h30m')", "5400s"),
        ("duration('-1.25s')", "-1.25s"),
        ("duration('2h') > duration('90m')", True),
        ("now.getFullYear() * 100 + now.getMonth()", 202600),
        ("now.getDayOfWeek()", 6),
        ("now.getHours('+01:30')", 13),
        ("duration('90m').getMinutes()", 90),
        ("int(now)", 1769860800),
        ("string(now)", "2026-01-31T12:00:00Z"),
        ("now", "2026-01-31T12:00:00Z"),
    ],
)
def test_an_expression_means(source: str, expected: object) -> None:
    """Authors rely on each of these; the type counts as well as the value."""
    found = answer(source)

    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("fix.nosuch", "key `nosuch` is missing in `${fix.nosuch}`"),
        ("empty.x > 1", "key `x` is missing in `${empty.x > 1}`"),
        ("nothing.x", "`nothing` is null, which has no field `x`, in `${nothing.x}`"),
        ("fix.score.x", "`fix.score` is 0.5, which has no field `x`, in `${fix.score.x}`"),
        ("n + text", "`+` does not work on an integer and text in `${n + text}`"),
        ("n + half", "`+` does not work on an integer and a decimal number in `${n + half}`"),
        ("yes && n", "`&&` needs true or false on both sides in `${yes && n}`"),
        ("n ? 1 : 2", "the condition before `?` is not true or false in `${n ? 1 : 2}`"),
        ("numbers[3]", "there is no item 3 in a list of 3 in `${numbers[3]}`"),
        ("numbers[-1]", "there is no item -1 in a list of 3 in `${numbers[-1]}`"),
        ("numbers['a']", "a list is indexed with text in `${numbers['a']}`"),
        ("n / 0", "something is divided by zero in `${n / 0}`"),
        ("big * 4", "an integer is beyond 64 bits in `${big * 4}`"),
        ("int('x')", "text is not an integer in `${int('x')}`"),
        ("timestamp(path)", "text is not a time (write it as `2026-01-31T12:00:00Z`) in `${timestamp(path)}`"),
        ("duration(path)", "text is not a duration (write it as `90s` or `1h30m`) in `${duration(path)}`"),
        ("n.map(x, x)", "something that is no list or map has no items in `${n.map(x, x)}`"),
        ("size(n)", "`size` does not work on an integer in `${size(n)}`"),
        (
            "optional.none().value()",
            "an optional without a value is asked for its value in `${optional.none().value()}`",
        ),
        ("{path: 1, path: 2}", "a map has the same key twice in `${{path: 1, path: 2}}`"),
        ("0.0 / 0.0", "the answer is nan, which JSON cannot hold: pass null or text in `${0.0 / 0.0}`"),
        ("1e308 * 10.0", "the answer is inf, which JSON cannot hold: pass null or text in `${1e308 * 10.0}`"),
        ("{1: 'a'}", "the answer has the key 1: keys of a map are text in `${{1: 'a'}}`"),
        (
            "dyn(b'a')",
            "the answer is bytes: encode them as text, or keep them outside and pass their address in `${dyn(b'a')}`",
        ),
        (
            "18446744073709551615u",
            "the answer is an integer beyond 64 bits: pass it as text in `${18446744073709551615u}`",
        ),
    ],
)
def test_an_error_says_what_is_wrong_and_in_which_expression(source: str, message: str) -> None:
    """The runtime returns errors as values: taken for an answer, a missing key would pass a gate."""
    with pytest.raises(EvaluationError) as raised:
        answer(source)

    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("source", "message", "at"),
    [
        ("1 == 1.0", "`==` cannot compare an integer and a decimal number", "=="),
        ("1 + 'a'", "`+` does not work on an integer and text", "+"),
        ("'a' && true", "`&&` does not work on text and true or false", "&&"),
        ("1 ? 2 : 3", "the condition before `?` is an integer, not true or false", "?"),
        ("yes ? 1 : 'a'", "`? :` gives an integer or text: both must be of one type", "?"),
        ("'a'.b", "text has no fields", ".b"),
        ("now + 1", "`+` does not work on a time and an integer", "+"),
        ("len(tags)", "there is no function `len`", "len"),
        ("tags.size(1)", "`size` is not used like this", "size"),
        ("empty.?x", "the answer may be absent", "empty"),
        ("b'abc'", "the answer is bytes, which no value can hold", "b'"),
        ("type(n)", "the answer is a type, which no value can hold", "type"),
        (
            "google.protobuf.Int64Value{value: 1}",
            "`google.protobuf.Int64Value{…}` makes a message: values are plain data",
            "g",
        ),
    ],
)
def test_what_can_never_work_is_refused_when_the_graph_is_compiled(source: str, message: str, at: str) -> None:
    """Literals are strict and values are not: the sooner an author learns it, the better."""
    with pytest.raises(ExpressionProblem) as raised:
        ENVIRONMENT.compile(source)

    assert raised.value.message == message
    assert source[raised.value.offset :].startswith(at)


def test_an_error_beside_something_true_is_swallowed_by_or() -> None:
    """CEL says so, and it is known: conditions that must not swallow a missing key ask with `has` first."""
    assert answer("empty.nosuch == 1 || yes") is True
    assert answer("empty.nosuch == 1 && !yes") is False


@pytest.mark.parametrize(
    "source", ["[dyn(empty.?x)]", "{'a': dyn(fix.?score)}", "[[1], [dyn(fix.?score)]]", "dyn(fix.?score)"]
)
def test_an_optional_inside_an_answer_is_an_error_and_no_crash(source: str) -> None:
    """The runtime ends the whole process when it turns such an answer into plain data."""
    with pytest.raises(EvaluationError, match="optional: end it with"):
        answer(source)


def test_lists_and_maps_come_back_as_plain_data() -> None:
    """The runtime hands out lazy views of its own memory, which must not reach an event."""
    found = answer("{'z': items, 'a': fix.patch}")

    assert (type(found), type(found["z"]), type(found["z"][0])) == (dict, list, dict)
    assert list(found) == ["a", "z"]
