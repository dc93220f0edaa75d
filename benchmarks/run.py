"""Interlock beside the raw limit and its peers: the same work on one machine in one run, on SQLite and on PostgreSQL.

    make bench                      five rounds of everything and one long run, about fifteen minutes
    make bench ROUNDS=1 QUICK=1     does it run at all

Rounds go through all rows in turn, so that a change of the disk's mood falls on all. A peer that is not installed is
left out. The PostgreSQL server is one of its own, with fsync on and the machine's disk under it; each row has a
database of its own on it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg
import figures
import measuring as m

HERE: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from dev.postgres import PostgresServer, running_postgres  # noqa: E402 - it lies beside this folder

PEERS_PYTHON: Final = str(HERE.parent / ".venv-peers" / "bin" / "python")
SCRIPTS: Final = {
    "raw": [(sys.executable, "raw_row.py")],
    # Alone, and as several processes.
    "interlock": [(sys.executable, "interlock_row.py"), (sys.executable, "fleet_row.py")],
    "langgraph": [(PEERS_PYTHON, "langgraph_row.py")],
    "dbos": [(PEERS_PYTHON, "dbos_row.py")],
}
ROW_SECONDS_MAX: Final = 900


class Row(NamedTuple):
    """An engine on a store; its figures are those of all its scripts."""

    store: str
    engine: str

    def __str__(self) -> str:
        return f"{self.store}/{self.engine}"


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", help="engines to measure, by comma")
    parser.add_argument("--store", choices=figures.STORES, action="append", help="the stores; without it, all")
    parser.add_argument("--forks", action="store_true", help="forks and replays alone")
    parser.add_argument("--out", type=Path, help="keep every round's figures in this file")
    given = parser.parse_args()
    engines = _installed(given.only.split(",") if given.only else figures.ENGINES)
    rows = [Row(store, engine) for store in given.store or figures.STORES for engine in engines]
    words = [word for word, is_given in (("--quick", given.quick), ("--forks", given.forks)) if is_given]
    with running_postgres(parent=m.measured_disk()) as server:
        rounds = [_round(rows, number, words, server) for number in range(given.rounds)]
        stores = [row.store for row in rows if row.engine == "interlock" and not given.forks]
        long_lives = {store: _long_life(store, server, quick=given.quick) for store in stores}
    if given.out:
        given.out.write_text(json.dumps({"rounds": rounds, "long_lives": long_lives}, indent=1))
    print(figures.table(rounds, long_lives))
    print(figures.verdicts(rounds))


def _installed(engines: Sequence[str]) -> list[str]:
    found = [name for name in engines if all(Path(python).exists() for python, _ in SCRIPTS[name])]
    for name in sorted(set(engines) - set(found)):
        print(f"{name} is not installed and left out")
    return found


def _long_life(store: str, server: PostgresServer, *, quick: bool) -> dict[str, str]:
    command = [sys.executable, str(HERE / "long_life.py"), "--row", *(["--events", "20000"] if quick else [])]
    found = _measured(command, _place_on(store, server))
    print(f"one long run: {store} done", file=sys.stderr, flush=True)
    return found


def _round(rows: Sequence[Row], number: int, words: Sequence[str], server: PostgresServer) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rows:
        found[str(row)] = {"disk_ms": m.disk_probe(m.measured_disk())}
        for python, script in SCRIPTS[row.engine]:
            found[str(row)] |= _measured([python, str(HERE / script), *words], _place_on(row.store, server))
        print(f"round {number + 1}: {row} done", file=sys.stderr, flush=True)
    return found


def _measured(command: Sequence[str], place: Mapping[str, str]) -> dict[str, Any]:
    with _folder() as folder:
        done = subprocess.run(
            [*command, "--folder", str(folder)],
            env={**os.environ, **place},
            capture_output=True,
            text=True,
            check=False,
            timeout=ROW_SECONDS_MAX,
            cwd=HERE,
        )
    lines = [line for line in done.stdout.splitlines() if line.startswith("ROW ")]
    if not lines:
        raise SystemExit(f"{command[1]} gave no result:\n{done.stderr[-2_000:]}")
    return json.loads(lines[-1].removeprefix("ROW "))


def _place_on(store: str, server: PostgresServer) -> dict[str, str]:
    """What tells a row its place besides its folder: a new database of the server, if it is to be one."""
    if store != "PostgreSQL":
        return {}
    name = f"row_{secrets.token_hex(6)}"
    asyncio.run(_make_database(server.address, name))
    return {
        m.ADDRESS_VARIABLE: f"{server.address.rpartition('/')[0]}/{name}",
        m.SERVER_VARIABLE: str(server.process_id),
    }


async def _make_database(address: str, name: str) -> None:
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(f"create database {name}")
    finally:
        await connection.close()


@contextmanager
def _folder() -> Generator[Path]:
    """A new folder on the disk that is measured."""
    folder = Path(tempfile.mkdtemp(prefix="interlock-bench-", dir=m.measured_disk()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
