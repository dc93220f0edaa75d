"""Addresses of stores in PostgreSQL: what people may write, and that nothing shows their passwords."""

from __future__ import annotations

import pytest

from interlock.store.places import parse_place, place_to_copy
from interlock.store.postgres.address import AddressError, PostgresAddress


def test_an_address_names_a_schema_of_its_own_or_the_usual_one() -> None:
    """The driver must not be told of the schema: it is no setting of the server's."""
    usual = PostgresAddress.parse("postgresql://ada@db/agents?sslmode=require")
    named = PostgresAddress.parse("postgres://ada@db/agents?schema=other&sslmode=require")

    assert (usual.schema, usual.url) == ("interlock", "postgresql://ada@db/agents?sslmode=require")
    assert (named.schema, named.url) == ("other", "postgres://ada@db/agents?sslmode=require")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("postgresql://ada:p%40ss@db:5433/agents", "postgresql://ada:***@db:5433/agents"),
        ("postgresql://db/agents?user=ada&password=secret", "postgresql://db/agents?user=ada&password=***"),
        ("postgresql:///agents?host=/run/pg&sslpassword=s", "postgresql:///agents?host=/run/pg&sslpassword=***"),
        ("postgresql://ada@db/agents?schema=other", "postgresql://ada@db/agents?schema=other"),
    ],
)
def test_no_password_is_ever_shown(written: str, shown: str) -> None:
    """Addresses stand in errors, logs, tables of settings and commands to copy."""
    address = PostgresAddress.parse(written)

    assert str(address) == address.shown == shown
    assert "secret" not in repr(address)
    assert "p%40ss" not in repr(address)


@pytest.mark.parametrize(
    ("written", "copied"),
    [
        ("postgresql://ada:p%40ss@db:5433/agents", "postgresql://ada@db:5433/agents"),
        ("postgresql://db/agents?user=ada&password=secret&schema=s", "postgresql://db/agents?user=ada&schema=s"),
        ("postgresql:///agents?host=/run/pg&sslpassword=s", "postgresql:///agents?host=/run/pg"),
        ("postgresql://ada@db/agents?options=-c%20a%3Db", "postgresql://ada@db/agents?options=-c%20a%3Db"),
        ("runs/mine.db", "runs/mine.db"),
    ],
)
def test_a_place_that_is_printed_to_be_typed_again_leaves_its_password_out(written: str, copied: str) -> None:
    """With stars in its place the server would be told the stars; without any, PGPASSWORD or a file may say it."""
    assert place_to_copy(written) == copied


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("mysql://db/agents", "an address of PostgreSQL begins with postgresql:// or postgres://"),
        ("postgresql://ada:secret@db:port/agents", "cannot be read"),
        ("postgresql://db/agents?schema=My-Runs", "'My-Runs' cannot be the schema of a store"),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_a_password(written: str, why: str) -> None:
    """The refusal is printed."""
    with pytest.raises(AddressError, match=why) as refusal:
        PostgresAddress.parse(written)

    assert "secret" not in str(refusal.value)
    assert "secret" not in place_to_copy(written)


@pytest.mark.parametrize("written", ["sqlite:///runs.db", "mysql://ada:secret@db/agents", "Postgresql://db/agents"])
def test_an_address_of_another_kind_is_no_file(written: str) -> None:
    """It would be kept in a folder named `mysql:`, and whoever meant a server would not hear of it."""
    with pytest.raises(
        AddressError, match=r":// is no kind of store: name a file, as it is, or postgresql://…"
    ) as refusal:
        parse_place(written)

    assert "secret" not in str(refusal.value)
