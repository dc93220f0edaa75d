"""Expressions and templates drawn by dice: they mention what can be seen where they stand, and seldom fail."""

from __future__ import annotations

from random import Random
from typing import Any

from msgspec import Struct


def maybe(dice: Random, chance: float) -> bool:
    """True as often as the chance says."""
    return dice.random() < chance


class Known(Struct, frozen=True):
    """A name that an expression may mention, and what its value is like."""

    name: str
    gives: str
    """`fields` (a map that may have `n`), `list`, `number` (a variable), or `other`."""
    is_node: bool = True


class Place(Struct):
    """Where a node is being written: what stands before it, what it may mention, how deep it is."""

    depth: int
    before: list[Known]
    """The nodes of its own scope that stand before it and may be depended on."""
    outer: list[Known]
    kinds: dict[str, str] = {}
    labels: dict[str, tuple[str, ...]] = {}
    is_single: bool = False

    @property
    def visible(self) -> list[Known]:
        """Everything an expression here may mention."""
        return [*self.before, *self.outer]


class Expressions:
    """Writes expressions. `errors`: how often one is written that may fail when it is evaluated."""

    def __init__(self, dice: Random, *, errors: float) -> None:
        self.dice = dice
        self.errors = errors

    def template(self, place: Place) -> Any:  # noqa: ANN401 - part of a document
        """A value, or an expression that gives one."""
        known = self.dice.choice(place.visible) if place.visible else None
        if known is None or maybe(self.dice, 0.2):
            return self.dice.randint(0, 9)
        if known.gives in {"number", "other"} or not known.is_node or maybe(self.dice, 0.4):
            return f"${{{self.number(place)}}}"
        if maybe(self.dice, self.errors):
            return f"n is ${{{known.name}}}"
        return f"${{{known.name}}}"

    def number(self, place: Place) -> str:
        """An expression that gives a number, mostly."""
        known = self.dice.choice(place.visible) if place.visible else None
        match known:
            case Known(gives="fields", name="inputs"):
                return "inputs.n"
            case Known(gives="fields", name=name):
                return f"{name}.n" if maybe(self.dice, self.errors) else f"{name}.?n.orValue(0)"
            case Known(gives="list", name=name):
                return f"size({name})"
            case Known(gives="number", name=name):
                return name
            case _:
                return str(self.dice.randint(0, 9))

    def condition(self, place: Place, *, mostly_true: bool = False) -> str:
        """Something that is true or false."""
        nodes = [known for known in place.visible if known.is_node]
        if mostly_true and maybe(self.dice, 0.6):
            return f"${{{self.number(place)} >= 0}}"
        if nodes and maybe(self.dice, 0.25):
            outcome = self.dice.choice(("succeeded", "failed", "skipped"))
            return f'${{nodes.{self.dice.choice(nodes).name}.outcome == "{outcome}"}}'
        if maybe(self.dice, 0.05):
            return '${run.mode == "normal"}'
        return f"${{{self.number(place)} {self.dice.choice(('>', '<='))} {self.dice.randint(0, 6)}}}"

    def listed(self, place: Place) -> Any:  # noqa: ANN401 - part of a document
        """A list, or an expression that gives one."""
        lists = [known for known in place.visible if known.name.startswith(("tool", "inputs"))]
        known = self.dice.choice(lists) if lists else None
        if known is None:
            return [1, 2, 3]
        if known.name == "inputs":
            return "${inputs.items}"
        if maybe(self.dice, self.errors):
            return f"${{{known.name}.?n.orValue(0)}}"
        return f"${{{known.name}.?list.orValue([1, 2])}}"
