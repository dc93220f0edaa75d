"""What is derived from a log, as rows of a SQLite file: applied with each append, or anew from the whole log.

Rows are gathered over a whole transaction and written table by table. Which rows an event means is not decided here:
see rows.py.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final, TypeAlias

import msgspec
from msgspec.structs import astuple

from interlock.core.values import ENCODER
from interlock.store.errors import MissingError
from interlock.store.imports import imported_changes
from interlock.store.rows import QuestionRow, RunChanges, RunOrigin, changes
from interlock.store.sealing import Sealed, header_hash, unseal

Row: TypeAlias = tuple[Any, ...]

_NEW_RUN: Final = """
    insert into run(graph, graph_hash, bundle, kind, parent, key, labels, started_at, priority, tenant, run,
        status, seq, head)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, x'')"""
_ORIGIN: Final = """
    update run set graph = ?, graph_hash = ?, bundle = ?, kind = ?, parent = ?, key = ?, labels = ?, started_at = ?,
        priority = ?, ended_at = null, error = '' where no = ?"""

_ADVANCED: Final = "update run set seq = ?, head = ? where no = ?"
_MOVED: Final = "update run set status = ?, due = ? where no = ?"
_PINNED: Final = "update run set bundle = ?, graph_hash = ? where no = ?"
_ENDED: Final = "update run set ended_at = ?, status = ?, error = ?, due = null where no = ?"
_INTENDED: Final = "insert or replace into ledger values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SETTLED: Final = "update ledger set status = ?, settled_seq = ? where run_no = ? and effect = ?"
_CLOSED: Final = "delete from question where run_no = ? and ? in (path, node)"
_ASKED: Final = "insert or replace into question values (?, ?, ?, ?, ?, ?, ?, ?)"
_IN_ORDER: Final = (_ADVANCED, _MOVED, _PINNED, _ENDED, _INTENDED, _SETTLED, _CLOSED, _ASKED)
"""The statements in the order in which they are executed: see `RunChanges`."""

_encode_labels: Final = msgspec.msgpack.Encoder(order="sorted").encode


class DerivedRows:
    """Derived rows of several runs that wait to be written. Of one run it takes the changes of one append at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._rows: dict[str, list[Row]] = {statement: [] for statement in _IN_ORDER}

    def new_run(self, tenant: str, run: str, origin: RunOrigin) -> int:
        """Give the run a number, at once: the other rows are kept under it."""
        no = self._connection.execute(_NEW_RUN, (*_origin_columns(origin), tenant, run)).lastrowid
        assert no is not None
        return no

    def add(
        self, no: int, changed: RunChanges, *, seq: int, head: bytes, moved_to: tuple[str, int | None] | None
    ) -> None:
        """What an append changes in the rows of run `no`, and where its log ends now.

        `moved_to`: the status and the due instant, if they have changed. They are indexed, and most appends leave them.
        """
        rows = self._rows
        rows[_ADVANCED].append((seq, head, no))
        if moved_to is not None:
            rows[_MOVED].append((*moved_to, no))
        for line in changed.intended.values():
            rows[_INTENDED].append((no, *astuple(line)))
        for effect, settlement in changed.settled.items():
            rows[_SETTLED].append((settlement.status, settlement.seq, no, effect))
        for path in changed.closed:
            rows[_CLOSED].append((no, path))
        for question in changed.asked.values():
            rows[_ASKED].append((no, *_question_columns(question)))
        if changed.pin is not None:
            rows[_PINNED].append((changed.pin.bundle, changed.pin.graph_hash, no))
        if changed.ending is not None:
            rows[_ENDED].append((changed.ending.ended_at, changed.ending.status, changed.ending.error, no))

    def flush(self) -> None:
        """Write them."""
        for statement, rows in self._rows.items():
            if rows:
                self._connection.executemany(statement, rows)
                rows.clear()


def rebuild(connection: sqlite3.Connection, tenant: str, run: str, *, status: str, due: int | None) -> None:
    """Drop a run's derived rows and derive them anew. Refuses a run of which a payload was erased."""
    asked = "select no, imported_from from run where tenant = ? and run = ?"
    found = connection.execute(asked, (tenant, run)).fetchone()
    if found is None:
        raise MissingError("run", run, tenant=tenant)
    no, imported_from = found
    log = connection.execute("select header, salt, payload from event where run_no = ? order by seq", (no,))
    sealed = [Sealed(*row) for row in log]
    derive = imported_changes if imported_from else changes
    changed = derive(run, [unseal(one) for one in sealed])
    assert changed.origin is not None, f"the first event of run {run} is not its start"
    connection.execute("delete from ledger where run_no = ?", (no,))
    connection.execute("delete from question where run_no = ?", (no,))
    connection.execute(_ORIGIN, (*_origin_columns(changed.origin), no))
    derived = DerivedRows(connection)
    derived.add(no, changed, seq=len(sealed), head=header_hash(sealed[-1].header), moved_to=(status, due))
    derived.flush()


def _origin_columns(origin: RunOrigin) -> Row:
    who = (origin.graph, origin.graph_hash, origin.bundle, origin.kind, origin.parent, origin.key)
    return (*who, _encode_labels(origin.labels), origin.started_at, origin.priority)


def _question_columns(row: QuestionRow) -> Row:
    question = ENCODER.encode(row.question)
    return (row.path, row.node, row.reason, question, row.asked_seq, row.asked_at, row.due)
