"""Mentions of blobs are found in stored bytes, wherever a value holds them: one that is missed would lose the blob."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from interlock.core.events import NodeResult
from interlock.core.values import ENCODER, KeptList, Ref, Value, encode, refs_in
from interlock.store.mentions import digests_in, reachable

DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)
REFS = st.builds(Ref, DIGESTS, st.integers(0, 2**40))
LEAVES = st.none() | st.integers(-(2**40), 2**40) | st.text(max_size=60) | REFS
PLAIN = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner))


def kept_list(parts: list[Ref], tail: list[Value]) -> KeptList:
    """A list of which these parts were put aside."""
    return KeptList(tuple(parts), (0,) * len(parts), tail, 100)


KEPT = st.builds(kept_list, st.lists(REFS, max_size=4), st.lists(PLAIN, max_size=4))


@given(PLAIN | KEPT | st.dictionaries(st.text(max_size=5), KEPT, max_size=3))
def test_every_reference_that_stands_in_an_event_is_found_in_its_bytes(value: object) -> None:
    """Whoever gives up blobs looks at stored bytes alone, and must not overlook one."""
    payload = ENCODER.encode(NodeResult("effect", "done", value))

    assert digests_in(payload) == {ref.digest for ref in refs_in(value)}


def test_a_mention_is_found_behind_text_that_looks_like_one() -> None:
    """What somebody writes into a value must not be able to hide what stands behind it."""
    ref = Ref("ab" * 32, 7)

    data = b"\xc7\x28\x01" + encode(ref)

    assert ref.digest in digests_in(data)


def test_what_a_blob_mentions_is_reached_too() -> None:
    """The parts of a long list are mentioned by a blob that an event mentions."""
    inner, outer = Ref("11" * 32, 1), Ref("22" * 32, 1)
    blobs = {inner.digest: encode("text"), outer.digest: encode([inner])}

    assert reachable([outer.digest], blobs.get) == {inner.digest, outer.digest}
