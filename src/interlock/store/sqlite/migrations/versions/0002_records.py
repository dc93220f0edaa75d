"""Records: small things kept beside the runs, changed only by who has seen them last."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the table."""
    op.execute("""
create table record(
    tenant text not null, kind text not null, key text not null, version integer not null, data blob not null,
    at integer not null, primary key(tenant, kind, key));
    """)


def downgrade() -> None:
    """Drop it, with what it holds."""
    op.execute("drop table record")
