"""What a run file says of itself: the manifest, which names each part by its digest, and the signatures of that. Pure.

Nothing in it depends on who writes it or when, so the same run has the same manifest wherever it is kept. Both are
JSON in one spelling: other bytes that say the same are refused, so no byte of a file is without meaning.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, Literal, TypeVar

import msgspec
from msgspec import Struct

from interlock.audit.errors import RunFileError
from interlock.audit.signing_key import ALGORITHM, KEY_BYTES, SIGNATURE_BYTES, SigningKey, fingerprint_of, verify
from interlock.audit.tar_parts import Part
from interlock.core.event_parts import Start

FORMAT: Final = 1
"""The version of run files that this release writes and reads."""
KIND: Final = "interlock.run"
MANIFEST: Final = "manifest.json"
SIGNATURES: Final = "signatures.json"
SIGNATURES_MAX: Final = 16
PAYLOAD_TYPE: Final = "application/vnd.interlock.run-manifest+json"

T = TypeVar("T")


class PartEntry(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One part of the file: its name, how many bytes it has, and their SHA-256."""

    name: str
    bytes: int
    sha256: str


class RunSummary(Struct, frozen=True, forbid_unknown_fields=True):
    """What a run is, as its events say it. `status` is `unfinished` until it has ended."""

    graph: str
    graph_hash: str
    bundle: str
    kind: Start
    parent: str
    status: str
    started_at: int
    ended_at: int | None


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """All that is signed: whose run it is, where its log ends, and every part of the file."""

    kind: Literal["interlock.run"]
    format: int
    tenant: str
    run: str
    summary: RunSummary
    events: int
    erased: int
    """How many of the events have no payload any more: none, or all."""
    head: str
    """The hash of the last header, in hexadecimal digits."""
    parts: tuple[PartEntry, ...]

    @property
    def is_erased(self) -> bool:
        """Whether nothing but headers is left of the run."""
        return self.erased > 0


class Signature(Struct, frozen=True, forbid_unknown_fields=True):
    """One signature of a manifest, with the public key by which it verifies, both in base64."""

    algorithm: str
    fingerprint: str
    public_key: str
    signature: str


class _Signatures(Struct, frozen=True, forbid_unknown_fields=True):
    signatures: tuple[Signature, ...]


def entry_of(part: Part) -> PartEntry:
    """What the manifest says of a part."""
    return PartEntry(part.name, len(part.data), sha256(part.data).hexdigest())


def written_manifest(manifest: Manifest) -> bytes:
    """The bytes that are signed."""
    return msgspec.json.encode(manifest) + b"\n"


def read_manifest(data: bytes) -> Manifest:
    """A manifest from its bytes; `RunFileError` if it is none, or of a newer form."""
    try:
        form = msgspec.json.decode(data, type=_Form)
    except msgspec.MsgspecError as error:
        raise RunFileError(f"{MANIFEST} cannot be read ({error})", part=MANIFEST) from error
    if form.kind != KIND or form.format != FORMAT:
        told = f"{MANIFEST} is of {form.kind} in format {form.format}, and this release reads {KIND} in format {FORMAT}"
        raise RunFileError(f"{told} (is there a newer Interlock?)", part=MANIFEST)
    return _read(data, Manifest, MANIFEST)


def sign(manifest: bytes, key: SigningKey) -> Signature:
    """What the holder of a key says of a manifest: it is ours."""
    return Signature(ALGORITHM, key.fingerprint, _base64(key.public), _base64(key.sign(signed_bytes(manifest))))


def signed_bytes(manifest: bytes) -> bytes:
    """What is signed: the manifest behind the words that say what it is (the encoding of DSSE, version 1).

    So no signature of something else that the same key has signed could ever pass for one of a manifest.
    """
    return b"DSSEv1 %d %s %d " % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(manifest)) + manifest


def written_signatures(signatures: Sequence[Signature]) -> bytes:
    """The last part of a file. One signature of each key, in the order of their fingerprints."""
    by_key = {one.fingerprint: one for one in signatures}
    return msgspec.json.encode(_Signatures(tuple(by_key[name] for name in sorted(by_key)))) + b"\n"


def read_signatures(data: bytes, *, manifest: bytes) -> tuple[Signature, ...]:
    """The signatures of a manifest, of which each one verifies; `RunFileError` names the first that does not."""
    signatures = _read(data, _Signatures, SIGNATURES).signatures
    if not 1 <= len(signatures) <= SIGNATURES_MAX or written_signatures(signatures) != data:
        raise RunFileError(f"{SIGNATURES} holds no signatures in their order", part=SIGNATURES)
    for one in signatures:
        _check(one, manifest)
    return signatures


def _check(one: Signature, manifest: bytes) -> None:
    public, signature = _bytes(one.public_key, KEY_BYTES), _bytes(one.signature, SIGNATURE_BYTES)
    if one.algorithm != ALGORITHM or fingerprint_of(public) != one.fingerprint:
        raise RunFileError(f"{SIGNATURES} names a key that is not the one it holds", part=SIGNATURES)
    if not verify(public, signed_bytes(manifest), signature):
        raise RunFileError(f"the signature of {one.fingerprint} in {SIGNATURES} does not hold", part=SIGNATURES)


class _Form(Struct, frozen=True):
    """What every manifest has said since the first, and every later one will."""

    kind: str
    format: int


def _read(data: bytes, kind: type[T], part: str) -> T:
    try:
        found = msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as error:
        raise RunFileError(f"{part} cannot be read ({error})", part=part) from error
    if msgspec.json.encode(found) + b"\n" != data:
        raise RunFileError(f"{part} is not spelled as it was written", part=part)
    return found


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str, size: int) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RunFileError(f"{SIGNATURES} holds something that is no base64", part=SIGNATURES) from error
    if len(data) != size or _base64(data) != text:
        raise RunFileError(f"{SIGNATURES} holds a key or signature that is not spelled as one is", part=SIGNATURES)
    return data
