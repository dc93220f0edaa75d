"""What goes wrong with an expression, in words for whoever wrote it: the two errors, and the runtime's texts rewritten.

The runtime speaks in C++ statuses, overloads and token names. What it says is mapped here, by tables; a text that no
table knows is passed on without its status word rather than swallowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, TypeAlias

from interlock.core.problems import nearest


class ExpressionProblem(Exception):
    """An expression that cannot stand: what is wrong, at which character of its source, and what to do."""

    def __init__(self, message: str, offset: int = 0, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.advice = advice


class EvaluationError(Exception):
    """An expression that has no answer for the values it was given; the message names the expression."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Said(NamedTuple):
    """One complaint of the runtime: what it said, and where in the source."""

    text: str
    offset: int


def complaints(text: str, source: str) -> list[Said]:
    """What the runtime's compile error says, with its lines and columns turned into offsets."""
    found = [
        Said(message.strip(), _offset(source, int(line), int(column))) for line, column, message in _PLACE.findall(text)
    ]
    return found or [Said(_without_status(text), 0)]


def why_not_read(text: str, source: str) -> ExpressionProblem:
    """Why the source could not be parsed."""
    return _in_words(complaints(text, source)[0], source, _UNREADABLE)


def why_not_typed(text: str, source: str) -> Said:
    """The complaint of the type check that matters most: an unknown function explains the rest."""
    said = complaints(text, source)
    functions = [one for one in said if _UNDECLARED.match(one.text) and source[one.offset : one.offset + 1] == "("]
    return (functions or said)[0]


def type_problem(said: Said, source: str) -> ExpressionProblem:
    """A complaint of the type check, whose offset is one in this source."""
    return _in_words(said, source, _ILL_TYPED)


def why_no_answer(text: str) -> str:
    """Why an evaluation gave an error, as the part of a sentence before `in ${…}`."""
    plain = _without_status(text)
    for pattern, rewrite in _UNANSWERED:
        if match := pattern.search(plain):
            return rewrite(match) if callable(rewrite) else match.expand(rewrite)
    return plain


def shown(source: str, limit: int = 120) -> str:
    """An expression as a message names it, cut where it is long."""
    line = " ".join(source.split())
    return f"`${{{line if len(line) <= limit else line[: limit - 1] + '…'}}}`"


# --- Rewriting --------------------------------------------------------------------------------------------------------

Words: TypeAlias = tuple[str, str]
Rewrite: TypeAlias = Callable[[re.Match[str]], Words]

_PLACE: Final = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): ([^\n]*)")
_STATUS: Final = re.compile(r"^(?:[A-Z_]{5,}: )+|\s*\[[A-Z_]{5,}\]\s*$|\s*\(in container '[^']*'\)")
_UNDECLARED: Final = re.compile(r"undeclared reference to '([^']*)'")


def _offset(source: str, line: int, column: int) -> int:
    """The runtime counts both from one, in characters; it says -1 where it does not know."""
    if line < 1 or column < 1:
        return 0
    lines = source.split("\n")
    return min(sum(len(before) + 1 for before in lines[: line - 1]) + column - 1, len(source))


def _without_status(text: str) -> str:
    return _STATUS.sub("", text).strip()


def _in_words(said: Said, source: str, table: Iterable[tuple[re.Pattern[str], Rewrite]]) -> ExpressionProblem:
    plain = _without_status(said.text)
    for pattern, rewrite in table:
        if match := pattern.search(plain):
            message, advice = rewrite(match)
            return ExpressionProblem(message, _start_of_name(source, said.offset), advice)
    return ExpressionProblem(plain, said.offset)


def _start_of_name(source: str, offset: int) -> int:
    """The runtime points at the bracket of a call; people look at its name."""
    if source[offset : offset + 1] != "(":
        return offset
    name = re.search(r"\w+\s*$", source[:offset])
    return name.start() if name else offset


def _unexpected(match: re.Match[str]) -> Words:
    token = match[1]
    if token in {"<EOF>", ""}:
        return "the expression ends too early", "write what is missing at its end"
    return f"`{token}` cannot stand here", INSTEAD.get(token.strip(), "")


def _unreadable(match: re.Match[str]) -> Words:
    token = match[1].strip()
    if token[:1] in {'"', "'"}:
        return "the text that begins here is not closed", f"end it with {token[0]}"
    return f"`{token}` means nothing in an expression", INSTEAD.get(token[:1], "")


INSTEAD: Final = {  # what people write out of the habit of other languages, and what to write
    "and": "write `&&`",
    "or": "write `||`",
    "not": "write `!`",
    "is": "write `==`",
    "if": "write `condition ? this : that`",
    "else": "write `condition ? this : that`",
    "None": "write `null`",
    "True": "write `true`",
    "False": "write `false`",
    "=": "to compare, write `==`",
    "&": "write `&&`",
    "|": "write `||`",
    ";": "an expression is one expression: there are no statements",
    "$": "inside `${…}` names stand without `$`",
}
_TOO_DEEP: Final = (
    "the expression is nested too deeply (at most 32 levels, and each `+` or `.` of a chain is one)",
    "compute a part of it in a `value` node, or write `[a, b, c].join()` for a long `a + b + c`",
)
TOO_MANY_LOOPS: Final = (
    "too many of `map`, `filter`, `exists`… stand in one expression, one inside or after the other",
    0,
    "compute a part of it in a `value` node",
)
_UNREADABLE: Final[tuple[tuple[re.Pattern[str], Rewrite], ...]] = (
    (re.compile(r"recursion (?:depth|limit)"), lambda _: _TOO_DEEP),
    (re.compile(r"node count exceeded"), lambda _: ("the expression is too large", "split it over `value` nodes")),
    (re.compile(r"token recognition error at: '(.*)'?$", re.DOTALL), lambda m: _unreadable(_without_quote(m))),
    (re.compile(r"(?:mismatched|extraneous) input '(.*?)' expecting"), _unexpected),
    (re.compile(r"no viable alternative at input '(.*)'"), _unexpected),
    (re.compile(r"missing .* at '(.*)'"), _unexpected),
    (
        re.compile(r"reserved identifier: (\w+)"),
        lambda m: (f"`{m[1]}` is a word of the expression language and cannot be a name", ""),
    ),
    (
        re.compile(r"invalid (int|uint) literal"),
        lambda _: ("this integer is beyond 64 bits", "write it as text, or as a decimal number"),
    ),
    (
        re.compile(r"(\w+)\(\) variable name must be a simple identifier"),
        lambda m: (f"the first argument of `{m[1]}` is a new name", f"write `list.{m[1]}(x, …x…)`"),
    ),
    (
        re.compile(r"has\(\) argument must be a field selection"),
        lambda _: ("`has` asks for a field", "write `has(a.b)`; for a list, `size(a) > 0`"),
    ),
    (re.compile(r"Invalid string literal: (.*)"), lambda m: (f"this text cannot be read: {m[1]}", "")),
    (re.compile(r"Syntax error: (.*)"), lambda m: (m[1], "")),
)


def _without_quote(match: re.Match[str]) -> re.Match[str]:
    """The closing quote belongs to the runtime's sentence, not to the token it names."""
    found = re.fullmatch(r"(.*?)'?", match[1], re.DOTALL)
    assert found is not None, "any text matches"
    return found


FUNCTIONS: Final = frozenset(
    "all bool bytes ceil charAt contains double duration dyn endsWith exists exists_one filter first floor format"
    " getDate getDayOfMonth getDayOfWeek getDayOfYear getFullYear getHours getMilliseconds getMinutes getMonth"
    " getSeconds greatest has hasValue indexOf int join last lastIndexOf least lowerAscii map matches of ofNonZeroValue"
    " none optFlatMap optMap or orValue quote replace reverse round sign size split sqrt startsWith string substring"
    " timestamp trim trunc type uint upperAscii value abs isNaN isInf isFinite bitAnd bitOr bitXor bitNot bitShiftLeft"
    " bitShiftRight".split()
)
"""The functions there are: known here to suggest the nearest."""


def _unknown_function(match: re.Match[str]) -> Words:
    name = match[1]
    if name in FUNCTIONS:
        return f"`{name}` is not used like this", "check what stands before it and how many arguments it has"
    meant = _ELSEWHERE.get(name) or nearest(name, sorted(FUNCTIONS))
    return f"there is no function `{name}`", f"did you mean `{meant}`?" if meant else ""


_ELSEWHERE: Final = {
    "len": "size",
    "length": "size",
    "count": "size",
    "lower": "lowerAscii",
    "upper": "upperAscii",
    "strip": "trim",
    "any": "exists",
    "str": "string",
    "float": "double",
    "max": "math.greatest",
    "min": "math.least",
    "includes": "contains",
}


def _no_overload(match: re.Match[str]) -> Words:
    operator, types = _operator(match[1]), [_type_in_words(each) for each in _split_types(match[2])]
    if operator == "? :":
        return _bad_choice(types)
    if operator in {"==", "!=", "<", "<=", ">", ">="} and set(types) <= {"an integer", "a decimal number"}:
        return (
            f"`{operator}` cannot compare {' and '.join(types)}",
            "write both as decimal numbers (`1.0`, `double(x)`)",
        )
    if operator in _OPERATORS:
        return f"`{operator}` does not work on {' and '.join(types)}", _mend(types)
    return f"`{operator}` does not work on {', '.join(types) or 'nothing'}", ""


def _bad_choice(types: list[str]) -> Words:
    condition, *answers = types
    if condition not in {"true or false", "anything"}:
        return f"the condition before `?` is {condition}, not true or false", "compare it with something"
    return f"`? :` gives {' or '.join(answers)}: both must be of one type", "wrap one in `dyn(…)` if that is meant"


def _mend(types: list[str]) -> str:
    if "text" in types and len(set(types)) > 1:
        return "turn one into the other with `string(…)`, `int(…)` or `double(…)`"
    if set(types) == {"an integer", "a decimal number"}:
        return "write both as decimal numbers (`1.0`, `double(x)`)"
    return ""


def _no_overload_found(match: re.Match[str]) -> str:
    operator = _operator(match[1].strip())
    if operator in {"&&", "||"}:
        return f"`{operator}` needs true or false on both sides"
    types = [_type_in_words(each) for each in _split_types(match[2] or "")]
    return f"`{operator}` does not work on {' and '.join(types) or 'these values'}"


_ILL_TYPED: Final[tuple[tuple[re.Pattern[str], Rewrite], ...]] = (
    (re.compile(r"found no matching overload for '([^']*)' applied to '\((.*)\)'"), _no_overload),
    (_UNDECLARED, _unknown_function),
    (
        re.compile(r"expression of type '([^']*)' cannot be the operand of a select"),
        lambda m: (f"{_type_in_words(m[1])} has no fields", ""),
    ),
    (
        re.compile(r"expression of type '([^']*)' cannot be the range"),
        lambda m: (f"{_type_in_words(m[1])} has no items", ""),
    ),
)

_UNANSWERED: Final[tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r'Key not found in map : "?(.*?)"?$', re.DOTALL), r"key `\1` is missing"),
    (re.compile(r'No value with name "(.*)" found'), r"`\1` has no value"),
    (re.compile(r"Applying SELECT to non-message type"), "a field is taken of something that is no map"),
    (re.compile(r"Index error: index=(-?\d+) size=(\d+)"), r"there is no item \1 in a list of \2"),
    (
        re.compile(r"Index error: expected integer type, got (\w+)"),
        lambda m: f"a list is indexed with {_type_in_words(m[1])}",
    ),
    (re.compile(r"Invalid container type: '(.*)'"), lambda m: f"{_type_in_words(m[1])} has no items to index"),
    (re.compile(r"divide by zero|modulus by zero"), "something is divided by zero"),
    (
        re.compile(r"integer overflow|int64 range|uint64 range|unsigned integer overflow"),
        "an integer is beyond 64 bits",
    ),
    (re.compile(r"(timestamp|duration) overflow"), r"a \1 is out of range"),
    (re.compile(r"No matching overloads found : <jump_condition>"), "the condition before `?` is not true or false"),
    (re.compile(r"No matching overloads found : <iter_range>"), "something that is no list or map has no items"),
    (
        re.compile(r"No matching overloads found : \((\w+)\)\.(value|hasValue)\(\)"),
        r"`\2` or `optMap` is used on something that is not optional (`a.?b` is)",
    ),
    (re.compile(r"No matching overloads found : ([^(]+)(?:\((.*)\))?$"), _no_overload_found),
    (re.compile(r"cannot convert string to (\w+)"), lambda m: f"text is not {_type_in_words(m[1])}"),
    (re.compile(r"String to Timestamp conversion failed"), "text is not a time (write it as `2026-01-31T12:00:00Z`)"),
    (re.compile(r"String to Duration conversion failed"), "text is not a duration (write it as `90s` or `1h30m`)"),
    (re.compile(r"optional.none\(\) dereference"), "an optional without a value is asked for its value"),
    (re.compile(r"invalid regular expression: (.*)"), r"the pattern is no regular expression (\1)"),
    (re.compile(r"regular expression too large"), "the pattern is too large"),
    (re.compile(r"[Ii]teration budget exceeded"), "it took too many steps (at most 10,000 items are visited)"),
    (re.compile(r"bad_alloc"), "there was not enough memory for it"),
    (re.compile(r"duplicate key in map"), "a map has the same key twice"),
    (re.compile(r"Invalid map key type: '(.*)'"), lambda m: f"{_type_in_words(m[1])} cannot be a key"),
)


# --- Words for types and operators ------------------------------------------------------------------------------------

_OPERATORS: Final = frozenset("+ - * / % < <= > >= == != && || ! in".split())
_TYPE_WORDS: Final = {
    "string": "text",
    "int": "an integer",
    "int64": "an integer",
    "uint": "an unsigned integer",
    "uint64": "an unsigned integer",
    "double": "a decimal number",
    "bool": "true or false",
    "list": "a list",
    "map": "a map",
    "null": "null",
    "null_type": "null",
    "timestamp": "a time",
    "google.protobuf.Timestamp": "a time",
    "duration": "a duration",
    "google.protobuf.Duration": "a duration",
    "bytes": "bytes",
    "dyn": "anything",
    "optional_type": "an optional (end it with `.orValue(…)`)",
    "type": "a type",
}


def _type_in_words(name: str) -> str:
    return _TYPE_WORDS.get(name.partition("(")[0].strip(), name)


def _operator(name: str) -> str:
    if name == "_?_:_":
        return "? :"
    if name in {"_[_]", "_[?_]"}:
        return "[ ]"
    return name.strip("_@")


def _split_types(text: str) -> list[str]:
    """The types of a call's arguments: commas inside brackets belong to one type."""
    parts: list[str] = []
    depth = start = 0
    for at, sign in enumerate(text):
        if sign == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
        depth += (sign == "(") - (sign == ")")
    last = text[start:].strip()
    return [*parts, last] if last else parts
