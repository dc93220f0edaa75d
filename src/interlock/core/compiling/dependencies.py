"""Where an expression stands, and what hangs on what it mentions there (rules 5 to 9).

Every mention of a node becomes a dependency of the node that reads it, in the scope where the mentioned node stands: a
body that looks outwards makes the node that holds it wait.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from msgspec import Struct

from interlock.core import plan as p
from interlock.core.compiling.scoping import GraphDraft, NodeDraft, ScopeDraft, find_name, names_in
from interlock.core.compiling.value_schemas import OUTCOME_FIELDS
from interlock.core.problems import Place, Problem, nearest

ALWAYS_VISIBLE: Final = ("inputs", "run", "nodes", "now")


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
    """Who takes it, in the scope of the node whose value it is; None where that scope has settled."""
    target: NodeDraft
    place: Place
    offset: int


class Dependencies:
    """What the nodes of one graph depend on by mentioning it: noted with the nodes, and problems with the graph."""

    def __init__(self, draft: GraphDraft) -> None:
        self.uses: dict[int, list[Use]] = {}
        self._errors = draft.errors

    def note(self, chain: p.Chain, spot: Spot, place: Place, offset: int) -> NodeDraft | None:
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

    def note_use(self, target: NodeDraft, spot: Spot, place: Place, offset: int) -> None:
        """Notes that a value is taken as if it were surely there."""
        self.uses.setdefault(target.scope.number, []).append(Use(_reader_beside(target, spot), target, place, offset))

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
        reader = _reader_beside(target, spot)
        if reader is None:
            return
        if reader is not target:
            reader.mentions[target.index] = needs_value or reader.mentions.get(target.index, False)
        elif not (spot.sees_itself and reader is spot.reader):
            self._problem(place, f"`{target.name}` depends on itself", "mention what it is made of instead", offset)

    def _problem(self, place: Place, message: str, advice: str, offset: int) -> None:
        self._errors.append(Problem(place=place, message=message, advice=advice, offset=offset))


def takes_last_round(chain: p.Chain, scope: ScopeDraft) -> bool:
    """Whether something is selected from the values of the round before."""
    if chain[1:2] != ("last",) or len(chain) < 3:
        return False
    meaning = find_name(scope, chain[0])
    return isinstance(meaning, ScopeDraft) and meaning.kind == "round"


def _reader_beside(target: NodeDraft, spot: Spot) -> NodeDraft | None:
    """Who waits for a node in its own scope: the one that mentions it, or the node that holds whoever does."""
    reader, scope = spot.reader, spot.scope
    while scope is not target.scope:
        reader = scope.owner
        assert scope.parent is not None, "a name is found outwards only"
        scope = scope.parent
    return reader
