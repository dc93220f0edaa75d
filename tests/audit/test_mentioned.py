"""What stored bytes mention is found as the one who decodes them would find it, whatever the bytes are."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.audit.mentioned import ITEMS_MAX, UnwalkableError, mentioned_in
from interlock.core.values import KeptList, Ref, decode, encode, refs_in

REFS = st.builds(Ref, st.binary(min_size=32, max_size=32).map(bytes.hex), st.integers(0, 2**40))
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=300)
    | REFS
)


def kept_list(parts: list[Ref], tail: list[object]) -> KeptList:
    """A list of which only the end is at hand."""
    return KeptList(tuple(parts), (0,) * len(parts), tail, len(tail))


VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=20)
        | st.dictionaries(st.text(max_size=5), inner, max_size=20)
        | st.builds(kept_list, st.lists(REFS), st.lists(inner))
    ),
    max_leaves=30,
)
A_REF = Ref("ab" * 32, 7)


@given(VALUES)
def test_every_reference_in_a_value_is_found_and_nothing_else(value: object) -> None:
    """One too few would be a value that is missing where the run arrives."""
    assert mentioned_in(encode(value)) == {ref.digest: ref.size for ref in refs_in(decode(encode(value)))}


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_walked_through_or_refused(data: bytes) -> None:
    """They come from somebody else."""
    marked = data + encode(A_REF)

    assert walked(marked) in ("refused", "walked")


def walked(data: bytes) -> str:
    """What becomes of bytes."""
    try:
        mentioned_in(data)
    except UnwalkableError:
        return "refused"
    return "walked"


@pytest.mark.parametrize(
    "data",
    [
        encode([A_REF, "text"])[:-2],
        encode(A_REF) + b"\0",
        b"\xdd\xff\xff\xff\xff" + encode(A_REF),
        b"\xc1" + encode(A_REF),
        b"\x93" + encode(A_REF) + b"\xc9\xff\xff\xff\xff\x07",
    ],
    ids=["cut off", "something behind it", "promises too much", "no such byte", "a long leaf"],
)
def test_what_is_no_stored_value_is_refused(data: bytes) -> None:
    """Nothing is made of it, and nothing is read beyond it."""
    assert walked(data) == "refused"


def test_what_would_take_for_ever_to_walk_through_is_refused() -> None:
    """A few megabytes may hold more items than anybody waits for."""
    many = msgspec.msgpack.encode([0] * ITEMS_MAX)
    longer = b"\x92" + encode(A_REF) + many

    with pytest.raises(UnwalkableError, match="more than 2,000,000 items"):
        mentioned_in(longer)
