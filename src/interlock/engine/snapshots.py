"""Snapshots: the state of a long run as it was after one of its events, so that resuming reads only what came later.

A snapshot says nothing that the log does not say. One that cannot be read, or that is not of this very log, is as good
as none: the run is folded from its first event, and nobody is worse off than by the time that takes. Runs that are
short have none, and neither have runs that ended.
"""

from __future__ import annotations

import hmac
from functools import cache
from importlib import metadata
from typing import Final

import msgspec
from msgspec import Struct

from interlock.core.plan import LANGUAGE
from interlock.core.state import STATE_FORM, RunState, decode_state, encode_state

SNAPSHOT_KIND: Final = "snapshot"
"""The kind of the record; its key is the run."""
SNAPSHOT_EVENTS: Final = 2_000
"""So many events lie behind the last snapshot before the next one is due. Reading and folding one takes 10 to 20
microseconds, so that a run resumes within 50 milliseconds, and a commit more for each 2,000 events is not felt."""
BYTES_PER_EVENT: Final = 256
"""A large state waits for more events: all snapshots of a run together are written with no more bytes than its log."""
_DIGEST_BYTES: Final = 32


class Snapshot(Struct, frozen=True, array_like=True):
    """A state, and what has to be the same where it is read."""

    release: str
    language: int
    form: int
    """What `encode_state` means by its bytes."""
    bundle: str
    seq: int
    header: bytes
    """The hash of the header of event `seq`: it says of which log this is a fold."""
    state: bytes


class Resumable(Struct, frozen=True):
    """A state to go on from, and the hash of the header of the last event that is in it."""

    state: RunState
    header: bytes


class SnapshotMark(Struct, frozen=True):
    """What is known of a run's last snapshot to whoever drives it. At 0 there is none, or none that counts."""

    seq: int = 0
    size: int = 0

    def is_due(self, seq: int, *, every: int) -> bool:
        """Whether enough has happened since."""
        return seq - self.seq >= max(every, self.size // BYTES_PER_EVENT)


def write_snapshot(state: RunState, *, bundle: str, header: bytes, key: bytes) -> bytes:
    """The bytes of a snapshot of a state that is exactly what its log says up to the event with that header."""
    snapshot = Snapshot(*_here(), bundle, state.seq, header, encode_state(state))
    data = msgspec.msgpack.encode(snapshot)
    return _digest(data, state.tenant, state.run, key) + data


def read_snapshot(written: bytes, *, tenant: str, run: str, bundle: str, key: bytes) -> Resumable | None:
    """What a snapshot holds, if it is whole, of this run on this bundle, and means here what it meant there."""
    digest, data = written[:_DIGEST_BYTES], written[_DIGEST_BYTES:]
    if not hmac.compare_digest(digest, _digest(data, tenant, run, key)):
        return None
    try:
        snapshot = msgspec.msgpack.decode(data, type=Snapshot)
        if (snapshot.release, snapshot.language, snapshot.form, snapshot.bundle) != (*_here(), bundle):
            return None
        return Resumable(decode_state(snapshot.state), snapshot.header)
    except msgspec.MsgspecError:
        return None  # its digest is right, so a release wrote it that writes snapshots in another way


def _digest(data: bytes, tenant: str, run: str, key: bytes) -> bytes:
    return hmac.digest(key, msgspec.msgpack.encode([SNAPSHOT_KIND, tenant, run]) + data, "sha256")


@cache
def _here() -> tuple[str, int, int]:
    return metadata.version("interlock"), LANGUAGE, STATE_FORM
