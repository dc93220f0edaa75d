"""Whatever is changed in a run file is found, and named: the part, and the event, if it is one."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from interlock.audit.errors import RunFileError
from interlock.audit.layout import README
from interlock.audit.manifest import MANIFEST, SIGNATURES
from interlock.audit.run_file import verify_file
from interlock.audit.sealed_pages import written_event
from interlock.audit.tar_parts import END, Part
from interlock.store.sealing import Sealed
from tests.audit.run_files import (
    DECISIONS,
    EVENTS,
    FORGER,
    flipped,
    packed,
    part_of,
    sealed_in,
    signed_by_forger,
    unpacked,
    verified,
    with_part,
)


def fault_in(data: bytes) -> RunFileError:
    """What is found wrong with a file."""
    with pytest.raises(RunFileError) as found:
        verify_file(io.BytesIO(data))
    return found.value


def named(data: bytes) -> tuple[str, int | None]:
    """The part and the event that are found at fault."""
    fault = fault_in(data)
    return fault.part, fault.seq


def readme_name(data: bytes) -> str:
    """What the file says of itself."""
    return README


def decisions_name(data: bytes) -> str:
    """What was decided, for people."""
    return DECISIONS


def blob_name(data: bytes) -> str:
    """The first of its large values."""
    return next(part.name for part in unpacked(data) if part.name.startswith("blobs/"))


def bundle_name(data: bytes) -> str:
    """What the run is pinned to."""
    return next(part.name for part in unpacked(data) if part.name.startswith("bundles/"))


def test_a_file_as_it_was_written_is_whole(order: bytes) -> None:
    """Else nothing of what follows would say anything."""
    manifest = verified(order).manifest

    assert (manifest.tenant, manifest.summary.graph, manifest.summary.status) == ("local", "order", "succeeded")
    assert [part.name for part in unpacked(order)] == [
        README,
        EVENTS,
        DECISIONS,
        bundle_name(order),
        *sorted(part.name for part in unpacked(order) if part.name.startswith("blobs/")),
        MANIFEST,
        SIGNATURES,
    ]


def found_at(data: bytes, places: range) -> list[int]:
    """The places among these at which a changed bit is not found."""
    return [place for place in places if not _is_found(flipped(data, place))]


def _is_found(data: bytes) -> bool:
    try:
        verify_file(io.BytesIO(data))
    except RunFileError:
        return True
    return False


def test_no_byte_of_a_file_is_without_meaning(order: bytes) -> None:
    """A byte that may be another one is room for something that nobody signed."""
    assert found_at(order, range(0, len(order), 211)) == []
    assert found_at(order, range(len(order) - len(END) - 512, len(order), 67)) == []


@pytest.mark.parametrize(
    "name_of", [readme_name, decisions_name, bundle_name, blob_name], ids=["readme", "decisions", "bundle", "blob"]
)
def test_a_part_that_was_changed_is_named(order: bytes, name_of: Callable[[bytes], str]) -> None:
    """Who looks for what was changed begins there."""
    name = name_of(order)

    assert named(with_part(order, name, lambda data: flipped(data, len(data) // 2))) == (name, None)


@pytest.mark.parametrize("seq", [1, 3, 5])
@pytest.mark.parametrize("stored", ["header", "salt", "payload"])
def test_an_event_that_was_changed_is_named(order: bytes, seq: int, stored: str) -> None:
    """It is what happened that is in question, not which file holds it."""
    what: bytes = getattr(sealed_in(order)[seq - 1], stored)

    def changed(page: bytes) -> bytes:
        return flipped(page, page.index(what) + len(what) - 1)

    assert named(with_part(order, EVENTS, changed)) == (EVENTS, seq)


def test_the_last_event_is_held_by_the_hash_that_was_signed(order: bytes) -> None:
    """No header behind it names it."""
    last = len(sealed_in(order))
    header = sealed_in(order)[-1].header

    def changed(page: bytes) -> bytes:
        return flipped(page, page.index(header) + len(header) - 40)

    assert named(with_part(order, EVENTS, changed)) == (EVENTS, last)


def test_a_manifest_that_was_changed_is_told_from_a_signature_that_was(order: bytes) -> None:
    """Both break the same proof; only one of them fits the rest of the file."""
    manifest, signatures = part_of(order, MANIFEST), part_of(order, SIGNATURES)
    digit = manifest.index(b'"events":') + len(b'"events":')
    base64 = signatures.index(b'"signature":"') + len(b'"signature":"') + 10

    assert named(with_part(order, MANIFEST, lambda data: flipped(data, digit)))[0] == EVENTS
    assert named(with_part(order, SIGNATURES, lambda data: flipped(data, base64))) == (SIGNATURES, None)
    assert named(with_part(order, MANIFEST, lambda data: data.replace(b'"order"', b'"other"'))) == (MANIFEST, None)


def test_a_decision_that_says_something_else_is_named_by_its_line(order: bytes) -> None:
    """They are what people read, so they must not say more or less than the events."""
    forged = with_part(order, DECISIONS, lambda data: data.replace(b'"chosen":"send"', b'"chosen":"drop"'))
    line = (
        part_of(order, DECISIONS)
        .split(b"\n")
        .index(next(one for one in part_of(order, DECISIONS).split(b"\n") if b'"chosen":"send"' in one))
    )

    assert f"line {line + 1} of {DECISIONS}" in str(fault_in(signed_by_forger(forged)))
    assert f"the end of {DECISIONS}" in str(fault_in(with_part(order, DECISIONS, lambda data: data[:-1])))


# --- a forger who signs again ----------------------------------------------------------------------------------------


def with_events(data: bytes, change: Callable[[list[Sealed]], list[Sealed]]) -> bytes:
    """The file with other events, and a manifest that was signed again by somebody else."""
    page = b"".join(map(written_event, change(sealed_in(data))))
    return signed_by_forger(with_part(data, EVENTS, lambda _: page))


def test_an_event_that_was_left_out_is_named_whoever_signed(order: bytes) -> None:
    """The chain of headers needs no key."""
    assert named(with_events(order, lambda events: events[:2] + events[3:])) == (EVENTS, 3)


def test_an_event_that_comes_twice_is_named_whoever_signed(order: bytes) -> None:
    """As if something had been done once more."""
    assert named(with_events(order, lambda events: [*events[:3], *events[2:]])) == (EVENTS, 4)


def test_events_in_another_order_are_named_whoever_signed(order: bytes) -> None:
    """What came first caused what came after."""
    assert named(with_events(order, lambda events: [*events[:2], events[3], events[2], *events[4:]])) == (EVENTS, 3)


def test_a_payload_that_was_left_out_makes_no_run_that_was_erased(order: bytes) -> None:
    """Only a whole run is erased: a hole in one hides something."""

    def without_fourth(events: list[Sealed]) -> list[Sealed]:
        return [*events[:3], replace(events[3], salt=b"", payload=None), *events[4:]]

    forged = with_part(order, EVENTS, lambda _: b"".join(map(written_event, without_fourth(sealed_in(order)))))
    forged = with_part(forged, DECISIONS, lambda data: data)

    assert named(signed_by_forger(forged, lambda manifest: replace(manifest, erased=1))) == (MANIFEST, None)


def test_a_manifest_that_tells_of_another_run_is_refused_whoever_signed(order: bytes) -> None:
    """A reader may look at nothing else."""
    forged = signed_by_forger(order, lambda manifest: replace(manifest, run="another"))
    status = signed_by_forger(
        order, lambda manifest: replace(manifest, summary=replace(manifest.summary, status="failed"))
    )

    assert named(forged) == (MANIFEST, None)
    assert named(status) == (MANIFEST, None)


def test_a_blob_of_another_size_or_left_out_is_named_with_who_mentions_it(order: bytes) -> None:
    """An event without what it says is none."""
    name = blob_name(order)
    shorter = with_part(order, name, lambda data: data[:-1])
    without = packed([part for part in unpacked(order) if part.name != name])

    assert named(signed_by_forger(shorter))[0] == name
    assert named(signed_by_forger(without))[0] == name
    assert "which event" in str(fault_in(without))


def test_a_blob_that_nobody_mentions_has_no_place(order: bytes) -> None:
    """A file that carries more than its run is a way to carry anything."""
    parts = unpacked(order)
    stowaway = Part(f"blobs/{'0' * 64}.msgpack", b"anything")

    assert "manifest.json" in str(fault_in(packed([*parts[:-2], stowaway, *parts[-2:]])))


# --- parts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", range(7))
def test_a_part_that_is_missing_is_named(order: bytes, place: int) -> None:
    """What the file should hold is known without the part."""
    parts = unpacked(order)
    without = packed([*parts[:place], *parts[place + 1 :]])

    assert parts[place].name in str(fault_in(without))


def test_a_part_that_stands_there_twice_is_named(order: bytes) -> None:
    """Two readers would believe two of them."""
    parts = unpacked(order)

    assert str(fault_in(packed([*parts[:2], parts[1], *parts[2:]]))).startswith(f"{EVENTS} stands in the file twice")


def test_parts_in_another_order_are_named(order: bytes) -> None:
    """The same run gives the same file, so there is one order."""
    parts = unpacked(order)

    assert "stands in its place" in str(fault_in(packed([parts[0], parts[2], parts[1], *parts[3:]])))


def test_a_file_that_was_cut_off_says_where(order: bytes) -> None:
    """A download that broke is the usual reason."""
    inside = order.index(EVENTS.encode()) + 512 + 100

    assert named(order[:inside]) == (EVENTS, None)
    assert "it was cut off" in str(fault_in(order[:inside]))
    assert "the file ends behind" in str(fault_in(order[: -len(END)]))
    assert "this is no run file" in str(fault_in(b""))


def test_something_behind_the_end_is_refused(order: bytes) -> None:
    """Nobody has signed it."""
    assert named(order + b"\0") == ("the end", None)


def test_what_is_no_run_file_is_told_so() -> None:
    """The wrong file is named on the command line more often than a forged one."""
    assert str(fault_in(json.dumps({"run": "r1"}).encode() * 100)).startswith("this is no run file")


def test_a_signature_of_somebody_else_is_no_fault_of_the_file(order: bytes) -> None:
    """It is whole; whether its signer is to be believed is another question."""
    assert verified(signed_by_forger(order)).signers == (FORGER.fingerprint,)


def test_a_key_that_is_not_the_one_it_is_called_by_is_refused(order: bytes) -> None:
    """Else a trusted name could stand beside a key that anybody has."""
    named_wrongly = signed_by_forger(order)
    trusted = verified(order).signers[0].encode()

    forged = with_part(named_wrongly, SIGNATURES, lambda data: data.replace(FORGER.fingerprint.encode(), trusted))

    assert named(forged) == (SIGNATURES, None)
