"""No two events get the same salt, in whatever numbers salts are asked for."""

from __future__ import annotations

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from interlock.store.salts import Salts
from interlock.store.sealing import SALT_BYTES


def numbered() -> Salts:
    """Salts out of bytes that never come again."""
    drawn = count()

    def random_bytes(size: int) -> bytes:
        return b"".join(next(drawn).to_bytes(SALT_BYTES) for _ in range(size // SALT_BYTES))

    return Salts(random_bytes)


@given(st.lists(st.integers(0, 600), max_size=20))
def test_a_salt_is_never_given_twice(counts: list[int]) -> None:
    """Of two payloads under one salt the digests would tell whether they are the same, when both are long erased."""
    salts = numbered()

    taken = [salts.take(count) for count in counts]

    assert [len(each) for each in taken] == [SALT_BYTES * count for count in counts]
    together = b"".join(taken)
    each = {together[at : at + SALT_BYTES] for at in range(0, len(together), SALT_BYTES)}
    assert len(each) == sum(counts)
