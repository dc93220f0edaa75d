"""The one statement that writes many appends: it checks each, and writes those that pass, in one transaction.

Each value is an array: of the appends, `asked`, or of what belongs to one of them, named by its place `ord` among them.
It is one statement because locks must not be held across the network: a process that is stopped between two statements
would hold up its whole tenant. Rows are locked in the order in which the appends come, which is that of their names.

A row is found by its key, one by one, in a subquery that cannot be turned into a join (`offset 0`), and is changed at
the spot where it was found. So there is nothing for the planner to guess, and each append costs the same in a small
table as in a large one.
"""

from __future__ import annotations

from typing import Final

ASKED: Final = {
    "tenant": "text", "run": "text", "epoch": "int8", "before": "int8", "previous": "bytea", "last": "int8",
    "head": "bytea", "status": "text", "due": "int8", "ended_at": "int8", "error": "text", "releases": "bool",
    "has_events": "bool", "pinned_hash": "text", "pinned_bundle": "text", "graph": "text", "graph_hash": "text",
    "bundle": "text", "kind": "text", "parent": "text", "key": "text", "labels": "bytea", "started_at": "int8",
    "priority": "int8", "expires_at": "int8", "owner": "text", "host": "text", "pid": "int8", "pid_started": "int8",
}  # fmt: skip
"""The columns of an append. From `graph` on only the first of a run has them, from `expires_at` on only a claim."""

_LINE: Final = {
    "effect": "text", "path": "text", "attempt": "int8", "ordinal": "int8", "kind": "text", "name": "text",
    "digest": "text", "intended_seq": "int8", "status": "text", "settled_seq": "int8",
}  # fmt: skip
_QUESTION: Final = {
    "path": "text", "node": "text", "reason": "text", "question": "bytea", "asked_seq": "int8", "asked_at": "int8",
    "due": "int8",
}  # fmt: skip

PARTS: Final = {
    "event": {"seq": "int8", "header": "bytea", "salt": "bytea", "payload": "bytea"},
    "line": _LINE,
    "settled": {"effect": "text", "status": "text", "settled_seq": "int8"},
    "to_send": {"effect": "text", "intended_at": "int8"},
    "sent": {"effect": "text"},
    "closed": {"path": "text"},
    "question": _QUESTION,
    "blob": {"tenant": "text", "digest": "text", "data": "bytea"},
    "consumed": {"tenant": "text", "run": "text", "id": "int8"},
    "adopted": {"tenant": "text", "digest": "text"},
    "offer": {
        "tenant": "text", "run": "text", "path": "text", "effect": "text", "tool": "text", "pool": "text",
        "tags": "text", "priority": "int8", "call": "bytea", "answers": "text", "lost": "bytea", "offered_at": "int8",
    },
}  # fmt: skip
"""What belongs to appends, by table, in the order of the statement's values; `ord` stands before the columns."""

_FENCED: Final = """
-- An append that records a signal which is gone, or takes over a value which is gone, is refused. Whoever gives values
-- up leaves alone what is locked here.
wanting as materialized (
    select array(
        select x.ord from {consumed} as x left join lateral (
            select 1 as is_there from signal where id = x.id and tenant = x.tenant and run = x.run offset 0
        ) as s on true
        where s.is_there is null
        union all
        select x.ord from {adopted} as x left join lateral (
            select 1 as is_there from blob where tenant = x.tenant and digest = x.digest for key share) as b on true
        where b.is_there is null) as ords),
stood as materialized (
    select a.*, kept.spot, coalesce(kept.no, case when a.graph is not null then nextval('run_no') end) as no,
        a.ord = any(wanting.ords) as wants,
        (a.owner is null and a.ord <> all(wanting.ords) and kept.spot = seen.spot and kept.epoch = a.epoch
            and kept.is_leased and kept.seq = a.before and kept.head = a.previous
            and not (a.key is not null and a.key <> '' and exists (
                select from run k where k.tenant = a.tenant and k.key = a.key and k.key <> ''))) is true as passes
    from {asked} as a cross join wanting
    left join lateral (
        select ctid as spot from run where tenant = a.tenant and run = a.run offset 0) as seen on true
    left join lateral (
        select ctid as spot, no, seq, head, epoch, owner is not null as is_leased from run
        where tenant = a.tenant and run = a.run for no key update) as kept on true)"""
# `seen` is what this statement's snapshot shows and `kept` what was locked. If somebody has changed the row in between,
# they differ, and the append is refused for now: the update could not find the row. It is then tried again.

_CLAIMED: Final = """
claimed as (
    insert into run(tenant, run, no, graph, graph_hash, bundle, kind, parent, key, labels, started_at, priority, status,
        seq, head, due, ended_at, error, epoch, expires_at, owner, host, pid, pid_started)
    select tenant, run, no, graph, coalesce(pinned_hash, graph_hash), coalesce(pinned_bundle, bundle), kind, parent,
        key, labels, started_at, priority, status, last, head, due, ended_at, coalesce(error, ''), epoch, expires_at,
        case when not releases then owner end, host, pid, pid_started
    from stood where owner is not null and before = 0 and not wants order by tenant, key, run
    on conflict do nothing returning no)"""

_PASSED: Final = """
passed as materialized (
    select array_agg(case when s.passes or s.no = any(c.nos) then s.no else 0 end order by s.ord) as nos
    from stood s, (select array_agg(no) as nos from claimed) as c)"""
"""The numbers of the runs whose appends pass, by place; 0 for a refused one."""

_ADVANCED: Final = """
advanced as (
    update run set no = s.no, seq = s.last, head = s.head, status = s.status, due = s.due,
        ended_at = coalesce(s.ended_at, run.ended_at), error = coalesce(s.error, run.error),
        owner = case when not s.releases then run.owner end,
        graph = coalesce(s.graph, run.graph), graph_hash = coalesce(s.pinned_hash, s.graph_hash, run.graph_hash),
        bundle = coalesce(s.pinned_bundle, s.bundle, run.bundle), kind = coalesce(s.kind, run.kind),
        parent = coalesce(s.parent, run.parent), key = coalesce(s.key, run.key),
        labels = coalesce(s.labels, run.labels), started_at = coalesce(s.started_at, run.started_at),
        priority = coalesce(s.priority, run.priority)
    from stood s where run.ctid = s.spot and s.passes)"""

_DERIVED: Final = """
logged as (
    insert into event(run_no, seq, header, salt, payload)
    select p.nos[x.ord], x.seq, x.header, x.salt, x.payload from passed p, {event} as x where p.nos[x.ord] > 0
    returning 1),
intended as (
    insert into ledger(run_no, effect, path, attempt, ordinal, kind, name, digest, intended_seq, status, settled_seq)
    select p.nos[x.ord], x.effect, x.path, x.attempt, x.ordinal, x.kind, x.name, x.digest, x.intended_seq, x.status,
        x.settled_seq
    from passed p, {line} as x where p.nos[x.ord] > 0
    on conflict (run_no, effect) do update set path = excluded.path, attempt = excluded.attempt,
        ordinal = excluded.ordinal, kind = excluded.kind, name = excluded.name, digest = excluded.digest,
        intended_seq = excluded.intended_seq, status = excluded.status, settled_seq = excluded.settled_seq),
settled as (
    update ledger set status = f.status, settled_seq = f.settled_seq
    from (
        select l.spot, x.status, x.settled_seq from passed p, {settled} as x
        cross join lateral (
            select ctid as spot from ledger where run_no = p.nos[x.ord] and effect = x.effect offset 0) as l
    ) as f where ledger.ctid = f.spot),
to_send as (
    insert into outbox(run_no, effect, intended_at)
    select p.nos[x.ord], x.effect, x.intended_at from passed p, {to_send} as x where p.nos[x.ord] > 0
    on conflict (run_no, effect) do update set intended_at = excluded.intended_at),
sent as (
    delete from outbox where ctid = any(array(
        select o.spot from passed p, {sent} as x cross join lateral (
            select ctid as spot from outbox where run_no = p.nos[x.ord] and effect = x.effect offset 0) as o))),
closed as (
    delete from question where ctid = any(array(
        select q.spot from passed p, {closed} as x cross join lateral (
            select ctid as spot, path from question
            where run_no = p.nos[x.ord] and x.path in (path, node) offset 0) as q
        where not exists (select from {question} as y where y.ord = x.ord and y.path = q.path)))),
opened as (
    insert into question(run_no, path, node, reason, question, asked_seq, asked_at, due)
    select p.nos[x.ord], x.path, x.node, x.reason, x.question, x.asked_seq, x.asked_at, x.due
    from passed p, {question} as x where p.nos[x.ord] > 0
    on conflict (run_no, path) do update set node = excluded.node, reason = excluded.reason,
        question = excluded.question, asked_seq = excluded.asked_seq, asked_at = excluded.asked_at, due = excluded.due),
consumed as (
    delete from signal where ctid = any(array(
        select s.spot from passed p, {consumed} as x cross join lateral (
            select ctid as spot from signal where id = x.id offset 0) as s
        where p.nos[x.ord] > 0))),
offered as (
    insert into offer(tenant, run, path, effect, tool, pool, tags, priority, call, answers, lost, offered_at)
    select x.tenant, x.run, x.path, x.effect, x.tool, x.pool, x.tags, x.priority, x.call,
        x.answers, x.lost, x.offered_at
    from passed p, {offer} as x where p.nos[x.ord] > 0
    on conflict (tenant, run, path) do update set effect = excluded.effect, tool = excluded.tool, pool = excluded.pool,
        tags = excluded.tags, priority = excluded.priority, call = excluded.call, answers = excluded.answers,
        lost = excluded.lost, offered_at = excluded.offered_at, epoch = offer.epoch + 1, owner = null, host = null,
        pid = null, pid_started = null, expires_at = null, is_stopping = false),
stored as (
    insert into blob(tenant, digest, data)
    select distinct on (x.tenant, x.digest) x.tenant, x.digest, x.data from passed p, {blob} as x
    where p.nos[x.ord] > 0 order by x.tenant, x.digest
    -- What is there already is only locked: whoever gives up blobs leaves it alone. But what an imported run has
    -- brought under this name gives way.
    on conflict (tenant, digest) do update set data = excluded.data where substr(blob.data, 1, 1) = '\\x02'
    returning 1)"""

_FED: Final = """
told as materialized (
    select s.tenant, s.no, s.before + 1 as first_seq, s.last, row_number() over (partition by s.tenant) as place,
        count(*) over (partition by s.tenant) as places
    from stood s, passed p where p.nos[s.ord] > 0 and s.has_events),
ends as (
    insert into feed_end(tenant, position)
    -- Whoever moves the end on holds up the others of its tenant: all else is written before.
    select tenant, count(*) from told
    where (select count(*) from logged) + (select count(*) from stored) >= 0 group by tenant order by tenant
    on conflict (tenant) do update set position = feed_end.position + excluded.position
    returning tenant, position),
fed as (
    insert into feed(tenant, position, run_no, first_seq, last_seq)
    select t.tenant, e.position - t.places + t.place, t.no, t.first_seq, t.last
    from ends e, told t where t.tenant = e.tenant)"""


def _statement() -> str:
    sources: dict[str, str] = {}
    number = 0
    for name, columns in {"asked": ASKED, **{part: {"ord": "int4", **its} for part, its in PARTS.items()}}.items():
        values = [f"${number + place}::{type_}[]" for place, type_ in enumerate(columns.values(), start=1)]
        number += len(columns)
        made = f"unnest({', '.join(values)})"
        if name == "asked":
            sources[name] = f"{made} with ordinality as asked({', '.join(columns)}, ord)"
        else:
            sources[name] = f"{made} as {name}({', '.join(columns)})"
    named = {name: f"(select * from {source})" for name, source in sources.items()}
    parts = (_FENCED, _CLAIMED, _PASSED, _ADVANCED, _DERIVED, _FED)
    return f"with {','.join(part.format(**named) for part in parts)}\nselect nos from passed"


APPEND: Final = _statement()
