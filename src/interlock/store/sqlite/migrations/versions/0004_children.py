"""Children: which runs took over results from a run, found without looking at all of them."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the index."""
    op.execute("create index run_of_parent on run(tenant, parent) where parent <> ''")


def downgrade() -> None:
    """Drop it."""
    op.execute("drop index run_of_parent")
