"""Whether a JSON Schema may be used: valid by draft 2020-12, self-contained, and of bounded size and cost.

A schema comes from an author, or from a tool somewhere else, so it is data to be judged: nothing is fetched, nothing is
run, and what would take for ever to apply is refused here rather than found out later.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, TypeAlias, cast

import jsonschema_rs

from interlock.core.canonical import INT_MIN
from interlock.core.problems import Place, Problem, nearest

SCHEMA_PARTS_MAX: Final = 20_000
SCHEMA_DEPTH_MAX: Final = 100
SCHEMA_VISITS_MAX: Final = 1_000_000
"""How many rules a schema may come to with its references written out: what judging one value can cost."""

_UNSIGNED_MAX: Final = 2**64 - 1
"""What some languages make of `unsigned`: no value is as large, but a bound may be, and can be written down."""

# An engine without backtracking: its time grows with the text and nothing else.
_PATTERNS: Final = jsonschema_rs.RegexOptions(size_limit=1 << 20, dfa_size_limit=1 << 21)

Rules: TypeAlias = dict[str, Any]
"""A schema that is a map: keywords, and what they ask for. (A schema may also be true or false.)"""

TYPES: Final = ("string", "integer", "number", "boolean", "object", "array", "null")


def check_schema(schema: object) -> list[Problem]:
    """What is wrong with a JSON Schema, each with its place inside it; nothing if it may be used."""
    for check in (_plain_data, _dialect, _references, _validity):
        if problems := list(check(schema)):
            return problems
    return []


def sub_schemas(rules: Rules, place: Place) -> Iterator[tuple[Place, Any]]:
    """The schemas directly inside a schema, with their places."""
    for keyword, inside in rules.items():
        if keyword in _HOLDS_ONE:
            yield (*place, keyword), inside
        elif keyword in _HOLDS_LIST and isinstance(inside, list):
            for index, each in enumerate(cast("list[Any]", inside)):
                yield (*place, keyword, index), each
        elif keyword in _HOLDS_MAP and isinstance(inside, dict):
            for name, each in cast("Rules", inside).items():
                yield (*place, keyword, name), each


_HOLDS_ONE: Final = frozenset(
    "items additionalProperties not if then else contains propertyNames unevaluatedItems unevaluatedProperties"
    " contentSchema".split()
)
_HOLDS_LIST: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_HOLDS_MAP: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


def _plain_data(schema: object) -> Iterator[Problem]:
    """A schema is JSON data of bounded size, and an object or a boolean."""
    if not isinstance(schema, (dict, bool)):
        yield Problem(place=(), message="a JSON Schema is a map", advice="write for example `{type: string}`")
        return
    waiting: list[tuple[Place, object]] = [((), schema)]
    count = 0
    while waiting:
        place, part = waiting.pop()
        count += 1
        if len(place) > SCHEMA_DEPTH_MAX or count > SCHEMA_PARTS_MAX:
            limits = f"at most {SCHEMA_PARTS_MAX:,} parts, {SCHEMA_DEPTH_MAX} levels"
            yield Problem(place=(), message=f"the schema is too large ({limits})", advice="describe less of the value")
            return
        match part:
            case dict():
                waiting += [((*place, str(key)), each) for key, each in cast("dict[object, object]", part).items()]
                if not all(isinstance(key, str) for key in cast("dict[object, object]", part)):
                    yield Problem(place=place, message="the keys of a schema are text")
            case list():
                waiting += [((*place, index), each) for index, each in enumerate(cast("list[object]", part))]
            case bool():
                pass
            case int() if not INT_MIN <= part <= _UNSIGNED_MAX:
                yield Problem(place=place, message="a number here has 64 bits at most", advice="leave the bound out")
            case float() if not math.isfinite(part):
                yield Problem(place=place, message="NaN and infinity are no JSON", advice="leave it out")
            case None | int() | float() | str():
                pass
            case _:
                yield Problem(place=place, message=f"a JSON Schema cannot hold a Python {type(part).__name__}")


def _dialect(schema: object) -> Iterator[Problem]:
    if isinstance(schema, dict):
        dialect = cast("Rules", schema).get("$schema", _DRAFT)
        if not isinstance(dialect, str) or dialect.rstrip("#") != _DRAFT:
            yield Problem(
                place=("$schema",), message="schemas here are read as draft 2020-12", advice="leave `$schema` out"
            )


def _validity(schema: object) -> Iterator[Problem]:
    """By the draft's own schema of schemas, and by whether the validator can be made."""
    try:
        new_validator(cast("Rules | bool", schema))
    except jsonschema_rs.ValidationError as error:
        # The library gives the first reason only, so all are asked for again; that takes a millisecond.
        place = tuple(error.instance_path)
        yield from list(_against_the_draft(schema)) or [_refused(place, error.message[:200])]
    except ValueError as error:
        yield Problem(place=(), message=str(error)[:200])


def new_validator(schema: Rules | bool) -> jsonschema_rs.Draft202012Validator:  # noqa: FBT001
    """A validator that fetches nothing and whose patterns never hang."""
    return jsonschema_rs.Draft202012Validator(schema, offline=True, pattern_options=_PATTERNS, validate_formats=True)


def _against_the_draft(schema: object) -> Iterator[Problem]:
    for error in new_validator({"$ref": _DRAFT}).iter_errors(schema):
        yield _invalid(tuple(error.instance_path), error)


def _refused(place: Place, message: str) -> Problem:
    is_pattern = place[-1:] == ("pattern",) or place[-2:-1] == ("patternProperties",)
    return _bad_pattern(place) if is_pattern else Problem(place=place, message=message)


def _invalid(place: Place, error: jsonschema_rs.ValidationError) -> Problem:
    written = error.instance
    if place and place[-1] == "type" and isinstance(written, str):
        meant = nearest(written, TYPES)
        advice = f"did you mean `{meant}`?" if meant else f"the types are {', '.join(TYPES)}"
        return Problem(place=place, message=f"`{written}` is not a type", advice=advice)
    keyword = place[-1] if place else "the schema"
    match error.kind:
        case jsonschema_rs.ValidationErrorKind.Format(format="regex"):
            return _bad_pattern(place)
        case jsonschema_rs.ValidationErrorKind.Format():
            advice = "what a reference cannot hold is written as `%` and two digits: `%20` for a blank"
            return Problem(place=place, message=f"`{keyword}` is no reference", advice=advice)
        case jsonschema_rs.ValidationErrorKind.PropertyNames(error=of_name):
            return _bad_pattern((*place, str(of_name.instance)))
        case jsonschema_rs.ValidationErrorKind.Type(types=types):
            return Problem(place=place, message=f"`{keyword}` must be {' or '.join(types)}")
        case _:
            return Problem(place=place, message=f"`{keyword}` is not written as JSON Schema wants it")


def _bad_pattern(place: Place) -> Problem:
    return Problem(
        place=place,
        message="this is no regular expression that can be used",
        advice="look-around and back-references are left out, so that no text can make a pattern run for ever",
    )


# --- References -------------------------------------------------------------------------------------------------------


ANCHORS: Final = ("$anchor", "$dynamicAnchor")
"""The keywords by which a part of a schema has a name that references may use."""


class Reach(NamedTuple):
    """How far a schema goes with its references written out."""

    visits: int
    """How many schemas it comes to; one that refers back to where it came from is counted once."""
    returns: int
    """How many references lead back: what can multiply at every level of a value."""


def reach(schema: Rules | bool) -> Reach:  # noqa: FBT001 - true and false are schemas
    """How far a checked schema goes."""
    return Reach(1, 0) if isinstance(schema, bool) else _References(schema).reach()


def _references(schema: object) -> Iterator[Problem]:
    """Each reference leads to a place in this schema, and all of them written out stay within bounds."""
    if not isinstance(schema, dict):
        return
    references = _References(cast("Rules", schema))
    broken = [*references.identities(), *references.broken()]
    yield from broken
    if not broken and references.reach().visits > SCHEMA_VISITS_MAX:
        message = "its references, written out, come to too many rules"
        yield Problem(place=(), message=message, advice="refer to each part less often")


class _References:
    """The references of one schema, and what they lead to."""

    def __init__(self, root: Rules) -> None:
        self._root = root
        self._every = list(every_schema(root))
        self._anchors: dict[str, Any] = {
            rules[word]: rules for _, rules in self._every for word in ANCHORS if isinstance(rules.get(word), str)
        }
        self._known: dict[str, Reach] = {}
        self._open: set[str] = set()

    def identities(self) -> Iterator[Problem]:
        """A part with an `$id` would give its references another base."""
        for place, rules in self._every:
            if place and "$id" in rules:
                yield Problem(place=(*place, "$id"), message="a part of a schema cannot have an identity of its own")

    def broken(self) -> Iterator[Problem]:
        """The references that lead out of the schema, or nowhere in it."""
        for place, rules in self._every:
            for word, reference in references_in(rules):
                if not reference.startswith("#"):
                    yield Problem(
                        place=(*place, word),
                        message=f"`{reference[:80]}` leads out of this schema: nothing is fetched",
                        advice="copy what it means under `$defs` and refer to `#/$defs/…`",
                    )
                elif self._target(reference) is None:
                    yield Problem(place=(*place, word), message=f"`{reference[:80]}` leads nowhere in this schema")

    def reach(self) -> Reach:
        """How far the schema goes."""
        return self._reach_by("#", 0)

    def _reach_by(self, reference: str, depth: int) -> Reach:
        if reference in self._open:
            return Reach(1, 1)
        if reference not in self._known:
            self._open.add(reference)
            self._known[reference] = self._reach_of(self._target(reference), depth)
            self._open.remove(reference)
        return self._known[reference]

    def _reach_of(self, rules: object, depth: int) -> Reach:
        if not isinstance(rules, dict):
            return Reach(1, 0)
        if depth > SCHEMA_DEPTH_MAX:
            return Reach(SCHEMA_VISITS_MAX + 1, 0)
        part = cast("Rules", rules)
        found = [
            self._reach_of(each, depth + 1)
            for place, each in sub_schemas(part, ())
            if place[0] not in {"$defs", "definitions"}
        ]
        found += [self._reach_by(reference, depth + 1) for _, reference in references_in(part)]
        return Reach(1 + sum(each.visits for each in found), sum(each.returns for each in found))

    def _target(self, reference: str) -> object:
        if not reference.startswith("#/"):
            return self._root if reference == "#" else self._anchors.get(_unquoted(reference[1:]))
        at: object = self._root
        for step in _unquoted(reference[2:]).split("/"):
            at = _inside(at, step.replace("~1", "/").replace("~0", "~"))
        return at


def _unquoted(text: str) -> str:
    return _QUOTED.sub(lambda found: bytes.fromhex(found[0].replace("%", "")).decode(errors="replace"), text)


_QUOTED: Final = re.compile("(?:%[0-9a-fA-F]{2})+")


def references_in(rules: Rules) -> list[tuple[str, str]]:
    """What one schema refers to, each with its keyword; not what those inside it do."""
    return [(word, rules[word]) for word in ("$ref", "$dynamicRef") if isinstance(rules.get(word), str)]


def every_schema(root: object) -> Iterator[tuple[Place, Rules]]:
    """A schema and all that are inside it, with their places."""
    waiting: list[tuple[Place, Any]] = [((), root)]
    while waiting:
        place, part = waiting.pop()
        if isinstance(part, dict):
            rules = cast("Rules", part)
            yield place, rules
            waiting += sub_schemas(rules, place)


def _inside(part: object, key: str) -> object:
    match part:
        case dict():
            return cast("Rules", part).get(key)
        case list():
            items = cast("list[object]", part)
            return items[int(key)] if key.isdecimal() and int(key) < len(items) else None
        case _:
            return None
