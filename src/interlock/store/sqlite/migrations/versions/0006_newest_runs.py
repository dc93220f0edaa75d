"""Newest runs: the runs of a tenant in the order in which lists tell them, without looking at all of them."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the index."""
    op.execute("create index run_newest on run(tenant, no)")


def downgrade() -> None:
    """Drop it."""
    op.execute("drop index run_newest")
