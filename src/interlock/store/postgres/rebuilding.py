"""Deriving anew what stands beside a run's log: all of it is dropped, and comes back as the log says.

It is a transaction of several statements, in which nobody can write the run; it is for repairs, not for every day.
"""

from __future__ import annotations

from typing import Any, Final

from interlock.store.errors import MissingError
from interlock.store.imports import imported_changes
from interlock.store.postgres.rows import Values, line_values, origin_values, question_values, to_send
from interlock.store.postgres.session import Session
from interlock.store.rows import changes
from interlock.store.sealing import Sealed, header_hash, unseal

_LOCKED: Final = "select no, imported_from from run where tenant = $1 and run = $2 and no is not null for no key update"
_LOG: Final = "select header, salt, payload from event where run_no = $1 order by seq"
_DROPPED: Final = ("ledger", "outbox", "question")
_RUN: Final = """
    update run set graph = $2, graph_hash = $3, bundle = $4, kind = $5, parent = $6, key = $7, labels = $8,
        started_at = $9, priority = $10, status = $11, seq = $12, head = $13, due = $14, ended_at = $15, error = $16
    where no = $1"""
_LINE: Final = "insert into ledger values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
_OUTBOX: Final = "insert into outbox values ($1, $2, $3)"
_QUESTION: Final = "insert into question values ($1, $2, $3, $4, $5, $6, $7, $8)"


async def rebuild(session: Session, tenant: str, run: str, *, status: str, due: int | None) -> None:
    """Drop a run's derived rows and derive them anew. Refuses a run of which a payload was erased."""
    async with session.transaction():
        locked = await session.fetchrow(_LOCKED, tenant, run)
        if locked is None:
            raise MissingError("run", run, tenant=tenant)
        no, imported_from = locked
        sealed = [Sealed(*row) for row in await session.fetch(_LOG, no)]
        events = [unseal(one) for one in sealed]
        changed = (imported_changes if imported_from else changes)(run, events)
        assert changed.origin is not None, f"the first event of run {run} is not its start"
        for table in _DROPPED:
            await session.execute(f"delete from {table} where run_no = $1", no)
        end = (len(sealed), header_hash(sealed[-1].header))
        values = list(origin_values(changed.origin))
        if changed.pin is not None:
            values[1:3] = [changed.pin.graph_hash, changed.pin.bundle]
        ending = changed.ending
        if ending is None:
            how: Values = (status, *end, due, None, "")
        else:
            how = (ending.status, *end, None, ending.ended_at, ending.error)
        await session.execute(_RUN, no, *values, *how)
        await _insert(session, _LINE, no, [line_values(line) for line in changed.intended.values()])
        await _insert(session, _OUTBOX, no, [] if imported_from else to_send(changed, events))
        await _insert(session, _QUESTION, no, [question_values(row) for row in changed.asked.values()])


async def _insert(session: Session, statement: str, no: int, rows: list[Any]) -> None:
    for row in rows:
        await session.execute(statement, no, *row)
