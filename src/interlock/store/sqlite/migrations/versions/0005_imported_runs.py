"""Imported runs: records of what happened in another installation, and whose runs they were there."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

_VIEW = """
create view run_row as
    select no, tenant, run, status, graph, graph_hash, bundle, kind, parent, key, labels, started_at, ended_at, seq,
        head, due, (select count(*) from question where run_no = no) as waiting, error, priority{more} from run;
"""


def upgrade() -> None:
    """Add the column."""
    op.execute("drop view run_row")
    op.execute("alter table run add column imported_from text not null default ''")
    op.execute(_VIEW.format(more=", imported_from"))


def downgrade() -> None:
    """Drop it, with the runs that it tells apart: an older release would take them for its own, and drive them."""
    op.execute("""
delete from event where run_no in (select no from run where imported_from <> '');
delete from ledger where run_no in (select no from run where imported_from <> '');
delete from lease where exists (
    select 1 from run r where r.tenant = lease.tenant and r.run = lease.run and r.imported_from <> '');
delete from run where imported_from <> '';
drop view run_row;
alter table run drop column imported_from;
    """)
    op.execute(_VIEW.format(more=""))
