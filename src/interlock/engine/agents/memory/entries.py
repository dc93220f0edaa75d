"""Entries of memories: what one is, who shares it, and under which key it stands among a tenant's records.

A scope is one memory: that of a session, of a run that belongs to none, of an agent, or of all agents of the tenant.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from interlock.core.values import ENCODER, Value, decode, digest_of, is_list, is_map
from interlock.store.records import Record

MEMORY_KIND: Final = "memory"
"""The records of sessions and of long-term memories. They stay until they are forgotten."""
RUN_MEMORY_KIND: Final = "run_memory"
"""The records of runs without a session, under the names of the runs: of use only while those live."""
SESSION_LABEL: Final = "session"
"""The label of a run that names its session."""
_NAME_LENGTH: Final = 32
_TAINTED: Final = "tainted"


class Scope(Struct, frozen=True):
    """One memory: the kind of its records, and what their keys begin with."""

    kind: str
    prefix: str

    def key(self, name: str) -> str:
        """The key of the record that holds what is kept under a name."""
        return f"{self.prefix}{_short(name)}"


def session_scope(session: str) -> Scope:
    """What the agents of all runs of a session share."""
    return Scope(MEMORY_KIND, f"session:{_short(session)}:")


def run_scope(run: str) -> Scope:
    """What the agents of one run share that belongs to no session."""
    return Scope(RUN_MEMORY_KIND, f"{run}:")


def agent_scope(agent: str) -> Scope:
    """What one agent keeps from run to run."""
    return Scope(MEMORY_KIND, f"agent:{_short(agent)}:")


SHARED_SCOPE: Final = Scope(MEMORY_KIND, "shared:")
"""What all agents of the tenant share."""


def _short(name: str) -> str:
    return digest_of(name)[:_NAME_LENGTH]


class Entry(Struct, frozen=True, omit_defaults=True):
    """What an agent keeps under a name, and who wrote it."""

    key: str
    value: Value
    tags: tuple[str, ...] = ()
    agent: str = ""
    run: str = ""
    tainted: bool = False
    """Written by an agent that had read what somebody outside may have written."""


class Kept(Struct, frozen=True):
    """An entry, and when it was written last."""

    entry: Entry
    at: int


def written(entry: Entry) -> bytes:
    """An entry as records hold it."""
    return ENCODER.encode(entry)


def kept(record: Record) -> Kept:
    """The entry that a record holds."""
    return Kept(msgspec.convert(decode(record.data), Entry), record.at)


def told(kept: Kept) -> dict[str, Value]:
    """An entry as an agent hears of it."""
    entry = kept.entry
    given: dict[str, Value] = {"by": entry.agent, "key": entry.key}
    if entry.tags:
        given["tags"] = list(entry.tags)
    if entry.tainted:
        given[_TAINTED] = True
    return given | {"value": entry.value}


def has_tainted(out: Value) -> bool:
    """Whether what was recalled holds anything that somebody outside may have written."""
    return is_list(out) and any(is_map(each) and _TAINTED in each for each in out)
