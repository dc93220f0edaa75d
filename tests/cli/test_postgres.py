"""The command line on a store in PostgreSQL."""

from __future__ import annotations

import sys

import pytest

from interlock.store.postgres.address import PostgresAddress
from tests.cli.command_line import CommandLine, commands_in


def test_a_run_in_postgresql_is_moved_on_by_command_after_command(interlock: CommandLine, postgres_url: str) -> None:
    """Each command is a process of its own, perhaps on a machine of its own: all they share is the server."""
    interlock.graph(
        "ask", 'ok: {human: "Go on?", choices: ["yes", "no"]}\nhi: {tool: greet, input: {name: Ada}, after: ok}'
    )
    at = ("--store", postgres_url)

    waiting = interlock("run", "ask", *at, "--json").json
    listed = interlock("runs", *at)
    answered = interlock("answer", f"{waiting['run']}:ok", "--choose", "yes", *at, "--json").json
    shown = interlock("show", waiting["run"], *at)

    assert (waiting["status"], answered["status"]) == ("waiting", "succeeded")
    assert waiting["run"] in listed.out
    assert shown.code == 0


LOSES_THE_STORE = """\
import asyncpg
from interlock import tool


@tool(effect="read")
async def lose(address: str, schema: str) -> None:
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(f"drop schema {schema} cascade")
    finally:
        connection.terminate()
"""


def test_a_run_whose_store_goes_away_says_how_to_go_on_with_it(
    interlock: CommandLine, postgres_address: PostgresAddress
) -> None:
    """Who reads it in the morning mends the server, and then wants to know which run stood still."""
    interlock.write("tools/tools.py", LOSES_THE_STORE)
    interlock.graph(
        "works",
        "lose: {tool: lose, input: {address: '${inputs.address}', schema: '${inputs.schema}'}}",
        inputs="{address: string, schema: string}",
    )
    inputs = ("-i", f"address={postgres_address.url}", "-i", f"schema={postgres_address.schema}")

    said = interlock("run", "works", *inputs, "--store", f"{postgres_address.url}?schema={postgres_address.schema}")

    assert said.code == 1
    assert "a table of the store is gone" in said.err
    assert "once that is mended\n  go on  interlock resume " in said.err


def test_no_command_prints_the_password_of_a_store(interlock: CommandLine, postgres_address: PostgresAddress) -> None:
    """What is printed is copied into tickets and chats."""
    interlock.graph("ask", 'ok: {human: "Go on?", choices: ["yes", "no"]}')
    secret = postgres_address.url.partition("@")[0].rpartition(":")[2]
    at = ("--store", f"{postgres_address.url}?schema={postgres_address.schema}")

    said = [interlock("run", "ask", *at), interlock("runs", *at), interlock("config", *at)]

    assert [one.code for one in (said[1], said[2])] == [0, 0]
    assert postgres_address.without_password in said[0].out
    assert secret not in "".join(one.out + one.err for one in said)


def test_a_next_step_can_be_typed_as_it_is_printed(
    interlock: CommandLine, postgres_address: PostgresAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password is not printed, and stars in its place would be taken for it."""
    interlock.graph("ask", 'ok: {human: "Go on?", choices: ["yes", "no"]}')
    password = postgres_address.url.partition("@")[0].rpartition(":")[2]
    store = f"{postgres_address.url}?schema={postgres_address.schema}"

    asked = interlock("run", "ask", "--store", store)
    monkeypatch.setenv("PGPASSWORD", password)
    answered = interlock.types(commands_in(asked.out)[0])

    assert "next (the password is left out: set PGPASSWORD, or INTERLOCK_STORE):" in asked.out
    assert answered.code == 0


def test_a_next_step_does_not_name_the_store_that_the_environment_names(
    interlock: CommandLine, postgres_address: PostgresAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the shortest line that does it, and needs no password."""
    interlock.graph("ask", 'ok: {human: "Go on?", choices: ["yes", "no"]}')
    store = f"{postgres_address.url}?schema={postgres_address.schema}"
    monkeypatch.setenv("INTERLOCK_STORE", store)

    asked = interlock("run", "ask", "--store", store)
    answered = interlock.types(commands_in(asked.out)[0])

    assert "--store" not in asked.out
    assert "next:" in asked.out
    assert answered.code == 0


def test_without_the_driver_it_is_told_what_to_install(interlock: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most who try Interlock have no server, and need not have its driver."""
    for name in [name for name in sys.modules if name.startswith(("asyncpg", "interlock.store.postgres."))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "asyncpg", None)

    said = interlock("runs", "--store", "postgresql://ada:hunter2@db/agents")

    assert said.code != 0
    assert "PostgreSQL needs a package that is not installed: pip install 'interlock[postgres]'" in said.err
    assert "hunter2" not in said.err
