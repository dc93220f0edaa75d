"""A store in PostgreSQL is dumped and restored by the server's own tools, as the guide to backups says."""

from __future__ import annotations

import asyncio
import secrets
import subprocess
from pathlib import Path

from dev.postgres import DATABASE, PostgresServer
from interlock import Interlock, tool
from tests.store.event_loop import in_event_loop

SCHEMA = "interlock"
LARGE = "much text " * 5_000
ASK = {"graph": "ask", "nodes": {"ask": {"human": "Release?", "choices": ["release", "reject"]}}}
SAY = {"graph": "say", "nodes": {"a": {"tool": "echo", "input": {"text": LARGE}}}}


@tool(effect="idempotent")
async def echo(text: str) -> str:
    """What was said."""
    return text


def run_program(server: PostgresServer, name: str, *words: str | Path) -> None:
    """One of the server's own tools; it has to succeed."""
    done = subprocess.run([server.programs / name, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def new_database(server: PostgresServer) -> str:
    """The address of an empty database."""
    name = f"backup_{secrets.token_hex(4)}"
    run_program(server, "createdb", f"--maintenance-db={server.address}", name)
    return server.address.removesuffix(DATABASE) + name


@in_event_loop
async def test_a_dump_that_was_made_while_runs_were_driven_is_whole_and_its_runs_go_on(
    own_postgres: PostgresServer, tmp_path: Path
) -> None:
    """Nobody stops a cluster to copy it, and a copy of half an append would be of no use."""
    here, elsewhere, dump = new_database(own_postgres), new_database(own_postgres), tmp_path / "monday.dump"
    async with Interlock(here) as interlock:
        waiting = await interlock.start(ASK)

    async with Interlock(here, tools=[echo]) as interlock:
        runs = [asyncio.ensure_future(interlock.run_async(SAY)) for _ in range(100)]
        await asyncio.wait(runs, return_when=asyncio.FIRST_COMPLETED)
        words = ("--format=custom", f"--schema={SCHEMA}", f"--file={dump}", here)
        await asyncio.to_thread(run_program, own_postgres, "pg_dump", *words)
        await asyncio.wait(runs)
    run_program(own_postgres, "pg_restore", f"--dbname={elsewhere}", "--exit-on-error", dump)

    async with Interlock(elsewhere, tools=[echo]) as interlock:
        verdicts = {(await (await interlock.open(row.run)).replay()).verdict for row in await interlock.runs(limit=200)}
        run = await interlock.take_up(waiting.id)
        await run.answer("ask", choice="release", by="ann")
        assert (verdicts, await run.ended()) == ({"same"}, "succeeded")
