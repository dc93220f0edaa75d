"""Checking types with *stand-ins*: names whose declared fields are alike share one.

Each expression is type-checked with its names replaced by their stand-ins. So the runtime's environment stays as small
as there are kinds of values, however many nodes a graph has: making it takes time with the square of its names, twelve
seconds at 120,000 of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from cel_expr_python import cel
from cel_expr_python.ext import ext_math, ext_optional, ext_strings

from interlock.core.cel.declared_types import INSTANT, FieldType, typed_fields
from interlock.core.cel.mentions import Chain, Mention, field_offset

FIELDS_CHECKED_MAX: Final = 4_000
"""Types of declared fields are checked up to this many in one environment; fields beyond are of unknown type."""

PREFIX: Final = "__"
"""What the names of stand-ins begin with."""

_Shape: TypeAlias = tuple[tuple[str, str], ...]


class _Swap(NamedTuple):
    """A name replaced by its stand-in: where it was, how long, and how long the stand-in is."""

    offset: int
    length: int
    by: int


class Disguised(NamedTuple):
    """A source with stand-ins for names, and the way back to its own offsets."""

    source: str
    swaps: tuple[_Swap, ...]

    def original(self, offset: int) -> int:
        """The offset in the source as written."""
        shift = 0
        for swap in self.swaps:
            begins = swap.offset + shift
            if offset < begins + swap.by:
                return swap.offset if offset >= begins else offset - shift
            shift += swap.by - swap.length
        return offset - shift


class StandIns:
    """The stand-in of each name: `__` for one of unknown fields, `__1`, `__2`… for each kind of declared ones."""

    def __init__(self, names: Mapping[str, FieldType]) -> None:
        self._by_shape: dict[_Shape, str] = {(): PREFIX}
        self._of: dict[str, str] = {}
        self._timed: dict[str, frozenset[str]] = {}
        self._env: cel.Env | None = None
        self._fields = 0
        shapes: list[tuple[FieldType, _Shape]] = []
        for name, declared in names.items():
            if declared is None:
                continue
            shape = _shape_of(declared, shapes)
            self._of[name] = self._stand_in(shape)
            if times := frozenset(path for path, kind in shape if kind == INSTANT):
                self._timed[name] = times

    @property
    def env(self) -> cel.Env:
        """The environment of all stand-ins, made when it is first needed."""
        if self._env is None:
            variables: dict[str, cel.Type] = {}
            for shape, name in self._by_shape.items():
                variables[name] = cel.Type.DYN
                variables |= {f"{name}.{path}" if path else name: _RUNTIME_TYPES[kind] for path, kind in shape}
            self._env = new_env(variables)
        return self._env

    def has_times(self, name: str) -> bool:
        """Whether a name is a point in time or has a field that is."""
        return name in self._timed

    def disguise(self, source: str, mentions: Iterable[Mention]) -> Disguised:
        """The source with the stand-in of each name in its place."""
        parts: list[str] = []
        swaps: list[_Swap] = []
        done = 0
        for mention in _once_each(mentions):
            name, at = mention.chain[0], mention.offset
            # The runtime types `has(a.b)` by the declared type of `a.b`, as if it were the field itself.
            stand_in = PREFIX if mention.tests else self._of.get(name, PREFIX)
            parts += [source[done:at], stand_in]
            done = at + len(name)
            swaps.append(_Swap(at, len(name), len(stand_in)))
        return Disguised("".join([*parts, source[done:]]), tuple(swaps))

    def with_times(self, source: str, mentions: Iterable[Mention]) -> str:
        """The source as it is run: times are passed in as text, and `timestamp(…)` makes times of them."""
        parts: list[str] = []
        done = 0
        for mention in _once_each(mentions):
            times = self._timed.get(mention.chain[0], frozenset())
            depth = _depth_of_time(mention.chain, times)
            if depth is None or mention.tests:
                continue
            field = mention.chain[depth]
            end = (field_offset(source, mention, depth) if depth else mention.offset) + len(field)
            parts += [source[done : mention.offset], f"timestamp({source[mention.offset : end]})"]
            done = end
        return "".join([*parts, source[done:]])

    def _stand_in(self, shape: _Shape) -> str:
        if shape not in self._by_shape:
            if self._fields + len(shape) > FIELDS_CHECKED_MAX:
                return PREFIX
            self._fields += len(shape)
            self._by_shape[shape] = f"{PREFIX}{len(self._by_shape)}"
        return self._by_shape[shape]


def _shape_of(declared: FieldType, known: list[tuple[FieldType, _Shape]]) -> _Shape:
    """The shape of a schema, read once for all names that share it, as the nodes of one tool do."""
    shape = next((shape for schema, shape in known if schema is declared), None)
    if shape is None:
        shape = tuple(typed_fields(declared))
        known.append((declared, shape))
        del known[:-_SHAPES_KEPT]
    return shape


_SHAPES_KEPT: Final = 16


def _depth_of_time(chain: Chain, times: Collection[str]) -> int | None:
    """How many fields of the chain lead to a point in time; None if it leads to none."""
    return next((depth for depth in range(len(chain)) if ".".join(chain[1 : depth + 1]) in times), None)


def _once_each(mentions: Iterable[Mention]) -> Iterator[Mention]:
    """Macros repeat a part of the source; it is still written once."""
    seen: set[int] = set()
    for mention in mentions:
        if mention.offset not in seen:
            seen.add(mention.offset)
            yield mention


_RUNTIME_TYPES: Final = {
    "string": cel.Type.STRING,
    "boolean": cel.Type.BOOL,
    "array": cel.Type.LIST,
    "object": cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
    INSTANT: cel.Type.TIMESTAMP,
}


def new_env(variables: dict[str, cel.Type], functions: Sequence[cel.FunctionDecl] = ()) -> cel.Env:
    """An environment of the runtime with the functions that the language promises."""
    extensions = [ext_optional.ExtOptional(), ext_math.ExtMath(), ext_strings.ExtStrings()]
    return cel.NewEnv(variables=variables, extensions=extensions, functions=functions)
