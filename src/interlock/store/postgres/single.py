"""The statements for what most appends are when few runs are busy: one append, that begins a run or takes it a step on.

They do what the statement for many (statement.py) does of one, with one value where that has an array, and without what
a step has nothing of. There a single append would take twice as long, most of which is to open tables and to look
through arrays for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from interlock.store.postgres.rows import Values
from interlock.store.postgres.statement import ASKED, PARTS

_PINNED: Final = ("pinned_hash", "pinned_bundle")
_OF_A_STEP: Final = tuple(ASKED)[: list(ASKED).index("has_events")]
"""The columns of an append that takes its run a step on."""
_OF_A_START: Final = tuple(column for column in ASKED if column not in {"previous", "has_events", *_PINNED})
_SEVERAL: Final = ("event", "closed")
_AT_MOST_ONE: Final = ("line", "settled", "sent")

_GO_ON: Final = """
moved as (
    update run set seq = {last}, head = {head}, status = {status}, due = {due},
        ended_at = coalesce({ended_at}, ended_at), error = coalesce({error}, error),
        owner = case when not {releases} then owner end
    where tenant = {tenant} and run = {run} and epoch = {epoch} and owner is not null
        and seq = {before} and head = {previous}
    returning no)"""

_BEGIN: Final = """
moved as (
    insert into run(tenant, run, no, graph, graph_hash, bundle, kind, parent, key, labels, started_at, priority, status,
        seq, head, due, ended_at, error, epoch, expires_at, owner, host, pid, pid_started)
    select {tenant}, {run}, nextval('run_no'), {graph}, {graph_hash}, {bundle}, {kind}, {parent}, {key}, {labels},
        {started_at}, {priority}, {status}, {last}, {head}, {due}, {ended_at}, coalesce({error}, ''), {epoch},
        {expires_at}, case when not {releases} then {owner} end, {host}, {pid}, {pid_started}
    where {before} = 0
    on conflict do nothing returning no)"""

_DERIVED: Final = """
logged as (
    insert into event(run_no, seq, header, salt, payload)
    select no, e.* from moved, unnest({event_seq}, {event_header}, {event_salt}, {event_payload}) as e returning 1),
intended as (
    insert into ledger(run_no, effect, path, attempt, ordinal, kind, name, digest, intended_seq, status, settled_seq)
    select no, {line_effect}, {line_path}, {line_attempt}, {line_ordinal}, {line_kind}, {line_name}, {line_digest},
        {line_intended_seq}, {line_status}, {line_settled_seq}
    from moved where {line_effect} is not null
    on conflict (run_no, effect) do update set path = excluded.path, attempt = excluded.attempt,
        ordinal = excluded.ordinal, kind = excluded.kind, name = excluded.name, digest = excluded.digest,
        intended_seq = excluded.intended_seq, status = excluded.status, settled_seq = excluded.settled_seq),
settled as (
    update ledger set status = {settled_status}, settled_seq = {settled_settled_seq}
    where run_no = (select no from moved) and effect = {settled_effect}),
sent as (
    delete from outbox where run_no = (select no from moved) and effect = {sent_effect}),
closed as (
    delete from question
    where run_no = (select no from moved) and (path = any({closed_path}) or node = any({closed_path}))),
ends as (
    insert into feed_end(tenant, position)
    -- Whoever moves the end on holds up the others of its tenant: all else is written before.
    select {tenant}, 1 from moved where (select count(*) from logged) >= 0
    on conflict (tenant) do update set position = feed_end.position + 1 returning position),
fed as (
    insert into feed(tenant, position, run_no, first_seq, last_seq)
    select {tenant}, e.position, m.no, {before} + 1, {last} from ends e, moved m)
select array[coalesce((select no from moved), 0)]"""


def _statement(columns: Sequence[str], how: str) -> str:
    types = [(column, ASKED[column]) for column in columns]
    types += [(f"{part}_{column}", f"{its}[]") for part in _SEVERAL for column, its in PARTS[part].items()]
    types += [(f"{part}_{column}", its) for part in _AT_MOST_ONE for column, its in PARTS[part].items()]
    numbered = {name: f"${number}::{type_}" for number, (name, type_) in enumerate(types, start=1)}
    return f"with {how},{_DERIVED}".format(**numbered)


_STEP: Final = _statement(_OF_A_STEP, _GO_ON)
_START: Final = _statement(_OF_A_START, _BEGIN)


def single(asked: Sequence[Values], parts: Mapping[str, Sequence[Values]]) -> tuple[str, list[Any]] | None:
    """The statement for these rows of a batch and its values, if they are one append that it can write.

    As of many it gives the number of the run, or 0 if the append is refused.
    """
    is_one = len(asked) == 1 and len(parts["event"]) > 0 and all(len(parts[part]) <= 1 for part in _AT_MOST_ONE)
    has_more = any(parts[part] for part in PARTS if part not in (*_SEVERAL, *_AT_MOST_ONE))
    if has_more or not is_one:
        return None
    given = dict(zip(ASKED, asked[0], strict=True))
    if given["pinned_bundle"] is not None or (given["graph"] is None) != (given["owner"] is None):
        return None
    statement, columns = (_STEP, _OF_A_STEP) if given["owner"] is None else (_START, _OF_A_START)
    values = [given[column] for column in columns]
    for part in _SEVERAL:
        values += [[row[place] for row in parts[part]] for place in range(1, len(PARTS[part]) + 1)]
    for part in _AT_MOST_ONE:
        values += parts[part][0][1:] if parts[part] else (None,) * len(PARTS[part])
    return statement, values
