"""The server that development brings along, as the guide to PostgreSQL has people start it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from typing import Any

import asyncpg
import pytest

from dev.postgres import PostgresServer


def test_a_server_to_try_things_with_is_one_command_and_leaves_nothing(own_postgres: PostgresServer) -> None:
    """Whoever reads the guide and has no server still wants to see the commands work."""
    assert own_postgres.process_id, "where there can be no server, this is skipped"
    words = [sys.executable, "-m", "dev.postgres"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        variable, _, address = server.stdout.readline().strip().removeprefix("export ").partition("=")
        answered = asyncio.run(_asked(address))
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=20)

    assert (variable, answered, server.returncode) == ("INTERLOCK_STORE", 1, 0)
    with pytest.raises(OSError, match="Connect call failed"):
        asyncio.run(_asked(address))


async def _asked(address: str) -> object:
    driver: Any = asyncpg  # which hardly types what it offers
    connection = await driver.connect(address)
    try:
        return await connection.fetchval("select 1")
    finally:
        await connection.close()
