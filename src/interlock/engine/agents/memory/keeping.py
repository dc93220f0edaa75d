"""Memories in a store's records: what agents of one tenant remember, recall and forget.

A call that is repeated after a crash does what it did: an entry without a name of its own is named by its effect. It
does so late, as if it had come after whatever others wrote meanwhile.
"""

from __future__ import annotations

from typing import Final

from interlock.agents.memory_tools import FORGET, RECALL, REMEMBER
from interlock.core.event_parts import Error, ErrorClass
from interlock.core.values import Value, encode, is_map
from interlock.engine.agents.memory.door import MemoryCall
from interlock.engine.agents.memory.entries import (
    SESSION_LABEL,
    SHARED_SCOPE,
    Entry,
    Kept,
    Scope,
    agent_scope,
    kept,
    run_scope,
    session_scope,
    told,
    written,
)
from interlock.engine.agents.memory.ranking import ranked
from interlock.store.event_store import EventStore
from interlock.tools.outcome import Done, Failed

ENTRIES_MAX: Final = 200
"""How many entries one memory holds."""
VALUE_BYTES_MAX: Final = 16_000
"""How large what is kept under one name may be."""
LIMIT: Final = 20
"""How many entries are recalled where nothing is said of it."""


class KeptMemories:
    """The memories of one tenant."""

    def __init__(self, store: EventStore, *, tenant: str) -> None:
        self._store = store
        self._tenant = tenant

    async def call(self, call: MemoryCall) -> Done | Failed:
        """Do what an agent asks for. The arguments fit the tool by now."""
        arguments = call.arguments
        assert is_map(arguments), "the arguments of a memory tool are a map"
        if arguments["memory"] == "session":
            scopes = [await self._of_session(call.run)]
        else:
            scopes = [agent_scope(call.agent), SHARED_SCOPE]
        if call.tool == RECALL:
            return await self._recall(scopes, arguments)
        if call.tool == REMEMBER:
            return await self._remember(_written_to(scopes, arguments), call, arguments)
        assert call.tool == FORGET, f"{call.tool} is no memory tool"
        return await self._forget(_written_to(scopes, arguments), arguments)

    async def _of_session(self, run: str) -> Scope:
        """The memory of the run's session; a run that belongs to none is its own."""
        row = await self._store.get_run(self._tenant, run)
        session = row.labels.get(SESSION_LABEL)
        return run_scope(run) if session is None else session_scope(session)

    async def _recall(self, scopes: list[Scope], arguments: dict[str, Value]) -> Done:
        entries = [each for scope in scopes for each in await self._entries(scope)]
        found = ranked(
            entries, arguments.get("query", ""), tags=arguments.get("tags", []), limit=arguments.get("limit", LIMIT)
        )
        return Done([told(each) for each in found])

    async def _remember(self, scope: Scope, call: MemoryCall, arguments: dict[str, Value]) -> Done | Failed:
        if ("text" in arguments) == ("value" in arguments):
            return _refused(call, "give `text` or `value`, and not both")
        key = arguments.get("key") or f"note {call.effect[:12]}"
        value = arguments.get("text", arguments.get("value"))
        if (size := len(encode(value))) > VALUE_BYTES_MAX:
            return _refused(call, f"{size:,} bytes are more than the {VALUE_BYTES_MAX:,} that are kept under one key")
        names = {each.entry.key for each in await self._entries(scope)}
        if key not in names and len(names) >= ENTRIES_MAX:
            return _refused(call, f"this memory is full ({ENTRIES_MAX} entries): forget something first", "exhausted")
        entry = Entry(key, value, tuple(arguments.get("tags", ())), call.agent, call.run, call.tainted)
        await self._store.records.put(self._tenant, scope.kind, scope.key(key), written(entry))
        return Done({"key": key})

    async def _forget(self, scope: Scope, arguments: dict[str, Value]) -> Done:
        await self._store.records.drop(self._tenant, scope.kind, scope.key(arguments["key"]))
        return Done({"key": arguments["key"]})

    async def _entries(self, scope: Scope) -> list[Kept]:
        """All entries of a memory: their keys follow one another."""
        most = 2 * ENTRIES_MAX  # those who write at the same time may each think that theirs is the last that fits
        listed = await self._store.records.listed(self._tenant, scope.kind, after=scope.prefix, limit=most)
        return [kept(record) for record in listed if record.key.startswith(scope.prefix)]


def _written_to(scopes: list[Scope], arguments: dict[str, Value]) -> Scope:
    return SHARED_SCOPE if arguments.get("shared") and SHARED_SCOPE in scopes else scopes[0]


def _refused(call: MemoryCall, message: str, kind: ErrorClass = "invalid") -> Failed:
    return Failed(Error(kind, message, call.path), retryable=False, calls=0)
