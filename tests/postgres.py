"""The PostgreSQL server of a test run: one for each process of pytest, started when it is first asked for.

Each test has a schema of its own on it. A server named by `INTERLOCK_TEST_POSTGRES` is used instead. Where there can be
no server, tests that need one are skipped, and say why.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Generator
from pathlib import Path

import pytest

from dev.postgres import PostgresServer, ServerUnavailable, running_postgres
from interlock.store.postgres.address import PostgresAddress

IN_MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory: each test has tables of its own made, and what they hold need not last."""


@pytest.fixture(scope="session")
def own_postgres() -> Generator[PostgresServer]:
    """A server of the tests' own, which they may stop and kill."""
    try:
        with running_postgres(parent=IN_MEMORY if IN_MEMORY.is_dir() else None) as server:
            yield server
    except ServerUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> str:
    """The address of a running server."""
    named = os.environ.get("TEST_POSTGRES")  # see conftest.py
    if named:
        return named
    server: PostgresServer = request.getfixturevalue("own_postgres")
    return server.address


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The address of an empty place for one test."""
    mark = "&" if "?" in postgres_server else "?"
    return f"{postgres_server}{mark}schema=test_{secrets.token_hex(6)}"


@pytest.fixture
def postgres_address(postgres_url: str) -> PostgresAddress:
    """The same, parsed."""
    return PostgresAddress.parse(postgres_url)
