"""Claims and offers: priorities of runs, and effects that are performed elsewhere than their run is driven."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column, the table, and what makes claiming quick."""
    op.execute("alter table run add column priority integer not null default 0")
    op.execute("drop view run_row")
    op.execute("""
create view run_row as
    select no, tenant, run, status, graph, graph_hash, bundle, kind, parent, key, labels, started_at, ended_at, seq,
        head, due, (select count(*) from question where run_no = no) as waiting, error, priority from run;
    """)
    op.execute("""
create index run_due on run(due) where due is not null;
create index run_moving on run(tenant) where status in ('pending', 'running', 'compensating') and ended_at is null;
create index lease_held on lease(expires_at) where owner is not null;
create table offer(
    no integer primary key autoincrement, tenant text not null, run text not null, path text not null,
    effect text not null, tool text not null, pool text not null, tags text not null, priority integer not null,
    call blob not null, answers text not null, lost blob not null, offered_at integer not null,
    epoch integer not null default 0, owner text, host text, pid integer, pid_started integer, expires_at integer,
    is_stopping integer not null default 0, unique(tenant, run, path));
create index offer_claimed on offer(expires_at) where owner is not null;
    """)


def downgrade() -> None:
    """Take them away again. What was on offer is lost with the table: a driver finds out what became of it."""
    op.execute("drop table offer")
    op.execute("drop index lease_held")
    op.execute("drop index run_due")
    op.execute("drop index run_moving")
    op.execute("drop view run_row")
    op.execute("alter table run drop column priority")
    op.execute("""
create view run_row as
    select no, tenant, run, status, graph, graph_hash, bundle, kind, parent, key, labels, started_at, ended_at, seq,
        head, due, (select count(*) from question where run_no = no) as waiting, error from run;
    """)
