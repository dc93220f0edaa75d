"""Run files for tests: a run that has everything a file can hold, and the means to change a file as a forger would."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from interlock import Interlock, RunHandle, tool
from interlock.audit.manifest import (
    MANIFEST,
    SIGNATURES,
    Manifest,
    entry_of,
    read_manifest,
    sign,
    written_manifest,
    written_signatures,
)
from interlock.audit.run_file import VerifiedFile, verify_file
from interlock.audit.sealed_pages import read_page
from interlock.audit.signing_key import SigningKey
from interlock.audit.tar_parts import END, Part, read_parts, written
from interlock.store.sealing import Sealed

FORGER: Final = SigningKey(b"the key of whoever changes files")
EVENTS: Final = "events/0000000001.msgpack"
DECISIONS: Final = "decisions/0000000001.jsonl"

ORDER: Final[dict[str, Any]] = {
    "graph": "order",
    "inputs": {"letters": "integer"},
    "nodes": {
        "write": {"tool": "write", "input": {"letters": "${inputs.letters}"}},
        "twice": {"value": {"text": "${write + write}"}},
        "long_enough": {"gate": ["${size(write) > 10}"]},
        "approve": {"human": "Send it?", "choices": ["send", "drop"], "after": "long_enough"},
    },
    "outputs": {"text": "${twice.text}"},
}
"""A graph whose runs have large values, decisions of the engine and of a person, and wait in between."""


@tool(effect="read")
def write(letters: int) -> str:
    """So many letters."""
    return "letters " * (letters // 8)


async def waiting_order(interlock: Interlock, *, letters: int = 40_000, key: str = "") -> RunHandle:
    """An order that waits for a person, with large values."""
    handle = await interlock.start(ORDER, {"letters": letters}, key=key, by="ada")
    await handle.wait_while_moving()
    return handle


async def sent_order(interlock: Interlock, *, letters: int = 40_000) -> RunHandle:
    """An order that has ended."""
    handle = await waiting_order(interlock, letters=letters)
    await handle.answer("approve", choice="send", by="ann", why="it is long enough")
    await handle.wait()
    return handle


async def exported(handle: RunHandle) -> bytes:
    """The run's file."""
    return b"".join([piece async for piece in await handle.export()])


@dataclass
class Carried:
    """A file that arrives in pieces, as an upload does."""

    data: bytes
    piece_bytes: int = 10_000

    async def __aiter__(self):  # noqa: ANN204 - an iterator of bytes
        for start in range(0, len(self.data), self.piece_bytes):
            yield self.data[start : start + self.piece_bytes]


# --- changing a file -------------------------------------------------------------------------------------------------


def verified(data: bytes) -> VerifiedFile:
    """What a file holds, if it is whole."""
    return verify_file(io.BytesIO(data))


def unpacked(data: bytes) -> list[Part]:
    """The parts of a file."""
    return list(read_parts(io.BytesIO(data)))


def packed(parts: Sequence[Part]) -> bytes:
    """A file of these parts, as they are."""
    return b"".join(map(written, parts)) + END


def part_of(data: bytes, name: str) -> bytes:
    """What a part holds."""
    return next(part.data for part in unpacked(data) if part.name == name)


def with_part(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The file with one part changed, and nothing else."""
    return packed([replace(one, data=change(one.data)) if one.name == name else one for one in unpacked(data)])


def sealed_in(data: bytes) -> list[Sealed]:
    """The events of its first page."""
    return read_page(part_of(data, EVENTS), part=EVENTS, first=1)


def signed_by_forger(data: bytes, change: Callable[[Manifest], Manifest] = lambda manifest: manifest) -> bytes:
    """The file with a manifest that fits what it holds now, signed by somebody else."""
    parts = [part for part in unpacked(data) if part.name not in (MANIFEST, SIGNATURES)]
    before = read_manifest(part_of(data, MANIFEST))
    manifest = written_manifest(change(replace(before, parts=tuple(map(entry_of, parts)))))
    signatures = written_signatures([sign(manifest, FORGER)])
    return packed([*parts, Part(MANIFEST, manifest), Part(SIGNATURES, signatures)])


def flipped(data: bytes, place: int) -> bytes:
    """The bytes with one bit of one of them changed."""
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)
