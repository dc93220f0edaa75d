"""What the demo did by hand, for programs: a line of curl, of Python and of TypeScript for each thing.

Typed one after another, the lines of one language are a program that does all of it.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from means import Means

ARCHIVE: Final = "sample_repo.tar"
SERVER: Final = "http://localhost:8000"
AS_JSON: Final = "-H 'Content-Type: application/json'"

PYTHON_BEGINS: Final = "from pathlib import Path; from interlock.client import Client; client = Client()"
TYPESCRIPT_BEGINS: Final = (
    'import { readFile } from "node:fs/promises"; import { Client } from "interlock-client"; '
    "const client = new Client();"
)


@dataclass(frozen=True)
class Deed:
    """One thing that was done, and how it is done from elsewhere."""

    what: str
    curl: str
    python: str
    typescript: str


def archive_of(folder: Path) -> str:
    """Write a folder as a tar archive beside it, the same bytes each time; its digest."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            entry.size = path.stat().st_size
            archive.addfile(entry, io.BytesIO(path.read_bytes()))
    folder.with_name(ARCHIVE).write_bytes(packed.getvalue())
    return sha256(packed.getvalue()).hexdigest()


def deeds(archive: str, means: Means) -> Sequence[Deed]:
    """All that was done, in its order. `archive` is the digest of the files that runs begin with."""
    given = {"pr_number": 41} if means.executes else {"pr_number": 41, "execute": False}
    refused = (_hurry(archive),) if means.executes else ()
    return (_send(), _start(archive, given), _follow(), _answer(), _why(), *refused, _take_back())


def _send() -> Deed:
    return Deed(
        "send the files that a run begins with",
        f"curl -s {SERVER}/v1/artifacts -H 'Content-Type: application/x-tar' --data-binary @{ARCHIVE}",
        f'files = client.artifacts.upload(Path("{ARCHIVE}").read_bytes())',
        f'const files = await client.artifacts.upload(await readFile("{ARCHIVE}"));',
    )


def _start(archive: str, given: Mapping[str, object]) -> Deed:
    return Deed(
        "start the run, and keep its id",
        f"run=$({_curl_start(archive, given)} | cut -d '\"' -f 4)",
        f'run = client.start("git-to-prod", {given}, workspace=files.artifact)',
        f'const run = await client.start("git-to-prod", {_typescript(given)}, {{ workspace: files.artifact }});',
    )


def _follow() -> Deed:
    return Deed(
        "see it come to the person's question; kill the server on the way, start it again, and it goes on",
        f'curl -s "{SERVER}/v1/runs/$run?wait=60"',
        "print(client.rest(run).status)",
        "console.log((await client.rest(run)).status);",
    )


def _answer() -> Deed:
    answered = '{"path": "approve", "choice": "release"}'
    return Deed(
        "answer in the person's place, and hear what happens to the end",
        f"curl -s {SERVER}/v1/runs/$run/answers {AS_JSON} -d '{answered}'; curl -sN {SERVER}/v1/runs/$run/stream",
        'client.answer(f"{run.run}:approve", "release"); print([event.type for event in client.stream(run)])',
        'await client.answer(`${run.run}:approve`, "release"); '
        "for await (const event of client.stream(run)) console.log(event.type);",
    )


def _why() -> Deed:
    return Deed(
        "ask why it was let through",
        f"curl -s {SERVER}/v1/runs/$run/decisions",
        "print([(each.path, each.decision.chosen) for each in client.decisions(run)])",
        "for await (const each of client.decisions(run)) console.log(each.path, each.decision.chosen);",
    )


def _hurry(archive: str) -> Deed:
    given = {"pr_number": 41, "hurry": True}
    return Deed(
        "the same in a hurry: the gate says no, and everything is taken back",
        f'hurried=$({_curl_start(archive, given)} | cut -d \'"\' -f 4); curl -s "{SERVER}/v1/runs/$hurried?wait=60"',
        f'print(client.run("git-to-prod", {given}, workspace=files.artifact).status)',
        f'const hurried = await client.run("git-to-prod", {_typescript(given)}, {{ workspace: files.artifact }}); '
        "console.log(hurried.status);",
    )


def _take_back() -> Deed:
    return Deed(
        "take the release back",
        f"undone=$(curl -s -X POST {SERVER}/v1/runs/$run/rollback | cut -d '\"' -f 4); "
        f'curl -s "{SERVER}/v1/runs/$undone?wait=60"',
        "print(client.wait(client.rollback(run)).status)",
        "console.log((await client.wait(await client.rollback(run))).status);",
    )


def _curl_start(archive: str, given: Mapping[str, object]) -> str:
    body = json.dumps({"graph": "git-to-prod", "inputs": given, "workspace": archive})
    return f"curl -s {SERVER}/v1/runs {AS_JSON} -d '{body}'"


def _typescript(given: Mapping[str, object]) -> str:
    return f"{{ {', '.join(f'{name}: {json.dumps(value)}' for name, value in given.items())} }}"
