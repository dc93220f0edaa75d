"""Runs: the log, what is derived from it, blobs, bundles, signals and leases."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.execute("""
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
    ended_at integer, error text not null default '', unique(tenant, run));
create view run_row as
    select no, tenant, run, status, graph, graph_hash, bundle, kind, parent, key, labels, started_at, ended_at, seq,
        head, due, (select count(*) from question where run_no = no) as waiting, error from run;
create unique index run_of_key on run(tenant, key) where key <> '';
create index run_unfinished on run(tenant) where ended_at is null;

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
create table lease(
    tenant text not null, run text not null, epoch integer not null, expires_at integer not null, owner text, host text,
    pid integer, pid_started integer, primary key(tenant, run)) without rowid;
    """)


def downgrade() -> None:
    """Refuse: a store without tables is no store."""
    raise ValueError("0001 is the first schema: to be rid of a store, remove its file")
