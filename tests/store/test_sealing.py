"""How events are sealed, and how a log that is not what was written gives itself away."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import msgspec
import pytest

from interlock.core import events as e
from interlock.core.values import Ref, Secret
from interlock.store import Broken, DamagedError, ErasedError, NewerFormatError, Sealed, verify_chain
from interlock.store.sealing import (
    CHAIN_START,
    SALT_BYTES,
    Header,
    erased_in,
    header_hash,
    read_header,
    seal_all,
    unseal,
)
from tests.store.logs import Fact, ended, log, started, step

FACTS: list[Fact] = [started(), *step(0), *step(1), ended()]


def sealed_log(*, run: str = "r1") -> list[Sealed]:
    """A short log as it is stored."""
    salts = bytes(range(SALT_BYTES * len(FACTS)))
    return seal_all(log(*FACTS), tenant="local", run=run, previous=CHAIN_START, salts=salts)[0]


def without_payload(sealed: Sealed) -> Sealed:
    """What is left of an event that was erased."""
    return Sealed(sealed.header, b"", None)


def with_flipped_bit(data: bytes) -> bytes:
    """The same bytes but for one bit in the middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def test_what_is_unsealed_is_what_was_sealed() -> None:
    """References and handles to secrets included: they stay opaque."""
    body = e.NodeStarted(1, "effect", "digest", {"doc": Ref("ab" * 32, 70_000), "token": Secret("github")}, tool="t")
    event = e.Event(1, 5, "fix", body, actor="ada", cause=3)

    sealed, _ = seal_all([event], tenant="local", run="r1", previous=CHAIN_START, salts=b"s" * SALT_BYTES)

    assert unseal(sealed[0]) == event


def test_a_header_names_the_event_its_payload_and_the_header_before_it() -> None:
    """It is what is left for ever: enough to prove what happened when, nothing of what was in it."""
    first, second = sealed_log()[:2]
    assert second.payload is not None

    assert read_header(second) == Header(
        1, "local", "r1", 2, "node.result", "n0", 0, log(*FACTS)[1].at, "", 0,
        payload_digest=sha256(second.salt + second.payload).digest(), previous=sha256(first.header).digest(),
    )  # fmt: skip


def test_the_same_payload_under_another_salt_has_another_digest() -> None:
    """Or an erased payload could be found again by trying: there are few ways to answer a question."""
    event = log(started())

    digests = {
        read_header(
            seal_all(event, tenant="local", run="r1", previous=b"", salts=salt * SALT_BYTES)[0][0]
        ).payload_digest
        for salt in (b"a", b"b")
    }

    assert len(digests) == 2


@pytest.mark.parametrize("number", range(len(FACTS)))
def test_no_changed_bit_of_any_header_goes_unseen(number: int) -> None:
    """Also one that leaves no header at all, or text that is none."""
    log_, head = sealed_log(), header_hash(sealed_log()[-1].header)

    unseen = [at for at, changed in each_with_a_changed_bit(log_, number) if verify_chain(changed, head=head) is None]

    assert (verify_chain(log_, head=head), unseen) == (None, [])


def each_with_a_changed_bit(log: list[Sealed], number: int) -> Iterator[tuple[int, list[Sealed]]]:
    """The log with each bit of one header changed, one at a time."""
    sealed = log[number]
    for at in range(len(sealed.header) * 8):
        header = bytearray(sealed.header)
        header[at // 8] ^= 1 << at % 8
        yield at, [*log[:number], Sealed(bytes(header), sealed.salt, sealed.payload), *log[number + 1 :]]


def test_a_log_that_was_not_touched_verifies() -> None:
    """Also an empty one, and one known to end where it ends."""
    whole = sealed_log()

    assert verify_chain(whole) is None
    assert verify_chain(whole, head=header_hash(whole[-1].header)) is None
    assert verify_chain([]) is None


def test_an_erased_payload_breaks_nothing_but_cannot_be_read() -> None:
    """Erasing is allowed: the headers still verify, and who would replay the run is told why they cannot."""
    whole = sealed_log()
    whole[2] = without_payload(whole[2])

    assert verify_chain(whole, head=header_hash(whole[-1].header)) is None
    assert erased_in(whole) == [3]
    with pytest.raises(ErasedError, match="the payload of event 3 of run r1 was erased"):
        unseal(whole[2])


def test_headers_alone_verify() -> None:
    """Whoever may not see payloads can still be shown that nothing was left out."""
    assert verify_chain([without_payload(one) for one in sealed_log()]) is None


def test_a_changed_payload_is_named() -> None:
    """One bit is enough."""
    whole = sealed_log()
    assert whole[3].payload is not None
    whole[3] = Sealed(whole[3].header, whole[3].salt, with_flipped_bit(whole[3].payload))

    assert verify_chain(whole) == Broken(
        4, "changed_payload", "the payload of event 4 is not the one that its header names"
    )


def test_a_changed_header_is_named_by_the_one_behind_it() -> None:
    """Another time, another actor: a header is vouched for by its successor."""
    whole = sealed_log()
    forged = msgspec.structs.replace(read_header(whole[2]), actor="mallory")
    whole[2] = Sealed(msgspec.msgpack.encode(forged), whole[2].salt, whole[2].payload)

    assert verify_chain(whole) == Broken(3, "changed_header", "the header of event 3 is not the one that event 4 names")


def test_a_changed_last_header_and_a_lost_end_are_seen_by_who_knows_the_head() -> None:
    """Nothing comes behind the last header, so its hash is kept elsewhere too."""
    whole = sealed_log()
    head = header_hash(whole[-1].header)
    forged = msgspec.structs.replace(read_header(whole[-1]), actor="mallory")
    changed = [*whole[:-1], Sealed(msgspec.msgpack.encode(forged), whole[-1].salt, whole[-1].payload)]

    found = [verify_chain(changed, head=head), verify_chain(whole[:-1], head=head)]

    assert [(broken.seq, broken.fault) for broken in found if broken] == [(6, "changed_header"), (5, "changed_header")]


def test_an_event_that_was_put_in_between_is_named() -> None:
    """Whether it takes the number of another, or all behind it are given other numbers."""
    whole = sealed_log()
    head = header_hash(whole[-1].header)
    renumbered = [with_number(one, number) for number, one in enumerate([*whole[:3], whole[2], *whole[3:]], start=1)]

    found = [verify_chain([*whole[:3], whole[2], *whole[3:]], head=head), verify_chain(renumbered, head=head)]

    assert [(broken.seq, broken.fault) for broken in found if broken] == [(4, "out_of_order"), (3, "changed_header")]


def test_another_history_whose_chain_holds_is_seen_by_who_knows_the_head() -> None:
    """Who may write to the store can chain a log of their own; what they cannot do is make it end in the same hash."""
    whole = sealed_log()
    head = header_hash(whole[-1].header)
    other = [*FACTS[:-1], ended("failed", error="somebody else")]
    salts = bytes(range(SALT_BYTES * len(other)))
    forked = seal_all(log(*other), tenant="local", run="r1", previous=CHAIN_START, salts=salts)[0]

    assert forked[:-1] == whole[:-1]
    assert verify_chain(forked) is None
    assert verify_chain(forked, head=head) == Broken(
        6, "changed_header", "the log does not end with the header on record: it ends at 6"
    )


def test_an_older_head_does_not_vouch_for_what_came_later() -> None:
    """Nor the log of today for the head of yesterday: either of the two is not what was kept."""
    whole = sealed_log()
    older = header_hash(whole[3].header)

    assert verify_chain(whole[:4], head=older) is None
    assert verify_chain(whole, head=older) == Broken(
        6, "changed_header", "the log does not end with the header on record: it ends at 6"
    )


def with_number(sealed: Sealed, number: int) -> Sealed:
    """The same event under another number."""
    header = msgspec.structs.replace(read_header(sealed), seq=number)
    return Sealed(msgspec.msgpack.encode(header), sealed.salt, sealed.payload)


def test_a_missing_event_is_named() -> None:
    """At the start as well as in the middle."""
    whole = sealed_log()

    found = [verify_chain(whole[1:]), verify_chain(whole[:3] + whole[4:])]

    assert found == [
        Broken(1, "missing", "event 1 is missing: event 2 stands in its place"),
        Broken(4, "missing", "event 4 is missing: event 5 stands in its place"),
    ]


def test_events_in_another_order_are_named() -> None:
    """The order is half of what a log says."""
    whole = sealed_log()
    whole[2], whole[3] = whole[3], whole[2]

    assert verify_chain(whole) == Broken(3, "out_of_order", "event 4 stands where event 3 should")


def test_an_event_of_another_run_is_named() -> None:
    """Even if its number fits."""
    whole = sealed_log()
    whole[4] = sealed_log(run="r2")[4]

    assert verify_chain(whole) == Broken(5, "foreign", "event 5 is of run r2 of tenant local")


def test_a_header_that_cannot_be_read_is_named() -> None:
    """Whatever a broken disk may give back."""
    whole = sealed_log()
    whole[1] = Sealed(b"\xc1", whole[1].salt, whole[1].payload)

    assert verify_chain(whole) == Broken(2, "unreadable", "the header in place 2 cannot be read")


def test_an_event_of_a_newer_format_asks_for_a_newer_release() -> None:
    """A guess at what it means would be worse than no answer."""
    first = sealed_log()[0]
    newer = msgspec.structs.replace(read_header(first), version=2)

    with pytest.raises(NewerFormatError, match="event 1 of run r1 has format 2; this release knows up to 1"):
        unseal(Sealed(msgspec.msgpack.encode(newer), first.salt, first.payload))


def test_a_payload_that_cannot_be_read_is_said_to_be_damaged() -> None:
    """With the event it belongs to, for whoever restores it."""
    first = sealed_log()[0]

    with pytest.raises(DamagedError, match="the payload of event 1 of run r1 is not what was stored"):
        unseal(Sealed(first.header, first.salt, b"\xc1"))
