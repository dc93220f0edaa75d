"""Evaluating a compiled expression: passing in only what it mentions, and turning every bad end into words.

An answer is always a canonical value. The runtime returns its errors as values and hands out lists and maps that cannot
hold an optional without crashing the process, so nothing leaves here unexamined.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast

from msgspec import Struct

from interlock.core.cel import cost
from interlock.core.cel.mentions import Chain
from interlock.core.cel.wording import EvaluationError, shown, why_no_answer
from interlock.core.values import Ref, Secret, Value, ValueProblem, canonical, instant_text

if TYPE_CHECKING:
    from cel_expr_python import cel

    from interlock.core.cel.syntax_tree import Tree

# What is taken from each name: None for the whole value, else the fields that are selected from it.
Taken: TypeAlias = "dict[str, Taken] | None"


class Programs(Protocol):
    """What makes programs of sources: the environment."""

    def program(self, source: str) -> cel.Expression:
        """The runnable form of a source that has been checked before."""
        ...


class Checked(Struct, frozen=True):
    """What compiling found out about an expression; `tree` only if its cost has to be watched."""

    source: str
    runs: str
    """The source as it is run: names that are times stand as `timestamp(name)`."""
    mentions: tuple[Chain, ...]
    guarded: frozenset[str]
    return_type: str
    holds_optionals: bool
    times: frozenset[str]
    """The names that are points in time or have a field that is."""
    harmless_weight: int
    """What the values may weigh together before their cost is looked at; only if there is a tree."""
    tree: Tree | None


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
        if self._program is None:
            self._program = self._programs.program(self._checked.runs)
        data = self._data(values)
        self._refuse_explosion(data)
        try:
            answer = self._program.eval(data=data)
        except (RuntimeError, MemoryError) as error:
            raise self._failed(why_no_answer(str(error))) from None
        kind = answer.type().name()
        if kind in _PLAIN:
            return answer.value()
        if kind == "ERROR":
            raise self._failed(_error_in(answer))
        return self._canonical(self._with_care(answer) if self._checked.holds_optionals else answer.plain_value())

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

    def _data(self, values: Mapping[str, Any]) -> dict[str, Any]:
        times = self._checked.times
        data: dict[str, Any] = {}
        for root, taken in self._taken.items():
            if root in values:
                value = _pruned(values[root], taken)
                data[root] = _with_text_for_times(value) if root in times else value
        return data

    def _refuse_explosion(self, data: Mapping[str, Any]) -> None:
        tree = self._checked.tree
        if tree is None or sum([cost.weight(value) for value in data.values()]) <= self._checked.harmless_weight:
            return
        if cost.work(tree, data) > cost.WORK_MAX:
            raise self._failed("it would take too many steps or too much memory for these values: do it in a tool")

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


def _with_text_for_times(value: Any) -> Any:  # noqa: ANN401 - any value
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {name: _with_text_for_times(item) for name, item in fields.items()}
    return value


def _error_in(answer: cel.Value) -> str:
    try:
        said = str(answer.value())
    except TypeError:  # the runtime has no Python form for an optional
        return _IS_OPTIONAL
    if said.find("Non-CEL value type") >= 0:
        return _unfit(said)
    return why_no_answer(said)


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
