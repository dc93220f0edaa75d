"""Evaluating a compiled expression: passing in only what it mentions, and turning every bad end into words.

An answer is always a canonical value. The runtime returns its errors as values and hands out lists and maps that cannot
hold an optional without crashing the process, so nothing leaves here unexamined.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast

import msgspec
from msgspec import Struct

from interlock.core.canonical import canonical
from interlock.core.cel import cost
from interlock.core.cel.mentions import Chain
from interlock.core.cel.wording import EvaluationError, shown, why_no_answer
from interlock.core.values import Ref, Secret, Value, ValueProblem, instant_text

if TYPE_CHECKING:
    from cel_expr_python import cel

SLICE_LENGTH: Final = 1_000
"""How many items the runtime gets at a time of a list that can be taken in slices."""
ITEMS_MAX: Final = 100_000
"""The longest list that is taken in slices."""

# What is taken from each name: None for the whole value, else the fields that are selected from it.
Taken: TypeAlias = "dict[str, Taken] | None"


class Programs(Protocol):
    """What makes programs of sources: the environment."""

    def program(self, source: str) -> cel.Expression:
        """The runnable form of a source that has been checked before."""
        ...


class Checked(Struct, frozen=True):
    """What compiling found out about an expression."""

    source: str
    runs: str
    """The source as it is run: names that are times stand as `timestamp(name)`."""
    mentions: tuple[Chain, ...]
    guarded: frozenset[str]
    return_type: str
    holds_optionals: bool
    times: frozenset[str]
    """The names that are points in time or have a field that is."""
    goes_over: Chain | None
    """The list of a `map` or `filter` that is the whole expression and the only thing that reads it."""
    watch: cost.Watch | None


class Expression:
    """A checked expression: what it mentions, and its answer for given values. Immutable."""

    __slots__ = ("_checked", "_program", "_programs", "_taken", "mentions", "return_type", "roots", "source")

    def __init__(self, checked: Checked, programs: Programs) -> None:
        self.source: str = checked.source
        self.mentions: tuple[Chain, ...] = checked.mentions
        self.roots: tuple[str, ...] = tuple(sorted({chain[0] for chain in checked.mentions}))
        self.return_type: str = checked.return_type
        self._checked = checked
        self._taken = _taken(checked.mentions)
        self._programs = programs
        self._program: cel.Expression | None = None

    def is_guarded(self, root: str) -> bool:
        """Whether every mention of this name asks first, by `has(…)` or `.?`, so that it may be absent."""
        return root in self._checked.guarded

    def evaluate(self, values: Mapping[str, Any]) -> Value:
        """The answer as a canonical value, or an `EvaluationError`. A value that is absent is passed as `{}`."""
        data = self._data(values)
        self._refuse_nul(data)
        if self._checked.goes_over is not None:
            items = _along(data, self._checked.goes_over)
            if isinstance(items, list) and len(cast("list[Value]", items)) > SLICE_LENGTH:
                return self._evaluate_in_slices(data, self._checked.goes_over, cast("list[Value]", items))
        return self._answer(data)

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether the answer is true; an answer other than true and false is an `EvaluationError`."""
        answer = self.evaluate(values)
        if answer is True or answer is False:
            return answer
        raise EvaluationError(f"{shown(self.source)} is {_brief(answer)}, not true or false")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other._checked == self._checked

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"

    def _answer(self, data: Mapping[str, Any]) -> Value:
        if self._program is None:
            self._program = self._programs.program(self._checked.runs)
        if self._checked.watch is not None and not self._checked.watch.allows(data):
            raise self._failed("it would take too many steps or too much memory for these values: do it in a tool")
        try:
            answer = self._program.eval(data=data)
        except (RuntimeError, MemoryError) as error:
            raise self._failed(why_no_answer(str(error))) from None
        kind = answer.type().name()
        if kind in _PLAIN:
            return answer.value()
        if kind == "ERROR":
            raise self._failed(_error_in(answer, data, self.mentions))
        return self._canonical(self._with_care(answer) if self._checked.holds_optionals else answer.plain_value())

    def _evaluate_in_slices(self, data: dict[str, Any], chain: Chain, items: list[Value]) -> list[Value]:
        """The answer of a long `map` or `filter`: the runtime copies the list at each step, so it gets parts of it."""
        if len(items) > ITEMS_MAX:
            raise self._failed(f"a list of {len(items):,} items is too long (at most {ITEMS_MAX:,}): do it in a tool")
        answers: list[Value] = []
        for begins in range(0, len(items), SLICE_LENGTH):
            answers += self._answer(_with_instead(data, chain, items[begins : begins + SLICE_LENGTH]))
        return answers

    def _data(self, values: Mapping[str, Any]) -> dict[str, Any]:
        times = self._checked.times
        data: dict[str, Any] = {}
        for root, taken in self._taken.items():
            if root in values:
                value = _pruned(values[root], taken)
                data[root] = _with_text_for_times(value) if root in times else value
        return data

    def _refuse_nul(self, data: Mapping[str, Any]) -> None:
        """The runtime ends a text at U+0000 when it hands it out: a cut answer would be a false one."""
        if b"\\u0000" in _AS_JSON.encode(data):
            for root, value in data.items():
                if _has_nul(value):
                    raise self._failed(f"`{root}` is or holds text with the character U+0000, which cannot be read")

    def _canonical(self, answer: object) -> Value:
        try:
            return canonical(answer, where="the answer")
        except ValueProblem as problem:
            raise self._failed(str(problem)) from None

    def _with_care(self, answer: cel.Value) -> object:
        """The plain form of an answer that might hold optionals, which `plain_value` cannot survive."""
        kind = answer.type().name()
        if kind == "ERROR":
            raise self._failed("a list or map of the answer holds an optional: end it with `.orValue(…)`,")
        if kind.startswith("LIST"):
            return [self._with_care(item) for item in answer.value()]
        if kind.startswith("MAP"):
            return {key: self._with_care(item) for key, item in answer.value().items()}
        return answer.plain_value()

    def _failed(self, why: str) -> EvaluationError:
        return EvaluationError(f"{why} in {shown(self.source)}")


_PLAIN: Final = frozenset({"BOOL", "STRING", "INT", "NULL"})
_IS_OPTIONAL: Final = "the answer is an optional: end it with `.orValue(…)`,"


# Quicker than looking at each text; a backslash that is text itself may look alike, so a hit is looked at again.
_AS_JSON: Final = msgspec.json.Encoder(enc_hook=lambda _: None)


def _has_nul(value: Any) -> bool:  # noqa: ANN401 - any value
    match value:
        case str():
            return "\0" in value
        case dict():
            return any(_has_nul(key) or _has_nul(item) for key, item in cast("dict[str, Any]", value).items())
        case list():
            return any(map(_has_nul, cast("list[Any]", value)))
        case _:
            return False


def _taken(mentions: tuple[Chain, ...]) -> dict[str, Taken]:
    """The mentions as a tree. They are minimal, so no chain goes on where another ends."""
    taken: dict[str, Taken] = {}
    for chain in mentions:
        at = taken
        for name in chain[:-1]:
            inside = at.setdefault(name, {})
            assert inside is not None, "a longer chain is never kept beside its own beginning"
            at = inside
        at[chain[-1]] = None
    return taken


def _pruned(value: Any, taken: Taken) -> Any:  # noqa: ANN401 - any value
    if taken is None or type(value) is not dict:
        return value
    return {name: _pruned(value[name], inside) for name, inside in taken.items() if name in value}


def _along(value: Any, chain: Chain) -> Any:  # noqa: ANN401 - any value
    """The value at the end of a chain; None if there is none."""
    for name in chain:
        value = cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else None
    return value


def _with_instead(value: dict[str, Any], chain: Chain, instead: object) -> dict[str, Any]:
    """A map with another value at the end of a chain; nothing is changed in place."""
    name, *rest = chain
    return {**value, name: _with_instead(value[name], tuple(rest), instead) if rest else instead}


def _with_text_for_times(value: Any) -> Any:  # noqa: ANN401 - any value
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {name: _with_text_for_times(item) for name, item in fields.items()}
    return value


def _error_in(answer: cel.Value, data: Mapping[str, Any], mentions: tuple[Chain, ...]) -> str:
    try:
        said = str(answer.value())
    except TypeError:  # the runtime has no Python form for an optional
        return _IS_OPTIONAL
    if "Non-CEL value type" in said:
        return _unfit(said)
    if "Applying SELECT" in said and (misfit := _misfit(data, mentions)):
        return misfit
    return why_no_answer(said)


def _misfit(data: Mapping[str, Any], mentions: tuple[Chain, ...]) -> str | None:
    """The first mention that takes a field of something that is no map."""
    for chain in mentions:
        for depth in range(1, len(chain)):
            at = _along(data, chain[:depth])
            if not isinstance(at, dict) and (depth == 1 or chain[depth - 1] in _along(data, chain[: depth - 1])):
                return f"`{'.'.join(chain[:depth])}` is {_brief(at)}, which has no field `{chain[depth]}`,"
    return None


def _unfit(said: str) -> str:
    name = said.partition("'")[2].partition("[")[0].partition("'")[0]
    if said.rstrip(".").endswith(Secret.__name__):
        return f"`{name}` is or holds a secret, which no expression may read,"
    if said.rstrip(".").endswith(Ref.__name__):
        return f"`{name}` is or holds a value that is kept elsewhere and was not loaded"
    return f"`{name}` is or holds something that is no value"


def _brief(value: Value) -> str:
    match value:
        case None:
            return "null"
        case str():
            return f'"{value}"' if len(value) <= 40 else f'"{value[:39]}…"'
        case int() | float():
            return str(value)
        case list():
            return f"a list of {len(cast('list[Value]', value))}"
        case _:
            return "a map"
