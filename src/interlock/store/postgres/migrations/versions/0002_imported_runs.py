"""Imported runs: records of what happened in another installation, and whose runs they were there."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column."""
    op.execute("alter table run add column imported_from text collate \"C\" not null default ''")


def downgrade() -> None:
    """Drop it, with the runs that it tells apart: an older release would take them for its own, and drive them."""
    op.execute("""
delete from event where run_no in (select no from run where imported_from <> '');
delete from ledger where run_no in (select no from run where imported_from <> '');
delete from run where imported_from <> '';
alter table run drop column imported_from;
    """)
