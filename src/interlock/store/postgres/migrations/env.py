"""Where Alembic begins: it writes SQL for PostgreSQL and executes nothing, so it needs no connection and no driver."""

from __future__ import annotations

from alembic import context

from interlock.store.schema import VERSION_TABLE

context.configure(
    dialect_name="postgresql",
    version_table=VERSION_TABLE,
    # Beginning and committing belong to whoever executes what is written.
    transactional_ddl=False,
    # Else a percent sign in a revision would be written twice.
    dialect_opts={"paramstyle": "named"},
)
context.run_migrations()
