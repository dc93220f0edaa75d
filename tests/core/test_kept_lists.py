"""Lists that grow: what is appended once is written once, and only the end is ever read."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.core.deciding.missing import Missing
from interlock.core.kept_lists import NoListError, appended, tail_of
from interlock.core.values import Blobs, KeptList, Packer, Ref, Value, decode, encode, with_refs_replaced

KEY = b"k" * 32


class Kept:
    """A kept list with the blobs it was written to."""

    def __init__(self, items: list[Value], *, inline_bytes_max: int) -> None:
        packer = Packer(KEY, inline_bytes_max=inline_bytes_max)
        self.value = reduce(lambda kept, item: packer(appended(kept, item, {})), items, None)
        self.blobs: Blobs = {digest: decode(data) for digest, data in packer.fresh.items()}

    def whole(self) -> Value:
        """All of it, in one list."""

        def load(ref: Ref) -> Value:
            return with_refs_replaced(self.blobs[ref.digest], load)

        return with_refs_replaced(self.value, load)


@given(items=st.lists(st.integers(0, 9), max_size=400), count=st.integers(1, 50))
def test_a_kept_list_is_the_list_of_what_was_appended(items: list[int], count: int) -> None:
    """However many parts it is kept in, and at however many heights."""
    kept = Kept(items, inline_bytes_max=8)

    assert (kept.whole() or []) == items
    assert tail_of(kept.value, count, kept.blobs) == items[-count:]


def test_a_long_list_has_few_parts_and_writes_little_at_each_append() -> None:
    """A loop of many rounds must not pay for its past."""
    kept = Kept(list(range(5_000)), inline_bytes_max=16)

    assert len(kept.value.parts) < 64
    assert len(encode(kept.value)) < 4_096
    assert kept.value.size == 5_000


def test_the_end_of_a_list_is_read_without_what_came_before() -> None:
    """Only the last part is wanted: an early one may be far away."""
    kept = Kept(list(range(100)), inline_bytes_max=16)

    with pytest.raises(Missing) as missing:
        tail_of(kept.value, 20, {})

    assert missing.value.digests == {kept.value.parts[-1].digest}


def test_null_counts_as_the_empty_list_and_anything_else_is_refused() -> None:
    """In the first round of a loop there is no list yet."""
    assert appended(None, 1, {}) == KeptList((), (), [1], 1)
    assert tail_of(None, 3, {}) == []
    with pytest.raises(NoListError):
        appended({"a": 1}, 1, {})
