"""How an event is stored: a header, chained to the one before it, and a payload that can be erased without harm. Pure.

The header holds nothing of the payload but its digest, made with a random salt that lies with the payload and dies with
it: once both are erased, nobody can guess what the payload was, and the chain of headers still verifies. All hashes are
over the stored bytes; nothing is ever encoded again to be checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from interlock.core.events import LOG_FORMAT, Body, Event
from interlock.core.values import ENCODER, decode_leaf
from interlock.store.errors import DamagedError, ErasedError, NewerFormatError

SALT_BYTES: Final = 16
CHAIN_START: Final = b""
"""What the first header names as the hash of the header before it."""


class Header(Struct, frozen=True, gc=False, array_like=True):
    """What is kept of an event for ever. New fields go to the end, with a default."""

    version: int
    tenant: str
    run: str
    seq: int
    type: str
    path: str
    attempt: int
    at: int
    actor: str
    cause: int
    payload_digest: bytes
    previous: bytes
    """The hash of the stored header before this one."""


class Sealed(Struct, frozen=True, gc=False):
    """An event as stored. An erased one has neither salt nor payload."""

    header: bytes
    salt: bytes
    payload: bytes | None


Fault: TypeAlias = Literal["unreadable", "foreign", "missing", "out_of_order", "changed_header", "changed_payload"]


class Broken(Struct, frozen=True):
    """The first fault of a log that is not what was written; `seq` is the event at fault."""

    seq: int
    fault: Fault
    what: str


_ENCODE_HEADER: Final = msgspec.msgpack.Encoder().encode
_DECODE_HEADER: Final = msgspec.msgpack.Decoder(Header).decode
_DECODE_BODY: Final = msgspec.msgpack.Decoder(Body, ext_hook=decode_leaf).decode

# How a payload of each log format is read. An old format keeps its reader for ever.
_READERS: Final[dict[int, Callable[[bytes], Body]]] = {1: _DECODE_BODY}


def header_hash(header: bytes) -> bytes:
    """The hash under which the next header names this one."""
    return sha256(header).digest()


def seal(event: Event, *, tenant: str, run: str, previous: bytes, salt: bytes) -> Sealed:
    """The event as it will be stored behind the header whose hash is `previous`."""
    body = event.body
    payload = ENCODER.encode(body)
    header = Header(
        LOG_FORMAT,
        tenant,
        run,
        event.seq,
        event.type,
        event.path,
        event.attempt,
        event.at,
        event.actor,
        event.cause,
        sha256(salt + payload).digest(),
        previous,
    )
    return Sealed(_ENCODE_HEADER(header), salt, payload)


def seal_all(
    events: Sequence[Event], *, tenant: str, run: str, previous: bytes, salts: bytes
) -> tuple[list[Sealed], bytes]:
    """The events chained one behind the other, and the hash of the last header. `salts` holds a salt for each."""
    sealed: list[Sealed] = []
    for index, event in enumerate(events):
        salt = salts[index * SALT_BYTES : (index + 1) * SALT_BYTES]
        one = seal(event, tenant=tenant, run=run, previous=previous, salt=salt)
        previous = header_hash(one.header)
        sealed.append(one)
    return sealed, previous


def read_header(sealed: Sealed) -> Header:
    """The stored header, whatever became of the payload."""
    try:
        return _DECODE_HEADER(sealed.header)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DamagedError("the header of an event") from error


def unseal(sealed: Sealed) -> Event:
    """The event that was sealed, if its payload is the one its header names. The chain is for `unseal_all` to see."""
    header = read_header(sealed)
    read = _READERS.get(header.version)
    if read is None:
        raise NewerFormatError(f"event {header.seq} of run {header.run}", version=header.version, known=LOG_FORMAT)
    if sealed.payload is None:
        raise ErasedError(header.run, seq=header.seq)
    if sha256(sealed.salt + sealed.payload).digest() != header.payload_digest:
        raise DamagedError(f"the payload of event {header.seq} of run {header.run}")
    try:
        body = read(sealed.payload)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DamagedError(f"the payload of event {header.seq} of run {header.run}") from error
    return Event(header.seq, header.at, header.path, body, header.actor, header.cause)


def unseal_all(
    log: Sequence[Sealed], *, run: str, head: bytes | None = None, after: int = 0, previous: bytes = CHAIN_START
) -> list[Event]:
    """The events of a run's log from its first on; `DamagedError` names the first one that is not what was stored.

    With `head`, the hash of the last header as it was kept elsewhere, a changed last header or a lost end is seen too.
    With `after` and `previous`, a number and the hash of the header of that number, it is the log behind that one.
    """
    broken = verify_chain(log, head=head, after=after, previous=previous)
    if broken is not None:
        raise DamagedError(f"event {broken.seq} of run {run} ({broken.what})", seq=broken.seq)
    return [unseal(sealed) for sealed in log]


def erased_in(log: Iterable[Sealed]) -> list[int]:
    """The numbers of the events whose payload was erased."""
    return [read_header(sealed).seq for sealed in log if sealed.payload is None]


def verify_chain(
    log: Sequence[Sealed], *, head: bytes | None = None, after: int = 0, previous: bytes = CHAIN_START
) -> Broken | None:
    """The first fault of a run's whole log, or of the log behind a header, or None. An erased payload is no fault.

    With `head`, the hash of the last header as it was kept elsewhere, a changed last header or a lost end is seen too.
    """
    headers: list[Header] = []
    for position, sealed in enumerate(log, start=after + 1):
        try:
            headers.append(read_header(sealed))
        except DamagedError:
            return Broken(position, "unreadable", f"the header in place {position} cannot be read")
    return (
        _fault_in_order(headers, after)
        or _fault_in_chain(headers, log, previous)
        or _fault_at_end(log, head, after, previous)
    )


def _fault_in_order(headers: Sequence[Header], after: int) -> Broken | None:
    present = {header.seq for header in headers}
    for expected, header in enumerate(headers, start=after + 1):
        if (header.tenant, header.run) != (headers[0].tenant, headers[0].run):
            what = f"event {header.seq} is of run {header.run} of tenant {header.tenant}"
            return Broken(expected, "foreign", what)
        if header.seq != expected and expected in present:
            return Broken(expected, "out_of_order", f"event {header.seq} stands where event {expected} should")
        if header.seq != expected:
            return Broken(expected, "missing", f"event {expected} is missing: event {header.seq} stands in its place")
    return None


def _fault_in_chain(headers: Sequence[Header], log: Sequence[Sealed], previous: bytes) -> Broken | None:
    for header, sealed in zip(headers, log, strict=True):
        seq = header.seq
        if header.previous != previous:
            what = f"the header of event {seq - 1} is not the one that event {seq} names"
            return Broken(seq - 1, "changed_header", what)
        if sealed.payload is not None and sha256(sealed.salt + sealed.payload).digest() != header.payload_digest:
            return Broken(seq, "changed_payload", f"the payload of event {seq} is not the one that its header names")
        previous = header_hash(sealed.header)
    return None


def _fault_at_end(log: Sequence[Sealed], head: bytes | None, after: int, previous: bytes) -> Broken | None:
    last = header_hash(log[-1].header) if log else previous
    if head is None or last == head:
        return None
    end = after + len(log)
    return Broken(end, "changed_header", f"the log does not end with the header on record: it ends at {end}")
