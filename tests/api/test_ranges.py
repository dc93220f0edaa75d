"""Which bytes a request asks for: never any that are not there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from interlock.api.artifacts.ranges import ByteRange, range_meant
from interlock.api.errors import ApiError

HEADERS = st.text(max_size=40) | st.from_regex(r"bytes=\d{0,20}-\d{0,20}", fullmatch=True)


def meant(header: str, size: int) -> ByteRange | str:
    """What a header comes to, or the code of its refusal."""
    try:
        return range_meant({"range": header}, size=size, tag='"x"')
    except ApiError as refused:
        return refused.code


@given(header=HEADERS, size=st.integers(0, 50))
def test_whatever_is_asked_only_what_is_there_is_meant(header: str, size: int) -> None:
    """Headers come from anybody."""
    found = meant(header, size)

    is_sound = isinstance(found, ByteRange) and 0 <= found.first <= found.after <= size
    assert is_sound or found == "range_not_satisfiable"


@given(first=st.integers(0, 60), last=st.integers(0, 60), size=st.integers(1, 50))
def test_a_range_is_what_slicing_gives(first: int, last: int, size: int) -> None:
    """As far as there are such bytes; a range that ends before it begins is none."""
    data = bytes(range(size))
    asked = data[first : last + 1]

    found = meant(f"bytes={first}-{last}", size)

    sent = data[found.first : found.after] if isinstance(found, ByteRange) else found
    assert sent == (asked or (data if last < first else "range_not_satisfiable"))
