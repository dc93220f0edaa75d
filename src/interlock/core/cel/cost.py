"""What an expression may cost at most for given values, worked out before it is evaluated.

The runtime cannot be stopped once it runs, and three things let a short expression take gigabytes: repeated `+`, the
products of `replace`, `join` and `format`, and lists built by `map` and `filter`, which it copies at every step. So the
greatest possible work is computed from the tree and the sizes of the values. The bound is safe, not sharp: it follows
fields and items of the values themselves, and takes the larger side of every choice.

One unit is about one byte copied. The runtime's own budget of 10,000 visited items is taken as given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Final, TypeAlias

from msgspec import Struct

from interlock.core.cel.syntax_tree import Call, Const, Fold, Ident, ListOf, MapOf, Select, Tree

WORK_MAX: Final = 256 * 1024 * 1024
"""What an evaluation may cost: about a second, and as many bytes."""

VISITS_MAX: Final = 10_000
"""How many items the runtime visits in all the loops of one evaluation before it gives up."""

_LEAF: Final = 16


class Size(Struct, frozen=True, gc=False):
    """A value that the expression makes: its weight, how many items it has, and the weight of the heaviest."""

    weight: int
    count: int
    item: int


class Known(Struct, frozen=True):
    """One of these values, all given: their fields and items can be looked at."""

    values: tuple[Any, ...]


Estimate: TypeAlias = Size | Known

SMALL: Final = Size(_LEAF, 1, _LEAF)
_GROWING: Final = frozenset({"_+_", "replace", "join", "format", "matches", "split"})
_HARMLESS_WEIGHTS: Final = (1 << 20, 1 << 15, 1 << 11)
_ANSWERS: Final = frozenset("== != < <= > >= && || ! in has size startsWith endsWith contains matches".split())


class Watch(Struct, frozen=True):
    """What has to be looked at before an expression is evaluated."""

    tree: Tree
    harmless_weight: int
    """Values that weigh no more than this together are harmless whatever they are."""

    def allows(self, values: Mapping[str, Any]) -> bool:
        """Whether evaluating the expression on these values stays within bounds."""
        if sum([weight(value) for value in values.values()]) <= self.harmless_weight:
            return True
        return _work(self.tree, {name: Known((value,)) for name, value in values.items()}) <= WORK_MAX


def watch(tree: Tree, parts: Iterable[Tree], names: Iterable[str]) -> Watch | None:
    """The watch that an expression needs; None if evaluating it costs no more than reading its values."""
    if not any(isinstance(part, Fold) or (isinstance(part, Call) and part.function in _GROWING) for part in parts):
        return None
    names = tuple(names)
    for total in _HARMLESS_WEIGHTS:
        if _work(tree, dict.fromkeys(names, _some(total))) <= WORK_MAX:
            return Watch(tree, total)
    return Watch(tree, 0)


def weight(value: Any) -> int:  # noqa: ANN401 - any canonical value
    """About how many bytes a value takes in the runtime."""
    kind = value.__class__
    if kind is str:
        return _LEAF + len(value)
    if kind is dict:
        return _LEAF + sum([len(key) + weight(item) for key, item in value.items()])
    if kind is list:
        return _LEAF + sum([weight(item) for item in value])
    return _LEAF


def _work(tree: Tree, names: Mapping[str, Estimate]) -> int:
    """The most that evaluating the tree can cost, with such values behind its names."""
    meter = _Meter()
    meter.visit(tree, names, 1)
    return meter.work


class _Meter:
    """Walks a tree once, adding up work; `times` is how often at most a part is evaluated."""

    def __init__(self) -> None:
        self.work = 0

    def visit(self, tree: Tree, names: Mapping[str, Estimate], times: int) -> Estimate:
        if self.work > WORK_MAX:
            return SMALL
        match tree:
            case Const(text=text):
                return SMALL if text is None else Size(_LEAF + len(text), len(text), 1)
            case Ident(name=name):
                return names.get(name, SMALL)
            case Select():
                inside = self.visit(tree.operand, names, times)
                return SMALL if tree.tests else _field(inside, tree.field)
            case ListOf(items=parts) | MapOf(parts=parts):
                sizes = [_size(self.visit(part, names, times)) for part in parts]
                total = _LEAF + sum(size.weight for size in sizes)
                return self._made(Size(total, len(sizes), max((size.weight for size in sizes), default=0)), times)
            case Call():
                return self._call(tree, names, times)
            case Fold():
                return self._fold(tree, names, times)

    def _call(self, call: Call, names: Mapping[str, Estimate], times: int) -> Estimate:
        parts = call.args if call.target is None else (call.target, *call.args)
        estimates = [self.visit(part, names, times) for part in parts]
        match call.function, parts:
            case "_?._" | "_[?_]" | "_[_]", [_, Const(text=str(field))]:
                return _field(estimates[0], field)
            case "_[?_]" | "_[_]", _:
                return _items(estimates[0])
            case (("value" | "orValue" | "optional.of" | "of" | "dyn" | "first" | "last"), [_]) if isinstance(
                estimates[0], Known
            ):
                return estimates[0] if call.function not in {"first", "last"} else _items(estimates[0])
            case _:
                return self._computed(call.function, [_size(estimate) for estimate in estimates], times)

    def _computed(self, function: str, sizes: list[Size], times: int) -> Size:
        total = sum(size.weight for size in sizes)
        first = sizes[0] if sizes else SMALL
        match function:
            case "_+_":
                return self._made(Size(total, sum(s.count for s in sizes), max(s.item for s in sizes)), times)
            case "replace":
                longest = (first.weight + 1) * max(size.weight for size in sizes[2:])
                return self._made(Size(longest, longest, 1), times)
            case "join":
                joined = first.weight + first.count * sizes[-1].weight
                return self._made(Size(joined, joined, 1), times)
            case "format":
                # `%s` is two characters, and a number is written with at most a thousand digits.
                filled = first.weight + (first.weight // 2) * (max(size.item for size in sizes) + 1_000)
                return self._made(Size(filled, filled, 1), times)
            case "split":
                return self._made(Size(first.weight * _LEAF, first.weight, first.weight), times)
            case "matches":
                self._made(Size(first.weight * max(size.weight for size in sizes[1:]), 1, 1), times)
                return SMALL
            case "_?_:_" | "_||_" | "_&&_" | "or" | "orValue":
                return _larger(*sizes[-2:])
            case _ if function.strip("_@") in _ANSWERS:
                self._made(Size(total, 1, 1), times)
                return SMALL
            case _:
                return self._made(_some(total + _LEAF), times)

    def _fold(self, fold: Fold, names: Mapping[str, Estimate], times: int) -> Estimate:
        over = self.visit(fold.range, names, times)
        start = self.visit(fold.start, names, times)
        rounds = min(_size(over).count, VISITS_MAX)
        if rounds == 0:  # `optMap` binds a name by a loop over nothing
            return self.visit(fold.result, {**names, fold.accumulator: start}, times)
        visits = min(times * rounds, VISITS_MAX)
        inner = {**names, fold.variable: _items(over), fold.accumulator: Size(0, 0, 0)}
        self.visit(fold.condition, inner, visits)
        gained = _size(self.visit(fold.step, inner, visits))
        if isinstance(fold.start, ListOf):  # each step copies what was gathered so far
            self._made(Size(rounds * _LEAF, rounds, 0), visits)
        made = Size(_LEAF + rounds * gained.weight, rounds * gained.count, max(gained.item, gained.weight))
        return self.visit(fold.result, {**names, fold.accumulator: made}, times)

    def _made(self, size: Size, times: int) -> Size:
        self.work += size.weight * times
        return size


def _some(weight: int) -> Size:
    """Any value of at most this weight: an item weighs a leaf at least."""
    return Size(weight, weight // _LEAF + 1, weight)


def _larger(one: Size, other: Size) -> Size:
    return Size(max(one.weight, other.weight), max(one.count, other.count), max(one.item, other.item))


def _field(estimate: Estimate, field: str) -> Estimate:
    if isinstance(estimate, Known):
        return Known(tuple([value[field] for value in estimate.values if type(value) is dict and field in value]))
    return _some(estimate.item)


def _items(estimate: Estimate) -> Estimate:
    """Any item of a list, or any key of a map and any value."""
    if isinstance(estimate, Known):
        return Known(tuple(chain.from_iterable(_inside(value) for value in estimate.values)))
    return _some(estimate.item)


def _inside(value: Any) -> list[Any]:  # noqa: ANN401 - any canonical value
    kind = value.__class__
    if kind is list:
        return value
    return [*value.keys(), *value.values()] if kind is dict else []


def _size(estimate: Estimate) -> Size:
    if isinstance(estimate, Size):
        return estimate
    lengths = [len(value) if type(value) in _HAVE_LENGTH else 1 for value in estimate.values]
    items = [weight(item) for value in estimate.values for item in _inside(value)]
    return Size(max(map(weight, estimate.values), default=0), max(lengths, default=0), max(items, default=_LEAF))


_HAVE_LENGTH: Final = frozenset({list, dict, str})
