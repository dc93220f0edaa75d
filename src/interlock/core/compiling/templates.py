"""Text, maps and conditions of a graph, made into templates and expressions. Nothing is evaluated here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, cast

from interlock.core import plan as p
from interlock.core.canonical import DEPTH_MAX, canonical
from interlock.core.compiling.dependencies import Dependencies, Spot, takes_last_round
from interlock.core.compiling.json_data import Json
from interlock.core.compiling.scoping import GraphDraft
from interlock.core.expressions import (
    Environment,
    Expression,
    ExpressionProblem,
    FieldType,
    Hole,
    Piece,
    bare_path,
    split_text,
)
from interlock.core.problems import Place, Problem, nearest

_NOTHING: Final = p.Constant(None)
"""Stands in for what could not be compiled: the problem has been told, and no plan will be made."""
_ASKS: Final = re.compile(r"\.\s*\?|\[\s*\?|\bhas\s*\(|\.\s*index\b")
"""Signs that somebody thought of a value that may be absent."""


_KEPT_LIST_CALL: Final = re.compile(
    r"\s*(?P<function>append|tail)\(\s*(?P<list>[a-z_]\w*(?:\.\w+)*)\s*,(?P<rest>.*)\)\s*", re.DOTALL
)
"""The two functions that stand only as a whole `${…}`, with a bare path as the list."""


class TemplateCompiler:
    """Compiles what stands in the texts of one graph; keeps their problems and what they depend on."""

    def __init__(self, draft: GraphDraft, names: Mapping[str, FieldType], *, expressions_max: int) -> None:
        self.draft = draft
        self._expressions_max = expressions_max
        self._expressions = 0
        self.dependencies = Dependencies(draft)
        self.secrets = frozenset(draft.model.secrets)
        self._names = names
        self._environment = Environment(names)

    # --- templates ---

    def template(self, written: Json, spot: Spot, place: Place, depth: int = 0) -> p.Template:
        """The template that a part of the document is."""
        match written:
            case str():
                return self._text(written, spot, place)
            case dict() | list() if depth > DEPTH_MAX:
                message = f"this is nested deeper than {DEPTH_MAX} levels"
                self._problem(place, message, "values hold no more: make it flatter")
                return _NOTHING
            case dict():
                parts = [self.template(written[key], spot, (*place, key), depth + 1) for key in sorted(written)]
                return _map_of(sorted(written), parts)
            case list():
                parts = [self.template(item, spot, (*place, index), depth + 1) for index, item in enumerate(written)]
                return _list_of(parts)
            case _:
                return p.Constant(canonical(written))

    def condition(self, written: str, spot: Spot, place: Place) -> Expression | None:
        """The expression of a condition: exactly one `${…}` whose answer can be true or false."""
        expression = self.single(written, spot, place, "a condition")
        if expression is not None and expression.return_type not in {"BOOL", "DYN"}:
            message = f"a condition is true or false, and this is {type_said(expression)}"
            self._problem(place, message, "compare it with something", 2)
        return expression

    def single(self, written: str, spot: Spot, place: Place, what: str) -> Expression | None:
        """The expression of a text that has to be exactly one `${…}`."""
        pieces = self._pieces(written, place)
        match pieces:
            case [Hole() as hole]:
                return self._expression(hole, spot, place)
            case None:
                return None
            case _ if "${" not in written:
                self._problem(place, f"{what} is one expression in ${{…}}", f"write `${{{written}}}`")
            case _:
                self._problem(place, f"{what} is one `${{…}}` and nothing beside it", "put it all into one expression")
        return None

    def _text(self, written: str, spot: Spot, place: Place) -> p.Template:
        if "${" not in written:
            return p.Constant(written)
        pieces = self._pieces(written, place)
        match pieces:
            case None:
                return _NOTHING
            case [Hole() as hole]:
                return self._whole(hole, spot, place)
            case _ if not any(isinstance(piece, Hole) for piece in pieces):
                return p.Constant("".join(piece.text for piece in pieces if not isinstance(piece, Hole)))
            case _:
                parts = [self._part(piece, spot, place) for piece in pieces]
                return p.Text(tuple(part for part in parts if part is not None))

    def _pieces(self, written: str, place: Place) -> list[Piece] | None:
        try:
            return split_text(written)
        except ExpressionProblem as problem:
            self._problem(place, problem.message, problem.advice, problem.offset)
            return None

    def _part(self, piece: Piece, spot: Spot, place: Place) -> str | Expression | None:
        return self._expression(piece, spot, place) if isinstance(piece, Hole) else piece.text

    def _whole(self, hole: Hole, spot: Spot, place: Place) -> p.Template:
        """A string that is one `${…}`: it keeps the type of what stands in it."""
        if (call := _KEPT_LIST_CALL.fullmatch(hole.source)) is not None:
            return self._kept_list(call, hole, spot, place)
        chain = bare_path(hole.source)
        if chain is None:
            expression = self._expression(hole, spot, place)
            return _NOTHING if expression is None else p.Computed(expression)
        if chain[0] == "secrets":
            return self._secret(chain, hole, spot, place)
        if not self._is_surely_there(chain, spot) and self._compiled(hole, spot, place) is None:
            return _NOTHING
        target = self.dependencies.note(chain, spot, place, hole.offset)
        if target is not None and place[:1] == ("outputs",):
            # Elsewhere an absent value is null; of a graph's own outputs each must have one (rule 42).
            self.dependencies.note_use(target, spot, place, hole.offset)
        return p.BarePath(chain)

    def _kept_list(self, call: re.Match[str], hole: Hole, spot: Spot, place: Place) -> p.Template:
        """`append(list, item)` and `tail(list, n)`: about a list that is kept by reference, so not for CEL."""
        kept = self._whole(Hole(call["list"], hole.offset + call.start("list")), spot, place)
        rest = Hole(call["rest"].strip(), hole.offset + call.start("rest"))
        if call["function"] == "append":
            return p.Appended(kept, self._whole(rest, spot, place))
        if not rest.source.isdecimal() or int(rest.source) < 1:
            advice = "write a whole number, such as `tail(round.last.log, 20)`"
            self._problem(place, f"`{rest.source}` does not say how many items to take", advice, rest.offset)
            return _NOTHING
        return p.Tail(kept, int(rest.source))

    # --- expressions ---

    def _expression(self, hole: Hole, spot: Spot, place: Place) -> Expression | None:
        expression = self._compiled(hole, spot, place)
        if expression is None:
            return None
        told = frozenset(chain[1] for chain in expression.mentions if chain[0] == "nodes" and len(chain) > 1)
        for chain in expression.mentions:
            target = self.dependencies.note(chain, spot, place, hole.offset)
            if target is not None and not expression.is_guarded(chain[0]) and chain[0] not in told:
                self.dependencies.note_use(target, spot, place, hole.offset)
            if takes_last_round(chain, spot.scope) and not _ASKS.search(hole.source):
                self._warn(
                    place,
                    f"`{chain[0]}.last` is absent in the first round",
                    f"say what to take then: `{chain[0]}.last.?{chain[2]}.orValue(…)`",
                    hole.offset,
                )
        return expression

    def _compiled(self, hole: Hole, spot: Spot, place: Place) -> Expression | None:
        if self.draft.has_enough or not self._counts_one_more(place):
            return None
        try:
            return self._environment.compile(hole.source, visible=spot.names())
        except ExpressionProblem as problem:
            advice = problem.advice
            if "secrets" in hole.source and "`secrets" in problem.message:
                advice = "a secret stands only as a whole value, `${secrets.name}`, in the input of a tool"
            self._problem(place, problem.message, advice, hole.offset + problem.offset)
            return None

    def _counts_one_more(self, place: Place) -> bool:
        """Whether another expression may be compiled; the first that may not is told."""
        self._expressions += 1
        if self._expressions == self._expressions_max + 1:
            message = f"the graph has more than {self._expressions_max} expressions"
            advice = "put parts into graphs of their own, or raise the limit `expressions_max`"
            self._problem(place, message, advice)
        return self._expressions <= self._expressions_max

    def _is_surely_there(self, chain: p.Chain, spot: Spot) -> bool:
        """Whether a bare path needs no closer look: its name is visible, and nothing known speaks against it."""
        if chain[0] not in spot.names():
            return False
        schema: object = self._names.get(chain[0])
        for field in chain[1:]:
            if not isinstance(schema, Mapping):
                return schema is None
            rules = cast("Mapping[str, object]", schema)
            fields = cast("Mapping[str, object]", rules.get("properties", {}))
            if rules.get("type", "object") != "object" or (fields and field not in fields):
                return False
            schema = fields.get(field)
        return True

    def _secret(self, chain: p.Chain, hole: Hole, spot: Spot, place: Place) -> p.Template:
        if not spot.takes_secrets:
            message = "a secret cannot stand here"
            self._problem(
                place, message, "only the input of a tool takes secrets: they are filled in at the call", hole.offset
            )
        elif len(chain) != 2:
            self._problem(place, "a secret is named as `secrets.name`", "", hole.offset)
        elif chain[1] not in self.secrets:
            meant = nearest(chain[1], self.secrets)
            advice = f"did you mean `{meant}`?" if meant else f"add it: `secrets: [{chain[1]}]`"
            self._problem(place, f"the graph lists no secret `{chain[1]}`", advice, hole.offset)
        else:
            return p.SecretNamed(chain[1])
        return _NOTHING

    def _problem(self, place: Place, message: str, advice: str = "", offset: int | None = None) -> None:
        self.draft.errors.append(Problem(place=place, message=message, advice=advice, offset=offset))

    def _warn(self, place: Place, message: str, advice: str, offset: int) -> None:
        warning = Problem(place=place, message=message, advice=advice, severity="warning", offset=offset)
        self.draft.warnings.append(warning)


_TYPES_SAID: Final = {
    "INT": "a number",
    "UINT": "a number",
    "DOUBLE": "a number",
    "STRING": "text",
    "LIST": "a list",
    "MAP": "a map",
    "NULL": "null",
    "TIMESTAMP": "a point in time",
    "DURATION": "a duration",
}


def type_said(expression: Expression) -> str:
    """The type of an expression's answer, in words."""
    kind = expression.return_type.partition("<")[0]
    return _TYPES_SAID.get(kind, f"a {kind.lower()}")


def _map_of(keys: list[str], parts: list[p.Template]) -> p.Template:
    constants = [part.value for part in parts if isinstance(part, p.Constant)]
    if len(constants) == len(parts):
        return p.Constant(dict(zip(keys, constants, strict=True)))
    return p.MapOf(tuple(zip(keys, parts, strict=True)))


def _list_of(parts: list[p.Template]) -> p.Template:
    constants = [part.value for part in parts if isinstance(part, p.Constant)]
    return p.Constant(constants) if len(constants) == len(parts) else p.ListOf(tuple(parts))
