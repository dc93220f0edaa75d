"""The tables of a new store in PostgreSQL, as this release knows them; they lie in a schema of their own.

Every text is compared byte by byte (collation C), as the other stores do, whatever language the database is in.
"""

from __future__ import annotations

from typing import Final

VERSION: Final = "0002"
"""The version of the schema, which a store carries in its table `interlock_version`."""

MOVING: Final = "('pending', 'running', 'compensating')"
"""The statuses of a run whose driver has left it with something under way."""

TABLES: Final = f"""
-- As Alembic would make it.
create table interlock_version(
    version_num varchar(32) not null, constraint interlock_version_pkc primary key (version_num));

-- A run, and who may drive it: in one row, because each append moves the one and is fenced by the other. A run that is
-- only leased has no number yet; what stands before `epoch` is derived from the log: see rows.py. An append must find
-- room for the new row beside the old one, and touch no index, so there is none on what changes all the time.
create sequence run_no;
create table run(
    tenant text collate "C" not null, run text collate "C" not null, no bigint,
    graph text collate "C", graph_hash text collate "C", bundle text collate "C", kind text collate "C",
    parent text collate "C", key text collate "C", labels bytea, started_at bigint, priority bigint,
    status text collate "C" not null default '', seq bigint not null default 0, head bytea not null default '',
    due bigint, ended_at bigint, error text not null default '',
    epoch bigint not null, expires_at bigint not null, owner text, host text, pid bigint, pid_started bigint,
    imported_from text collate "C" not null default '',
    primary key(tenant, run)) with (fillfactor = 60);
create unique index run_of_no on run(no);
create unique index run_of_key on run(tenant, key) where key <> '';
create index run_newest on run(tenant, no) where no is not null;
create index run_moving on run(tenant, priority desc, no) where ended_at is null and status in {MOVING};
create index run_due on run(due) where due is not null;
create index run_leased on run(host, owner) where owner is not null;

-- The log.
create table event(
    run_no bigint not null, seq bigint not null, header bytea not null, salt bytea not null, payload bytea,
    primary key(run_no, seq));

-- The feed: each append has its position. Whoever appends moves the tenant's end on, and holds its row until the
-- commit, so positions appear in their order.
create table feed_end(tenant text collate "C" primary key, position bigint not null) with (fillfactor = 20);
create table feed(
    tenant text collate "C" not null, position bigint not null, run_no bigint not null, first_seq bigint not null,
    last_seq bigint not null, primary key(tenant, position));

-- Derived from the log: see rows.py.
create table ledger(
    run_no bigint not null, effect text collate "C" not null, path text collate "C" not null, attempt bigint not null,
    ordinal bigint not null, kind text collate "C" not null, name text not null, digest text collate "C" not null,
    intended_seq bigint not null, status text collate "C" not null, settled_seq bigint,
    primary key(run_no, effect)) with (fillfactor = 85);
create table outbox(
    run_no bigint not null, effect text collate "C" not null, intended_at bigint not null,
    primary key(run_no, effect));
create table question(
    run_no bigint not null, path text collate "C" not null, node text collate "C" not null,
    reason text collate "C" not null, question bytea not null, asked_seq bigint not null, asked_at bigint not null,
    due bigint, primary key(run_no, path));

-- Not derived.
create table blob(
    tenant text collate "C" not null, digest text collate "C" not null, data bytea not null,
    primary key(tenant, digest));
alter table blob alter column data set storage external;
create table blob_key(tenant text collate "C" primary key, key bytea not null);
create table bundle(
    tenant text collate "C" not null, bundle text collate "C" not null, data bytea not null,
    primary key(tenant, bundle));
create table signal(
    id bigint generated always as identity primary key, tenant text collate "C" not null,
    run text collate "C" not null, kind text not null, body bytea not null, sender text not null,
    sent_at bigint not null);
create index signal_of_run on signal(tenant, run);
create table offer(
    no bigint generated always as identity primary key, tenant text collate "C" not null,
    run text collate "C" not null, path text collate "C" not null, effect text collate "C" not null,
    tool text collate "C" not null, pool text collate "C" not null, tags text not null, priority bigint not null,
    call bytea not null, answers text not null, lost bytea not null, offered_at bigint not null,
    epoch bigint not null default 0, owner text collate "C", host text collate "C", pid bigint, pid_started bigint,
    expires_at bigint, is_stopping boolean not null default false, unique(tenant, run, path));
create index offer_claimed on offer(expires_at) where owner is not null;
create table record(
    tenant text collate "C" not null, kind text collate "C" not null, key text collate "C" not null,
    version bigint not null, data bytea not null, at bigint not null, primary key(tenant, kind, key));
"""
