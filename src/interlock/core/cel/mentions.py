"""What an expression mentions: which names, how far it selects into them, and whether it asks before it takes.

Dependencies of a graph and the pruning of values both rest on this, so it follows the runtime's scoping exactly: the
variable of a macro hides nothing (that is refused) and is no mention. It knows nothing of types or values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, TypeAlias

from msgspec import Struct

from interlock.core.cel.syntax_tree import Call, Const, Fold, Ident, ListOf, Parsed, Select, Tree, children

Chain: TypeAlias = tuple[str, ...]


class Mention(Struct, frozen=True):
    """One place where a name stands: the fields selected from it, at which character, and if the first is asked for.

    `asks`: the first field is reached by `has(…)`, `.?` or `[?…]`. `tests`: the chain ends in `has(…)`, so its last
    field is not read.
    """

    chain: Chain
    offset: int
    asks: bool
    tests: bool


class Variable(Struct, frozen=True):
    """A variable of a macro: `x` in `list.map(x, …)`."""

    name: str
    offset: int
    """Where its macro's bracket opens."""


class Reading(Struct, frozen=True):
    """All that an expression mentions, and the variables it makes."""

    mentions: tuple[Mention, ...]
    variables: tuple[Variable, ...]


def read_mentions(parsed: Parsed) -> Reading:
    """The mentions of an expression, in the order in which they stand."""
    mentions: list[Mention] = []
    variables: list[Variable] = []
    _collect(parsed.tree, frozenset(), parsed.offsets, mentions, variables)
    mentions.sort(key=lambda mention: mention.offset)
    return Reading(tuple(mentions), tuple(variables))


def minimal(chains: Iterable[Chain]) -> tuple[Chain, ...]:
    """The chains without those that a shorter one covers, sorted."""
    kept: list[Chain] = []
    for chain in sorted(set(chains)):
        if not kept or chain[: len(kept[-1])] != kept[-1]:
            kept.append(chain)
    return tuple(kept)


def guarded_roots(mentions: Iterable[Mention]) -> frozenset[str]:
    """The names whose every mention asks first: by itself, or because `has(…)` of the same field stands beside it."""
    mentions = tuple(mentions)
    asked = {mention.chain[:2] for mention in mentions if mention.asks and mention.tests}
    bare = {mention.chain[0] for mention in mentions if not mention.asks and mention.chain[:2] not in asked}
    return frozenset(mention.chain[0] for mention in mentions) - bare


def goes_over(parsed: Parsed, mentions: Iterable[Mention]) -> Chain | None:
    """The list of a `map` or `filter`, if that is the whole expression and nothing else in it reads the list."""
    match parsed.tree:
        case Fold(range=range_, start=ListOf(items=()), result=Ident()):
            found = _mention(range_, frozenset(), parsed.offsets)
        case _:
            return None
    if found is None or found.asks:
        return None
    others = [mention.chain for mention in mentions if mention.offset != found.offset]
    return None if any(_overlap(found.chain, other) for other in others) else found.chain


def _overlap(one: Chain, other: Chain) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def field_offset(source: str, mention: Mention, depth: int) -> int:
    """Where the depth-th field of a mention stands."""
    at = mention.offset + len(mention.chain[0])
    for field in mention.chain[1 : depth + 1]:
        found = re.compile(rf"[.\[?\s`\"']{re.escape(field)}").search(source, at)
        if not found:
            return mention.offset
        at = found.start() + 1
    return at


def _collect(
    tree: Tree,
    bound: frozenset[str],
    offsets: dict[int, int],
    mentions: list[Mention],
    variables: list[Variable],
) -> None:
    found = _mention(tree, bound, offsets)
    if found is not None:
        mentions.append(found)
        return
    if isinstance(tree, Fold):
        variables.append(Variable(tree.named, offsets.get(tree.id, 0)))
        inner = bound | {tree.variable, tree.accumulator}
        for part in (tree.range, tree.start):
            _collect(part, bound, offsets, mentions, variables)
        for part in (tree.condition, tree.step, tree.result):
            _collect(part, inner, offsets, mentions, variables)
        return
    for part in children(tree):
        if not (isinstance(tree, Call) and part is tree.target and _is_namespace(tree)):
            _collect(part, bound, offsets, mentions, variables)


def _mention(tree: Tree, bound: frozenset[str], offsets: dict[int, int]) -> Mention | None:
    """The mention that a tree is, if it is nothing but static selections from a name that no macro made."""
    steps: list[tuple[str, bool]] = []
    at = tree
    while (step := _step(at)) is not None:
        at, field, asks = step
        steps.append((field, asks))
    if not isinstance(at, Ident) or at.name in bound:
        return None
    steps.reverse()
    chain = (at.name, *(field for field, _ in steps))
    tests = isinstance(tree, Select) and tree.tests
    return Mention(chain, offsets.get(at.id, 0), bool(steps) and steps[0][1], tests)


def _step(tree: Tree) -> tuple[Tree, str, bool] | None:
    """One static selection: from what, which field, and whether it asks first. `a["b"]` selects as `a.b` does."""
    match tree:
        case Select(operand=operand, field=field, tests=tests):
            return operand, field, tests
        case Call(function="_?._" | "_[?_]", args=(operand, Const(text=str(field)))):
            return operand, field, True
        case Call(function="_[_]", args=(operand, Const(text=str(field)))):
            return operand, field, False
        case _:
            return None


def _is_namespace(call: Call) -> bool:
    """`math.ceil(x)`, `optional.of(x)`: what stands before the dot is part of the function's name."""
    return isinstance(call.target, Ident) and call.function in _NAMESPACES.get(call.target.name, ())


_NAMESPACES: Final[dict[str, frozenset[str]]] = {
    "optional": frozenset({"of", "none", "ofNonZeroValue"}),
    "strings": frozenset({"quote"}),
    "math": frozenset(
        "ceil floor round trunc abs sign sqrt isNaN isInf isFinite bitAnd bitOr bitXor bitNot bitShiftLeft"
        " bitShiftRight".split()
    ),
}
