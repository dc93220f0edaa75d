"""The place of a store in a database: how it is made, and what people are told when it cannot be used."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from interlock.store import PlaceError
from interlock.store.postgres.address import PostgresAddress
from interlock.store.postgres.place import open_place
from interlock.store.postgres.session import Session, connect
from interlock.store.postgres.tables import VERSION
from interlock.store.postgres.troubles import explain
from tests.store.event_loop import in_event_loop

ADDRESS = PostgresAddress.parse("postgresql://ada:secret@db/agents")


@asynccontextmanager
async def opened(address: PostgresAddress) -> AsyncGenerator[Session]:
    """The place, open."""
    session = await open_place(address)
    try:
        yield session
    finally:
        session.terminate()


async def trouble_with(address: PostgresAddress) -> PlaceError:
    """What opening a store there is refused with."""
    with pytest.raises(PlaceError) as refusal:
        await open_place(address)
    return refusal.value


def changed(address: PostgresAddress, before: str, after: str) -> PostgresAddress:
    """The same address but for one part."""
    return PostgresAddress.parse(f"{address.url.replace(before, after)}?schema={address.schema}")


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def _call_off(address: PostgresAddress, *, after_turns: int) -> None:
    connecting = asyncio.ensure_future(connect(address))
    await _turns(after_turns)
    connecting.cancel()
    await asyncio.wait([connecting])
    await _turns(10)  # until what it has closed is gone


@pytest.mark.parametrize("turns", range(1, 10))
@in_event_loop
async def test_a_connection_that_is_called_off_leaves_no_error_that_nobody_asked_for(
    postgres_address: PostgresAddress, turns: int
) -> None:
    """A command that has done its work would end with a traceback below its answer, now and then."""
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: told.append(about))

    await _call_off(postgres_address, after_turns=turns)
    gc.collect()

    assert told == []


@in_event_loop
async def test_a_place_may_be_opened_by_many_at_once_also_when_it_is_new(postgres_address: PostgresAddress) -> None:
    """Workers are started together, and the first of them makes the tables for all."""
    sessions = await asyncio.gather(*[open_place(postgres_address) for _ in range(4)])

    versions = [await session.fetchval("select version_num from interlock_version") for session in sessions]
    assert versions == [VERSION] * 4
    for session in sessions:
        session.terminate()


@in_event_loop
async def test_appends_wait_for_the_disk(postgres_address: PostgresAddress) -> None:
    """The settings on which every acknowledgement rests are the server's own, and left as they are."""
    async with opened(postgres_address) as session:
        assert await session.fetchval("show synchronous_commit") == "on"
        assert await session.fetchval("show fsync") == "on"


@in_event_loop
async def test_a_schema_of_another_program_is_left_alone(postgres_address: PostgresAddress) -> None:
    """Nobody wants our tables among theirs."""
    theirs = PostgresAddress.parse(f"{postgres_address.url}?schema={postgres_address.schema}_theirs")
    async with opened(postgres_address) as session:
        await session.execute(f"create schema {theirs.schema}; create table {theirs.schema}.recipe(name text)")

    trouble = await trouble_with(theirs)

    assert trouble.reason == "foreign"
    assert "is another program's: name one of your own with ?schema=NAME" in str(trouble)


@in_event_loop
async def test_a_store_of_a_newer_release_is_left_alone(postgres_address: PostgresAddress) -> None:
    """What that release has promised there cannot be kept by this one."""
    async with opened(postgres_address) as session:
        await session.execute("update interlock_version set version_num = '9999'")

    trouble = await trouble_with(postgres_address)

    assert trouble.reason == "newer"
    assert f"the store has schema 9999, this release knows up to {VERSION}: use a newer Interlock" in str(trouble)


@in_event_loop
async def test_a_wrong_password_and_a_missing_database_are_told_apart(postgres_address: PostgresAddress) -> None:
    """Both are typed in a hurry, and neither message may repeat what was typed."""
    async with opened(postgres_address) as session:
        name = await session.fetchval("select current_database()")
        user = await session.fetchval("select current_user")

    nowhere = await trouble_with(changed(postgres_address, f"/{name}", "/nowhere"))
    stranger = await trouble_with(changed(postgres_address, f"{user}:", "nobody:wrong"))

    assert (nowhere.reason, stranger.reason) == ("no_database", "no_access")
    assert "there is no such database: make it first, or name another one" in str(nowhere)
    assert "the server refuses the user or the password" in str(stranger)
    assert "wrong" not in str(stranger)


@in_event_loop
async def test_who_may_not_make_the_schema_is_told_what_to_say_to_its_administrator(
    postgres_address: PostgresAddress,
) -> None:
    """Few who run graphs own the database."""
    role = postgres_address.schema
    async with opened(PostgresAddress.parse(f"{postgres_address.url}?schema={role}_owner")) as session:
        await session.execute(f"create role {role} login password 'known'")
        user = await session.fetchval("select current_user")
    secret = postgres_address.url.partition(f"{user}:")[2].partition("@")[0]
    address = changed(postgres_address, f"{user}:{secret}", f"{role}:known")

    trouble = await trouble_with(address)

    assert trouble.reason == "no_access"
    assert f"`create schema {role} authorization USER`" in str(trouble)


@in_event_loop
async def test_a_server_that_is_not_there_is_told() -> None:
    """Also the port may have been mistyped."""
    trouble = await trouble_with(PostgresAddress.parse("postgresql://ada:secret@127.0.0.1:1/agents"))

    assert trouble.reason == "unreachable"
    assert "the server cannot be reached: check that it runs" in str(trouble)
    assert "secret" not in str(trouble)


@pytest.mark.parametrize(
    ("error", "reason", "advice"),
    [
        (asyncpg.DiskFullError("no space left"), "full", "make room, then try again; what was acknowledged is safe"),
        (asyncpg.TooManyConnectionsError("sorry"), "busy", "raise its max_connections, or run fewer workers"),
        (asyncpg.ReadOnlySQLTransactionError("standby"), "read_only", "name the primary, or wait until it is one"),
        (asyncpg.DataCorruptedError("page"), "damaged", "restore them from a backup"),
        (asyncpg.CannotConnectNowError("starting up"), "unreachable", "try again in a moment"),
        (asyncpg.InternalClientError("cannot switch to state 11"), "unreachable", "check that it runs"),
        (asyncpg.UndefinedObjectError('unrecognized "foo"'), "no_access", 'address cannot be used: unrecognized "foo"'),
        (asyncpg.SyntaxOrAccessError("odd"), None, ""),
    ],
)
def test_what_goes_wrong_later_is_told_with_what_to_do(error: Exception, reason: str | None, advice: str) -> None:
    """Disks fill up in the middle of the night: the message is all that is left in the morning."""
    trouble = explain(error, ADDRESS)

    assert (trouble.reason if trouble else None) == reason
    assert advice in str(trouble)
