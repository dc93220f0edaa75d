"""Compiling expressions: reading them, checking the names and fields they use, and checking their types.

Programs are made from parsed sources, which need no declarations at all; the type check is a check alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from cel_expr_python import cel

from interlock.core.cel import cost
from interlock.core.cel.declared_types import FieldType, fields_of, is_closed
from interlock.core.cel.evaluation import Checked, Expression
from interlock.core.cel.map_order import in_map_order, keys_in_order
from interlock.core.cel.mentions import Mention, Reading, field_offset, goes_over, guarded_roots, minimal, read_mentions
from interlock.core.cel.stand_ins import PREFIX, Disguised, StandIns, new_env
from interlock.core.cel.syntax_tree import Call, Const, MapOf, Parsed, Tree, every, read_parsed
from interlock.core.cel.wording import (
    INSTEAD,
    TOO_MANY_LOOPS,
    ExpressionProblem,
    Said,
    type_problem,
    why_not_read,
    why_not_typed,
)
from interlock.core.problems import nearest

SOURCE_LENGTH_MAX: Final = 16 * 1024
RESERVED_WORDS: Final = frozenset(
    "as break const continue else false for function if import in let loop namespace null package return true var void"
    " while".split()
)
TYPE_NAMES: Final = frozenset("type bool int uint double string bytes list map dyn null_type optional_type".split())

_NO_NAMES_OF_NODES: Final = frozenset({*TYPE_NAMES, "google"})
_SERIALIZED_MAX: Final = 1024 * 1024
_UNWANTED_ANSWERS: Final = {
    "BYTES": ("the answer is bytes, which no value can hold", "turn them into text with `string(…)`"),
    "TYPE<DYN>": ("the answer is a type, which no value can hold", "compare it: `type(x) == int`"),
}


class _Verdict(NamedTuple):
    """What the type check says of a source."""

    return_type: str
    holds_optionals: bool


class Environment:
    """The names of one graph with their types, and the expressions compiled with them."""

    def __init__(self, names: Mapping[str, FieldType]) -> None:
        self._names = dict(names)
        self._stand_ins = StandIns(self._names)
        self._verdicts: dict[str, _Verdict] = {}
        self._bare: cel.Env | None = None

    def compile(self, source: str, *, visible: Collection[str] | None = None) -> Expression:
        """The checked expression, or an `ExpressionProblem`. `visible`: the names that may be used where it stands."""
        parsed = self._parse(source)
        reading = read_mentions(parsed)
        seen: Collection[str] = self._names if visible is None else visible
        mentions = tuple(mention for mention in reading.mentions if not self._is_type_name(mention))
        parts = tuple(every(parsed.tree))
        _refuse_messages(parts, parsed.offsets)
        _refuse_nul(parts, parsed.offsets)
        _refuse_named_zones(parts, parsed.offsets)
        self._refuse_unseen(mentions, seen)
        self._refuse_shadowing(reading, source, seen)
        for mention in mentions:
            self._refuse_unknown_field(mention, source)
        verdict = self._check(source, mentions)
        checked = Checked(
            source=source,
            runs=self._stand_ins.with_times(source, mentions),
            mentions=minimal(mention.chain for mention in mentions),
            guarded=guarded_roots(mentions),
            return_type=verdict.return_type,
            holds_optionals=verdict.holds_optionals,
            times=frozenset(m.chain[0] for m in mentions if self._stand_ins.has_times(m.chain[0])),
            goes_over=goes_over(parsed, mentions),
            watch=cost.watch(parsed.tree, parts, {mention.chain[0] for mention in mentions}),
        )
        if reading.variables:
            self._refuse_unrunnable(checked.runs)
        return Expression(checked, self)

    def program(self, source: str) -> cel.Expression:
        """The runnable form of a source that has been checked before."""
        return self._untyped.deserialize(in_map_order(self._untyped.compile(source, disable_check=True).serialize()))

    @property
    def _untyped(self) -> cel.Env:
        """Where sources are parsed and programs are made, without a type check."""
        if self._bare is None:
            self._bare = new_env({}, functions=[keys_in_order()])
        return self._bare

    def _parse(self, source: str) -> Parsed:
        _refuse_oversize(source)
        _refuse_odd_characters(source)
        _refuse_doubling(source)
        try:
            serialized = self._untyped.compile(source, disable_check=True).serialize()
        except RuntimeError as error:
            raise why_not_read(str(error), source) from None
        if len(serialized) > _SERIALIZED_MAX:
            raise ExpressionProblem("the expression is too large", 0, "split it over `value` nodes")
        return read_parsed(serialized)

    def _refuse_unrunnable(self, source: str) -> None:
        """Loops that go through maps in order are deeper than those as written, and there is an end to depth."""
        try:
            self.program(source)
        except RuntimeError:
            raise ExpressionProblem(*TOO_MANY_LOOPS) from None

    def _is_type_name(self, mention: Mention) -> bool:
        return mention.chain[0] in _NO_NAMES_OF_NODES and mention.chain[0] not in self._names

    def _refuse_unseen(self, mentions: Iterable[Mention], seen: Collection[str]) -> None:
        for mention in mentions:
            name = mention.chain[0]
            if name in seen:
                continue
            if name in self._names:
                raise ExpressionProblem(f"`{name}` cannot be seen from here", mention.offset)
            if name.startswith("."):
                raise ExpressionProblem("a name does not begin with a dot", mention.offset, f"write `{name[1:]}`")
            meant = _nearest(name, seen)
            advice = INSTEAD.get(name) or (f"did you mean `{meant}`?" if meant else "")
            raise ExpressionProblem(f"`{name}` is not a name that can be used here", mention.offset, advice)

    def _refuse_shadowing(self, reading: Reading, source: str, seen: Collection[str]) -> None:
        for variable in reading.variables:
            if variable.name in seen:
                why = f"the variable `{variable.name}` hides the name `{variable.name}`"
            elif variable.name in TYPE_NAMES:
                why = f"the variable `{variable.name}` hides the type `{variable.name}`"
            elif variable.name.startswith(PREFIX):
                why = f"the variable `{variable.name}` begins with `{PREFIX}`, which is kept for the machine"
            else:
                continue
            at = re.compile(rf"\b{re.escape(variable.name)}\b").search(source, variable.offset)
            raise ExpressionProblem(why, at.start() if at else variable.offset, "call the variable something else")

    def _refuse_unknown_field(self, mention: Mention, source: str) -> None:
        schema = self._names.get(mention.chain[0])
        for depth, field in enumerate(mention.chain[1:], start=1):
            fields = fields_of(schema)
            if field not in fields and is_closed(schema):
                meant = nearest(field, fields)
                known = ", ".join(f"`{each}`" for each in list(fields)[:8]) or "none"
                raise ExpressionProblem(
                    f"`{'.'.join(mention.chain[:depth])}` has no field `{field}`",
                    field_offset(source, mention, depth),
                    f"did you mean `{meant}`?" if meant else f"its fields are: {known}",
                )
            schema = fields.get(field)

    def _check(self, source: str, mentions: Iterable[Mention]) -> _Verdict:
        disguised = self._stand_ins.disguise(source, mentions)
        verdict = self._verdicts.get(disguised.source)
        if verdict is None:
            verdict = self._verdicts[disguised.source] = self._judge(source, disguised)
        return verdict

    def _judge(self, source: str, disguised: Disguised) -> _Verdict:
        try:
            checked = self._stand_ins.env.compile(disguised.source)
        except RuntimeError as error:
            said = why_not_typed(str(error), disguised.source)
            raise type_problem(Said(said.text, disguised.original(said.offset)), source) from None
        return_type = checked.return_type().name()
        if return_type in _UNWANTED_ANSWERS:
            message, advice = _UNWANTED_ANSWERS[return_type]
            raise ExpressionProblem(message, 0, advice)
        if return_type.lower().startswith("optional"):
            raise ExpressionProblem("the answer may be absent", 0, "end it with `.orValue(…)`: what to take instead")
        return _Verdict(return_type, b"optional_type" in checked.serialize())


def _refuse_messages(parts: Iterable[Tree], offsets: Mapping[int, int]) -> None:
    for part in parts:
        if isinstance(part, MapOf) and part.message:
            raise ExpressionProblem(
                f"`{part.message}{{…}}` makes a message: values are plain data",
                offsets.get(part.id, 0),
                "write a map: `{'key': value}`",
            )


def _refuse_nul(parts: Iterable[Tree], offsets: Mapping[int, int]) -> None:
    """The runtime ends a text at this character when it hands it out."""
    for part in parts:
        if isinstance(part, Const) and part.has_nul:
            raise ExpressionProblem("the character U+0000 cannot stand in an expression", offsets.get(part.id, 0))


def _refuse_named_zones(parts: Iterable[Tree], offsets: Mapping[int, int]) -> None:
    """What a zone's name means depends on the machine, and an answer must not."""
    for part in parts:
        if isinstance(part, Call) and part.target and part.function in _PARTS_OF_A_TIME and part.args:
            zone = part.args[0]
            if not (isinstance(zone, Const) and zone.text and _FIXED_ZONE.fullmatch(zone.text)):
                raise ExpressionProblem(
                    f"`{part.function}` takes no named time zone, because its rules change from machine to machine",
                    offsets.get(zone.id, 0),
                    "write the distance from UTC: `'+01:00'`",
                )


_FIXED_ZONE: Final = re.compile(r"[+-]\d\d:\d\d|UTC")
_PARTS_OF_A_TIME: Final = frozenset(
    "getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes getSeconds"
    " getMilliseconds".split()
)


def _refuse_oversize(source: str) -> None:
    if len(source) > SOURCE_LENGTH_MAX:
        raise ExpressionProblem(
            f"the expression is {len(source):,} characters long: at most {SOURCE_LENGTH_MAX:,} are allowed",
            0,
            "compute parts of it in `value` nodes, or do it in a tool",
        )


def _refuse_odd_characters(source: str) -> None:
    odd = _ODD.search(source)
    if odd:
        raise ExpressionProblem(f"the character U+{ord(odd[0]):04X} cannot stand in an expression", odd.start())
    if not source.strip():
        raise ExpressionProblem("the expression is empty", 0, "write what it should come to")


def _refuse_doubling(source: str) -> None:
    """The parser writes what stands before an `optMap` twice, so twenty of them take it minutes and gigabytes."""
    found = list(_DOUBLES.finditer(source))
    if len(found) > _DOUBLES_MAX:
        raise ExpressionProblem(
            f"at most {_DOUBLES_MAX} `optMap` and `optFlatMap` may stand in one expression",
            found[_DOUBLES_MAX].start(),
            "compute a part of it in a `value` node",
        )


_DOUBLES: Final = re.compile(r"\bopt(?:Flat)?Map\b")
_DOUBLES_MAX: Final = 8
_ODD: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def _nearest(name: str, known: Collection[str]) -> str | None:
    """The name that was probably meant, among those of a like length: a graph may have 20,000."""
    return nearest(name, [each for each in known if abs(len(each) - len(name)) <= 3][:2_000])
