"""Stores in PostgreSQL that go from one version to another: in one transaction, and only by who is alone with them.

Revisions that no release has yet stand here as text: what they do to a store is the point, not what they are for.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from interlock.store import PlaceError
from interlock.store.migrating import versions_in
from interlock.store.postgres.address import PostgresAddress
from interlock.store.postgres.migrating import REVISIONS, PostgresSchema
from interlock.store.postgres.place import open_place
from interlock.store.postgres.session import Session, connect_to_migrate
from interlock.store.postgres.sessions import end
from interlock.store.postgres.tables import VERSION
from interlock.store.schema import Migration
from tests.store.event_loop import in_event_loop
from tests.store.schemas import recorded_versions, restore_on_server, script_from_nothing

NEXT = f"{int(VERSION) + 1:04}"
REVISION = '''
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade():
    op.execute("""
create table draft(tenant text primary key, share text not null default '50%');
alter table record add column note text not null default 'none';
    """)
    op.execute("{then}")


def downgrade():
    op.execute("drop table draft; alter table record drop column note")
'''

_CATALOGUE = """
    select c.relkind::text, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        a.attidentity::text, a.attstorage::text, co.collname, pg_get_expr(d.adbin, d.adrelid), c.reloptions::text
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    left join pg_collation co on co.oid = a.attcollation
    where c.relnamespace = $1::text::regnamespace order by 1, 2, a.attnum"""
_DEFINED = """
    select conname, pg_get_constraintdef(oid) from pg_constraint where connamespace = $1::text::regnamespace
    union all select viewname, definition from pg_views where schemaname = $1
    union all select indexname, indexdef from pg_indexes where schemaname = $1 order by 1, 2"""

DEFAULT_SHARE = """
    select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = 'draft'::regclass"""


@pytest.fixture
def address(postgres_address: PostgresAddress) -> PostgresAddress:
    """A place of its own for each test, with nothing in it."""
    return postgres_address


@pytest.fixture
def revisions(tmp_path: Path) -> Path:
    """The revisions there are, in a folder to which more may be added."""
    return Path(shutil.copytree(REVISIONS, tmp_path / "migrations"))


def add_revision(folder: Path, *, then: str = "select 1") -> None:
    """One more: it adds a table and a column, and executes something in the end."""
    text = REVISION.format(revision=NEXT, before=VERSION, then=then)
    (folder / "versions" / f"{NEXT}_next.py").write_text(text)


async def make(address: PostgresAddress) -> None:
    """A store with something in it, which nobody has open."""
    session = await open_place(address)
    await session.execute("insert into record values ('local', 'kind', 'key', 1, '\\x00', 1)")
    await end(session)


@asynccontextmanager
async def looking(address: PostgresAddress) -> AsyncGenerator[Session]:
    """A connection of nobody who works with the store."""
    session = await connect_to_migrate(address)
    try:
        yield session
    finally:
        await end(session)


async def tables_of(address: PostgresAddress) -> list[tuple[Any, ...]]:
    """Every column, index, constraint and view as the server's catalogue has it, without the name of the schema."""
    async with looking(address) as session:
        rows = [*await session.fetch(_CATALOGUE, address.schema), *await session.fetch(_DEFINED, address.schema)]
    return [tuple(_nameless(value, address) for value in row) for row in rows]


async def asked(address: PostgresAddress, question: str) -> Any:  # noqa: ANN401 - whatever the column holds
    """The answer to a question of one row and one column."""
    async with looking(address) as session:
        return await session.fetchval(question)


def test_the_revisions_end_where_new_stores_begin() -> None:
    """Two ways to the same tables: whoever changes one of them is told here that the other is missing."""
    versions = versions_in(REVISIONS)

    assert versions[-1] == VERSION
    assert [f"{number:04}" for number in range(1, len(versions) + 1)] == versions


def test_a_store_of_each_earlier_version_was_recorded() -> None:
    """Before a revision is added: `python -m tests.store.old_stores.record`."""
    assert set(versions_in(REVISIONS)[:-1]) <= set(recorded_versions("postgres"))


@in_event_loop
async def test_the_revisions_make_the_tables_of_a_new_store(address: PostgresAddress) -> None:
    """An old store is then one that was tested as a new one."""
    grown = replace(address, schema=f"{address.schema}_grown")
    await end(await open_place(address))
    async with looking(grown) as session:
        await session.execute(f"create schema {grown.schema}")
        await session.execute(script_from_nothing(REVISIONS, VERSION))

    assert await tables_of(grown) == await tables_of(address)


@pytest.mark.parametrize("version", recorded_versions("postgres"))
@in_event_loop
async def test_an_old_store_gets_the_tables_of_a_new_one(address: PostgresAddress, version: str) -> None:
    """Whatever is then done with it was tested with new ones."""
    old = replace(address, schema=f"{address.schema}_old")
    await end(await open_place(address))
    await restore_on_server(version, old)

    await PostgresSchema(old).migrate(VERSION)

    assert await tables_of(old) == await tables_of(address)


@in_event_loop
async def test_a_store_goes_up_and_down_with_what_is_in_it(address: PostgresAddress, revisions: Path) -> None:
    """The way back is for a release that turns out wrong."""
    add_revision(revisions)
    await make(address)
    before = await tables_of(address)
    schema = PostgresSchema(address, revisions=revisions, newest=NEXT)

    up = await schema.migrate(NEXT)
    noted, share = await asked(address, "select note from record"), await asked(address, DEFAULT_SHARE)
    down = await schema.migrate(VERSION)

    assert (up, down) == (Migration(VERSION, NEXT), Migration(NEXT, VERSION))
    assert (noted, share) == ("none", "'50%'::text")
    assert await tables_of(address) == before
    assert await asked(address, "select key from record") == "key"


@pytest.mark.parametrize(
    ("then", "reason", "told"),
    [
        ("select no_such_column from record", "broken", f"it could not go from schema {VERSION} to {NEXT} (column"),
        ("select pg_terminate_backend(pg_backend_pid())", "unreachable", "the server"),
    ],
)
@in_event_loop
async def test_a_revision_that_fails_or_loses_its_connection_leaves_the_store_as_it_was(
    address: PostgresAddress, revisions: Path, then: str, reason: str, told: str
) -> None:
    """Half of a change would be a version that no release knows."""
    add_revision(revisions, then=then)
    await make(address)
    before = await tables_of(address)

    with pytest.raises(PlaceError) as failure:
        await PostgresSchema(address, revisions=revisions, newest=NEXT).migrate(NEXT)

    assert failure.value.reason == reason
    assert told in str(failure.value)
    assert await tables_of(address) == before
    assert await asked(address, "select version_num from interlock_version") == VERSION


@in_event_loop
async def test_of_several_that_change_a_store_at_once_one_does_and_the_others_wait(
    address: PostgresAddress, revisions: Path
) -> None:
    """A start-up script that runs on every machine must not trip over itself."""
    add_revision(revisions, then="select pg_sleep(0.2)")
    await make(address)
    schema = PostgresSchema(address, revisions=revisions, newest=NEXT)

    done = await asyncio.gather(*[schema.migrate(NEXT) for _ in range(3)])

    assert sorted(each.before for each in done) == [VERSION, NEXT, NEXT]
    assert await schema.version() == NEXT


@in_event_loop
async def test_the_tables_never_change_under_a_process_that_works_with_them(
    address: PostgresAddress, revisions: Path
) -> None:
    """It would go on writing as its own release does, into tables of another."""
    add_revision(revisions)
    worker = await open_place(address)
    schema = PostgresSchema(address, revisions=revisions, newest=NEXT)

    with pytest.raises(PlaceError) as refusal:
        await schema.migrate(NEXT)
    await end(worker)

    assert refusal.value.reason == "busy"
    assert "while other processes work with the store: end them, then try again" in str(refusal.value)
    assert await schema.migrate(NEXT) == Migration(VERSION, NEXT)


@in_event_loop
async def test_an_older_store_is_refused_with_what_to_do(address: PostgresAddress) -> None:
    """It is shared by many: whoever starts first does not decide for all of them."""
    await make(address)
    async with looking(address) as session:
        await session.execute("update interlock_version set version_num = '0000'")

    with pytest.raises(PlaceError) as refusal:
        await open_place(address)

    assert refusal.value.reason == "older"
    assert f"has schema 0000, this release works with {VERSION}: end whoever works with it" in str(refusal.value)
    assert str(refusal.value).endswith("bring it up to date with `interlock store upgrade`")


@in_event_loop
async def test_where_there_is_no_store_there_is_no_version(address: PostgresAddress) -> None:
    """And asking makes none."""
    with pytest.raises(PlaceError) as refusal:
        await PostgresSchema(address).version()

    assert str(refusal.value).endswith(
        f"there is no store in the schema {address.schema}: name another with ?schema=NAME"
    )


def _nameless(value: Any, address: PostgresAddress) -> Any:  # noqa: ANN401 - whatever the catalogue holds
    return value.replace(f"{address.schema}.", "") if isinstance(value, str) else value
