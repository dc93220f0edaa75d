"""The statement for what most appends are when few runs are busy: one append, which takes one run a step further.

It does what the statement for many (statement.py) does of one, with one value where that has an array, and without what
a step has nothing of. There a single append would take twice as long, most of which is to open tables and to look
through arrays for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from interlock.store.postgres.rows import Values
from interlock.store.postgres.statement import ASKED, PARTS

_COLUMNS: Final = list(ASKED)[: list(ASKED).index("has_events")]
"""Those of an append that a step has."""
_AT_MOST_ONE: Final = ("line", "settled", "sent")
_PARTS: Final = ("event", *_AT_MOST_ONE, "closed")
_NOTHING: Final = {part: (None,) * len(PARTS[part]) for part in _AT_MOST_ONE}

APPEND_STEP: Final = """
with moved as (
    update run set seq = $6, head = $7, status = $8, due = $9, ended_at = coalesce($10, ended_at),
        error = coalesce($11, error), owner = case when not $12 then owner end
    where tenant = $1 and run = $2 and epoch = $3 and owner is not null and seq = $4 and head = $5
    returning no),
logged as (
    insert into event(run_no, seq, header, salt, payload)
    select no, e.* from moved, unnest($13::int8[], $14::bytea[], $15::bytea[], $16::bytea[]) as e returning 1),
intended as (
    insert into ledger(run_no, effect, path, attempt, ordinal, kind, name, digest, intended_seq, status, settled_seq)
    select no, $17::text, $18, $19, $20, $21, $22, $23, $24, $25, $26 from moved where $17::text is not null
    on conflict (run_no, effect) do update set path = excluded.path, attempt = excluded.attempt,
        ordinal = excluded.ordinal, kind = excluded.kind, name = excluded.name, digest = excluded.digest,
        intended_seq = excluded.intended_seq, status = excluded.status, settled_seq = excluded.settled_seq),
settled as (
    update ledger set status = $28, settled_seq = $29 where run_no = (select no from moved) and effect = $27),
sent as (
    delete from outbox where run_no = (select no from moved) and effect = $30),
closed as (
    delete from question where run_no = (select no from moved) and (path = any($31) or node = any($31))),
ends as (
    insert into feed_end(tenant, position)
    -- Whoever moves the end on holds up the others of its tenant: all else is written before.
    select $1, 1 from moved where (select count(*) from logged) >= 0
    on conflict (tenant) do update set position = feed_end.position + 1 returning position),
fed as (
    insert into feed(tenant, position, run_no, first_seq, last_seq)
    select $1, e.position, m.no, $4 + 1, $6 from ends e, moved m)
select array[coalesce((select no from moved), 0)]"""


def step_values(asked: Sequence[Values], parts: Mapping[str, Sequence[Values]]) -> list[Any] | None:
    """The values of the statement, if these rows of a batch are one step and no more."""
    is_step = len(asked) == 1 and not any(value is not None for value in asked[0][len(_COLUMNS) + 1 :])
    has_more = any(rows and part not in _PARTS for part, rows in parts.items())
    if not is_step or has_more or not parts["event"] or any(len(parts[part]) > 1 for part in _AT_MOST_ONE):
        return None
    values: list[Any] = [*asked[0][: len(_COLUMNS)], *list(zip(*parts["event"], strict=True))[1:]]
    for part in _AT_MOST_ONE:
        values += parts[part][0][1:] if parts[part] else _NOTHING[part]
    return [*values, [path for _, path in parts["closed"]]]
