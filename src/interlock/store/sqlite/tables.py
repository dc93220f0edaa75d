"""The tables of a new SQLite file, as this release knows them.

Whatever changes here comes with a revision under `migrations/versions`, which brings older files to the same form: see
docs/guides/migrations.md. How a file gets from one version to another is not said here.
"""

from __future__ import annotations

from typing import Final

VERSION: Final = "0006"
"""The version of the schema, which a file carries in its table `interlock_version`."""

TABLES: Final = """
-- As Alembic would make it.
create table interlock_version(
    version_num varchar(32) not null, constraint interlock_version_pkc primary key (version_num));

-- The log. Rows lie in the order of commits, so the table is the feed as well: the last event of each append says with
-- which number that append began. Positions only grow, since the last event of a feed is never deleted.
create table event(
    position integer primary key, run_no integer not null, seq integer not null, opens_at integer,
    header blob not null, salt blob not null, payload blob);
create unique index event_of_run on event(run_no, seq);

-- Derived from the log: see rows.py.
create table run(
    no integer primary key, tenant text not null, run text not null, graph text not null, graph_hash text not null,
    bundle text not null, kind text not null, parent text not null, key text not null, labels blob not null,
    started_at integer not null, status text not null, seq integer not null, head blob not null, due integer,
    ended_at integer, error text not null default '', priority integer not null default 0,
    imported_from text not null default '', unique(tenant, run));
create view run_row as
    select no, tenant, run, status, graph, graph_hash, bundle, kind, parent, key, labels, started_at, ended_at, seq,
        head, due, (select count(*) from question where run_no = no) as waiting, error, priority, imported_from
    from run;
create unique index run_of_key on run(tenant, key) where key <> '';
create index run_newest on run(tenant, no);
create index run_of_parent on run(tenant, parent) where parent <> '';
create index run_unfinished on run(tenant) where ended_at is null;
create index run_due on run(due) where due is not null;
create index run_moving on run(tenant) where status in ('pending', 'running', 'compensating') and ended_at is null;

create table ledger(
    run_no integer not null, effect text not null, path text not null, attempt integer not null,
    ordinal integer not null, kind text not null, name text not null, digest text not null,
    intended_seq integer not null, status text not null, settled_seq integer,
    primary key(run_no, effect)) without rowid;
create index outbox on ledger(run_no, intended_seq) where kind = 'emit' and status in ('intended', 'unknown');

create table question(
    run_no integer not null, path text not null, node text not null, reason text not null, question blob not null,
    asked_seq integer not null, asked_at integer not null, due integer, primary key(run_no, path)) without rowid;

-- Not derived.
create table blob(tenant text not null, digest text not null, data blob not null, primary key(tenant, digest));
create table blob_key(tenant text primary key, key blob not null) without rowid;
create table bundle(tenant text not null, bundle text not null, data blob not null, primary key(tenant, bundle));
create table signal(
    id integer primary key autoincrement, tenant text not null, run text not null, kind text not null,
    body blob not null, sender text not null, sent_at integer not null);
create index signal_of_run on signal(tenant, run);
create table record(
    tenant text not null, kind text not null, key text not null, version integer not null, data blob not null,
    at integer not null, primary key(tenant, kind, key));
create table lease(
    tenant text not null, run text not null, epoch integer not null, expires_at integer not null, owner text, host text,
    pid integer, pid_started integer, primary key(tenant, run)) without rowid;
create index lease_held on lease(expires_at) where owner is not null;
create table offer(
    no integer primary key autoincrement, tenant text not null, run text not null, path text not null,
    effect text not null, tool text not null, pool text not null, tags text not null, priority integer not null,
    call blob not null, answers text not null, lost blob not null, offered_at integer not null,
    epoch integer not null default 0, owner text, host text, pid integer, pid_started integer, expires_at integer,
    is_stopping integer not null default 0, unique(tenant, run, path));
create index offer_claimed on offer(expires_at) where owner is not null;
"""
