"""Text, maps and conditions of a graph made into templates and expressions, and what they mention noted down.

Every mention of a node becomes a dependency of the node that reads it, in the scope where the mentioned node stands: a
body that looks outwards makes the node that holds it wait (rule 9). Nothing is evaluated here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

from msgspec import Struct

from interlock.core import plan as p
from interlock.core.expressions import Environment, Expression, ExpressionProblem, Hole, Piece, bare_path, split_text
from interlock.core.problems import Place, Problem, nearest
from interlock.core.scoping import GraphDraft, NodeDraft, ScopeDraft, find_name, names_in
from interlock.core.value_schemas import OUTCOME_FIELDS, FieldType
from interlock.core.values import DEPTH_MAX, canonical

ALWAYS_VISIBLE: Final = ("inputs", "run", "nodes", "now")
_NOTHING: Final = p.Constant(None)


class Visible(Collection[str]):
    """The names that can be seen from a scope. Looked up along the scopes: copying them would be quadratic."""

    __slots__ = ("_extra", "_scope")

    def __init__(self, scope: ScopeDraft, extra: tuple[str, ...]) -> None:
        self._scope = scope
        self._extra = extra

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (
            name in ALWAYS_VISIBLE or name in self._extra or find_name(self._scope, name) is not None
        )

    def __iter__(self) -> Iterator[str]:
        yield from ALWAYS_VISIBLE
        yield from self._extra
        yield from names_in(self._scope)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Spot(Struct, frozen=True):
    """Where an expression stands: who reads what it comes to, and what may be mentioned there."""

    scope: ScopeDraft
    reader: NodeDraft | None = None
    """The node that waits for what is mentioned; None where everything has settled: outputs, `until`, `finally`."""
    extra: tuple[str, ...] = ()
    visible: Collection[str] | None = None
    """Narrower than what the scope shows, where it has to be."""
    takes_secrets: bool = False
    sees_itself: bool = False
    """Whether it may mention its own node: an undo may."""

    def names(self) -> Collection[str]:
        """The names that may be used here."""
        return Visible(self.scope, self.extra) if self.visible is None else self.visible


class Use(Struct, frozen=True):
    """A place where a node's value is taken without asking whether there is one."""

    reader: NodeDraft | None
    target: NodeDraft
    place: Place
    offset: int


class TemplateCompiler:
    """Compiles what stands in the texts of one graph, and keeps what it learns: problems, mentions, unguarded uses."""

    def __init__(self, draft: GraphDraft, names: dict[str, FieldType]) -> None:
        self.draft = draft
        self.problems = draft.problems
        self.uses: list[Use] = []
        self.secrets = frozenset(draft.model.secrets)
        self._names = names
        self._environment = Environment(names)

    # --- templates ---

    def template(self, written: Any, spot: Spot, place: Place, depth: int = 0) -> p.Template:
        """The template that a part of the document is."""
        match written:
            case str():
                return self._text(written, spot, place)
            case dict() | list() if depth > DEPTH_MAX:
                message = f"this is nested deeper than {DEPTH_MAX} levels"
                self._problem(place, message, "values hold no more: make it flatter")
                return _NOTHING
            case dict():
                items = [
                    (key, self.template(item, spot, (*place, key), depth + 1)) for key, item in sorted(written.items())
                ]
                if all(isinstance(item, p.Constant) for _, item in items):
                    return p.Constant({key: item.value for key, item in items if isinstance(item, p.Constant)})
                return p.MapOf(tuple(items))
            case list():
                parts = [self.template(item, spot, (*place, index), depth + 1) for index, item in enumerate(written)]
                if all(isinstance(part, p.Constant) for part in parts):
                    return p.Constant([part.value for part in parts if isinstance(part, p.Constant)])
                return p.ListOf(tuple(parts))
            case _:
                return p.Constant(canonical(written))

    def condition(self, written: str, spot: Spot, place: Place) -> Expression | None:
        """The expression of a condition: exactly one `${…}` whose answer can be true or false."""
        expression = self.single(written, spot, place, "a condition")
        if expression is not None and expression.return_type not in {"BOOL", "DYN"}:
            kind = expression.return_type.lower().partition("<")[0]
            self._problem(place, f"a condition is true or false, and this is a {kind}", "compare it with something", 2)
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
            case [str() as text]:
                return p.Constant(text)
            case _:
                parts = [self._part(piece, spot, place) for piece in pieces]
                if all(isinstance(part, str) for part in parts):
                    return p.Constant("".join(part for part in parts if isinstance(part, str)))
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
        chain = bare_path(hole.source)
        if chain is None:
            expression = self._expression(hole, spot, place)
            return _NOTHING if expression is None else p.Computed(expression)
        if chain[0] == "secrets":
            return self._secret(chain, hole, spot, place)
        if not self._is_surely_there(chain, spot) and self._compiled(hole, spot, place) is None:
            return _NOTHING
        self._note(chain, spot, place, hole.offset)
        return p.BarePath(chain)

    # --- expressions ---

    def _expression(self, hole: Hole, spot: Spot, place: Place) -> Expression | None:
        expression = self._compiled(hole, spot, place)
        if expression is None:
            return None
        told = frozenset(chain[1] for chain in expression.mentions if chain[0] == "nodes" and len(chain) > 1)
        for chain in expression.mentions:
            target = self._note(chain, spot, place, hole.offset)
            if target is not None and not expression.is_guarded(chain[0]) and chain[0] not in told:
                self.uses.append(Use(spot.reader, target, place, hole.offset))
        return expression

    def _compiled(self, hole: Hole, spot: Spot, place: Place) -> Expression | None:
        try:
            return self._environment.compile(hole.source, visible=spot.names())
        except ExpressionProblem as problem:
            advice = problem.advice
            if "secrets" in hole.source and "`secrets" in problem.message:
                advice = "a secret stands only as a whole value, `${secrets.name}`, in the input of a tool"
            self._problem(place, problem.message, advice, hole.offset + problem.offset)
            return None

    def _is_surely_there(self, chain: p.Chain, spot: Spot) -> bool:
        """Whether a bare path needs no closer look: its name is visible, and nothing that is known speaks against it."""
        if chain[0] not in spot.names():
            return False
        schema = self._names.get(chain[0])
        for field in chain[1:]:
            if schema is None:
                return True
            fields = schema.get("properties")
            if schema.get("type", "object") != "object" or (isinstance(fields, dict) and field not in fields):
                return False
            schema = fields.get(field) if isinstance(fields, dict) else None
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

    # --- mentions ---

    def _note(self, chain: p.Chain, spot: Spot, place: Place, offset: int) -> NodeDraft | None:
        """Notes what is mentioned; the node whose value is meant, if it is one."""
        match chain[0]:
            case "nodes":
                self._note_outcome(chain, spot, place, offset)
            case "run":
                if chain[1:2] == ("status",) and not spot.scope.in_finally:
                    self._problem(place, "`run.status` is known only when the run ends", "use it in `finally`", offset)
            case "inputs" | "now" | "event" | "candidate" | "candidates":
                pass
            case name:
                meaning = find_name(spot.scope, name)
                if isinstance(meaning, NodeDraft):
                    self._depend(meaning, spot, place, offset, needs_value=True)
                    return meaning
        return None

    def _note_outcome(self, chain: p.Chain, spot: Spot, place: Place, offset: int) -> None:
        if len(chain) == 1:
            self._problem(place, "`nodes` by itself is no value", "name the node: `nodes.x.outcome`", offset)
            return
        target = find_name(spot.scope, chain[1])
        if not isinstance(target, NodeDraft):
            meant = nearest(chain[1], names_in(spot.scope))
            advice = f"did you mean `nodes.{meant}`?" if meant else ""
            self._problem(place, f"`nodes.{chain[1]}`: there is no node `{chain[1]}` here", advice, offset)
            return
        if spot.visible is not None and chain[1] not in spot.visible:
            self._problem(place, f"`nodes.{chain[1]}` cannot be seen from here", "use the node's own `when`", offset)
            return
        fields = (*OUTCOME_FIELDS, "errors") if target.kind == "each" or target.is_broken else OUTCOME_FIELDS
        if len(chain) > 2 and chain[2] not in fields:
            meant = nearest(chain[2], fields)
            advice = f"did you mean `{meant}`?" if meant else f"its fields are {', '.join(fields)}"
            self._problem(place, f"`nodes.{chain[1]}` has no field `{chain[2]}`", advice, offset)
            return
        self._depend(target, spot, place, offset, needs_value=False)

    def _depend(self, target: NodeDraft, spot: Spot, place: Place, offset: int, *, needs_value: bool) -> None:
        """Makes the reader wait for a node; from inside a body, the node that holds the body waits."""
        reader, scope = spot.reader, spot.scope
        while scope is not target.scope:
            reader = scope.owner
            assert scope.parent is not None, "a name is found outwards only"
            scope = scope.parent
        if reader is None:
            return
        if reader is not target:
            reader.mentions[target.index] = needs_value or reader.mentions.get(target.index, False)
        elif not (spot.sees_itself and reader is spot.reader):
            self._problem(place, f"`{target.name}` depends on itself", "mention what it is made of instead", offset)

    def _problem(self, place: Place, message: str, advice: str = "", offset: int | None = None) -> None:
        self.problems.append(Problem(place=place, message=message, advice=advice, offset=offset))
