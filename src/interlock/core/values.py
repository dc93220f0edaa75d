"""What a value is: the one canonical form in which payloads are stored, hashed and shown to expressions.

A value is JSON data (null, booleans, 64-bit integers, finite doubles, text, lists, maps with text keys in sorted order)
in which opaque leaves may stand: a `Ref` to bytes kept elsewhere, a `KeptList` of which only the end is at hand, and a
`Secret` that is filled only at the door.
This module does no I/O: it never loads what a `Ref` points to.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeGuard

import msgspec

from interlock.core.errors import InterlockError

if TYPE_CHECKING:
    from typing import TypeAlias

# The canonical form is recursive data; `Any` is its honest static type, checked by `canonical` at every door.
Value: TypeAlias = Any
Blobs: TypeAlias = Mapping[str, Value]
JsonSchema: TypeAlias = dict[str, Any]
"""A JSON Schema as it was written."""

INLINE_BYTES_MAX: Final = 16 * 1024

KEPT_TAIL_BYTES_MAX: Final = 4 * 1024
"""How long the end of a kept list may get before it is put aside: each append writes it again."""

KEPT_PARTS_MAX: Final = 16
"""How many parts of one height a kept list has before they are put aside together."""

_REF_CODE: Final = 1
_SECRET_CODE: Final = 2
_KEPT_LIST_CODE: Final = 3


class Ref:
    """A value kept elsewhere, named by its digest. Passing it on costs nothing; looking inside needs it loaded."""

    __slots__ = ("digest", "size")

    def __init__(self, digest: str, size: int) -> None:
        self.digest = digest
        self.size = size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ref) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Ref({self.digest[:12]}, {self.size} bytes)"


class Secret:
    """A handle to a secret: only its name is ever stored, hashed or shown."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"Secret({self.name})"


class KeptList:
    """A list kept in parts: what came first is put aside and never written again, so that appending stays cheap.

    A part holds items (height 0), or a kept list of parts one lower: so there are never many, however long the list.
    """

    __slots__ = ("heights", "parts", "size", "tail")

    def __init__(self, parts: tuple[Ref, ...], heights: tuple[int, ...], tail: list[Value], size: int) -> None:
        self.parts = parts
        self.heights = heights
        self.tail = tail
        self.size = size
        """How many items it has in all."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeptList) and other.parts == self.parts and other.tail == self.tail

    __hash__ = None  # pyright: ignore[reportAssignmentType] - its tail is a list

    def __repr__(self) -> str:
        return f"KeptList({self.size} items)"


class ValueProblem(InterlockError, ValueError):
    """Something that is no value: says where inside it, what it is, and what to write instead."""


def is_map(value: Value) -> TypeGuard[dict[str, Value]]:
    """Whether a value is a map; its keys are text, as in every value."""
    return isinstance(value, dict)


def is_list(value: Value) -> TypeGuard[list[Value]]:
    """Whether a value is a list."""
    return isinstance(value, list)


def copied(value: Value) -> Value:
    """The same value in lists and maps of its own, for whoever may change them."""
    if is_map(value):
        return {key: copied(item) for key, item in value.items()}
    if is_list(value):
        return [copied(item) for item in value]
    return value


def instant_text(moment: datetime) -> str:
    """RFC 3339 in UTC, the one way a time stands in a value."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def duration_text(span: timedelta) -> str:
    """Seconds, exactly, as an expression's `duration(…)` reads them: `90s`, `1.5s`."""
    micros = span // timedelta(microseconds=1)
    sign, seconds, rest = "-" if micros < 0 else "", abs(micros) // 1_000_000, abs(micros) % 1_000_000
    return f"{sign}{seconds}{f'.{rest:06}'.rstrip('0') if rest else ''}s"


def _encode_leaf(leaf: object) -> msgspec.msgpack.Ext:
    match leaf:
        case Ref():
            return msgspec.msgpack.Ext(_REF_CODE, leaf.size.to_bytes(8, "big") + bytes.fromhex(leaf.digest))
        case Secret():
            return msgspec.msgpack.Ext(_SECRET_CODE, leaf.name.encode())
        case KeptList():
            return msgspec.msgpack.Ext(
                _KEPT_LIST_CODE, encode([leaf.size, list(leaf.parts), list(leaf.heights), leaf.tail])
            )
        case _:
            raise TypeError(f"a {type(leaf).__name__} stands in a value that was not made canonical")


def decode_leaf(code: int, data: memoryview) -> Ref | Secret | KeptList:
    """The reader's half of the opaque leaves."""
    if code == _REF_CODE:
        return Ref(bytes(data[8:]).hex(), int.from_bytes(data[:8], "big"))
    if code == _SECRET_CODE:
        return Secret(bytes(data).decode())
    if code == _KEPT_LIST_CODE:
        size, parts, heights, tail = decode(bytes(data))
        return KeptList(tuple(parts), tuple(heights), tail, size)
    raise ValueProblem(f"unknown leaf {code}: written by a newer release")


ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=_encode_leaf)
_DECODER: Final = msgspec.msgpack.Decoder(ext_hook=decode_leaf)


def encode(value: Value) -> bytes:
    """The stored bytes of a canonical value."""
    return ENCODER.encode(value)


def decode(data: bytes) -> Value:
    """A value from its stored bytes."""
    return _DECODER.decode(data)


def digest_of(value: Value) -> str:
    """The name of a value by its content: what request digests and hashes of graphs are made with."""
    return hashlib.sha256(encode(value)).hexdigest()


def refs_in(value: Value) -> list[Ref]:
    """Every reference that stands in a value, in order."""
    found: list[Ref] = []
    _collect_refs(value, found)
    return found


def _collect_refs(value: Value, found: list[Ref]) -> None:
    if isinstance(value, Ref):
        found.append(value)
    elif isinstance(value, KeptList):
        found.extend(value.parts)
        _collect_refs(value.tail, found)
    elif is_map(value):
        for item in value.values():
            _collect_refs(item, found)
    elif is_list(value):
        for item in value:
            _collect_refs(item, found)


def with_refs_replaced(value: Value, replace: Callable[[Ref], Value]) -> Value:
    """The value with every reference in it replaced, and kept lists whole; parts without come back as they are."""
    if isinstance(value, Ref):
        return replace(value)
    if isinstance(value, KeptList):
        parts = [item for part in value.parts for item in replace(part)]
        return [*parts, *(with_refs_replaced(item, replace) for item in value.tail)]
    if is_map(value) and has_parts(value):
        return {key: with_refs_replaced(item, replace) for key, item in value.items()}
    if is_list(value) and has_parts(value):
        return [with_refs_replaced(item, replace) for item in value]
    return value


def has_parts(value: Value) -> bool:
    """Whether a reference or a kept list stands anywhere in a value."""
    if is_map(value):
        return any(map(has_parts, value.values()))
    if is_list(value):
        return any(map(has_parts, value))
    return isinstance(value, Ref | KeptList)


Pack = Callable[[Value], Value]


class Packer:
    """Puts what is too large for an event aside, as blobs named by a digest under the tenant's key.

    Deterministic: the same value under the same key always packs alike, so that a replay meets the same bytes.
    The one who folds a run owns it and takes the blobs from `fresh` when they append.
    """

    def __init__(
        self, key: bytes, *, inline_bytes_max: int = INLINE_BYTES_MAX, names: Mapping[bytes, str] | None = None
    ) -> None:
        """`names`: what values are called that got their names under another key, by the SHA-256 of their bytes."""
        self._key = key
        self._names = names or {}
        self._inline_bytes_max = inline_bytes_max
        self.fresh: dict[str, bytes] = {}

    def __call__(self, value: Value) -> Value:
        """The value with its largest parts replaced by references; small values come back as they are."""
        if isinstance(value, KeptList):
            return self._shortened(value)
        data = encode(value)
        if len(data) <= self._inline_bytes_max:
            return value
        if is_map(value):
            packed = {key: self(item) for key, item in value.items()}
            if packed != value and len(encode(packed)) <= self._inline_bytes_max:
                return packed
        return self.put_aside(data)

    def _shortened(self, kept: KeptList) -> KeptList:
        """The list with its tail put aside once that is long, so that the next append writes little."""
        data = encode(kept.tail)
        if len(data) <= min(KEPT_TAIL_BYTES_MAX, self._inline_bytes_max):
            return kept
        parts, heights = [*kept.parts, self.put_aside(data)], [*kept.heights, 0]
        while heights[-KEPT_PARTS_MAX:] == [heights[-1]] * KEPT_PARTS_MAX:
            lower = KeptList(tuple(parts[-KEPT_PARTS_MAX:]), tuple(heights[-KEPT_PARTS_MAX:]), [], 0)
            height = heights[-1] + 1
            parts[-KEPT_PARTS_MAX:], heights[-KEPT_PARTS_MAX:] = [self.put_aside(encode(lower))], [height]
        return KeptList(tuple(parts), tuple(heights), [], kept.size)

    def put_aside(self, data: bytes) -> Ref:
        """A blob of these bytes, to be appended with the event that mentions it."""
        digest = self._name_elsewhere(data) or hmac.digest(self._key, data, "sha256").hex()
        self.fresh[digest] = data
        return Ref(digest, len(data))

    def _name_elsewhere(self, data: bytes) -> str:
        return self._names.get(hashlib.sha256(data).digest(), "") if self._names else ""

    def take_fresh(self) -> dict[str, bytes]:
        """The blobs made since the last call: they belong to the append that is about to be written."""
        fresh, self.fresh = self.fresh, {}
        return fresh
