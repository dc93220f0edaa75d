"""A planted secret is looked for in every byte that is left behind: in the store, in its log files, on the screen."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.cli.test_app import PROGRAM

SECRET = "sk-7Hq!zT'x\"4\\9-Straße"  # noqa: S105 - it is planted
"""With a quote, a backslash and a letter that is no ASCII: errors and JSON spell such a text differently."""
PATIENCE_SECONDS = 60

TOOLS = '''
import threading

from interlock import ToolContext, ToolFailed, tool


@tool(effect="read")
def succeed(token: str, ctx: ToolContext) -> int:
    ctx.progress(0.5, f"using {token}")
    ctx.heartbeat({"token": token})
    return len(token)


@tool(effect="read")
def give(token: str) -> dict:
    return {"token": token, token: ["as a key", f"within {token} text"], "quoted": repr(token)}


@tool(effect="read")
def fail(token: str) -> None:
    raise ValueError(f"401 for {token}: {token!r}")


@tool(effect="read")
def refuse(token: str) -> None:
    raise ToolFailed(f"{token} was refused", kind="refused")


@tool(effect="read")
def step(token: str, ctx: ToolContext) -> str:
    ctx.effect(f"login {token}", lambda: {"session": token}, key=token)

    def broken():
        raise RuntimeError(f"no answer to {token}")

    try:
        ctx.effect("call", broken)
    except ToolFailed as problem:
        return f"gone on after {problem}"


@tool(effect="read", isolate="process")
def die(token: str) -> None:
    import os

    print("printed", token, flush=True)
    os._exit(3)


@tool(effect="read", timeout="100ms")
def late(token: str, ctx: ToolContext) -> str:
    while not ctx.should_stop:
        threading.Event().wait(0.01)
    return token


@tool(effect="read")
def number(token: str) -> int:
    return token


@tool(effect="read")
def mistyped(token: int) -> None:
    """Never called."""


@tool(effect="once", reconcile=lambda token, effect_id: (_ for _ in ()).throw(ValueError(token)))
def unknown(token: str) -> None:
    threading.Event().wait()


@tool(effect="read")
def take(given: object, error: object) -> object:
    return [given, error]
'''

NODES = """
  {name}:
    tool: {name}
    input: {{token: "${{secrets.token}}"}}
    on_error: continue
    timeout: {timeout}
  after_{name}:
    tool: take
    input: {{given: "${{{name}}}", error: "${{nodes.{name}.error}}"}}
    after: {name}
"""
EXAMPLES = [
    ("succeed", "5s"),
    ("give", "5s"),
    ("fail", "5s"),
    ("refuse", "5s"),
    ("step", "5s"),
    ("die", "30s"),
    ("late", "1s"),
    ("number", "5s"),
    ("mistyped", "5s"),
    ("unknown", "1s"),
]
"""Tools, and how long they may take."""


def graph() -> str:
    """Each tool is called with the secret, and another with what came of it."""
    nodes = "".join(NODES.format(name=name, timeout=timeout) for name, timeout in EXAMPLES)
    return f"graph: all\nlanguage: 1\nsecrets: [token]\nnodes:{nodes}"


class Project:
    """A project with a secret, and all that is seen of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: list[bytes] = []
        self._write("interlock.toml", "")
        self._write("tools/tools.py", TOOLS)
        self._write("graphs/all.yaml", graph())
        quoted = SECRET.replace("\\", "\\\\").replace('"', '\\"')
        self._write(".interlock/secrets.toml", f'token = "{quoted}"\n').chmod(0o600)

    def _write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def __call__(self, *words: str) -> str:
        """What a command prints; all of it is kept."""
        said = subprocess.run(
            [*PROGRAM, *words],
            cwd=self.folder,
            env={**os.environ, "NO_COLOR": "1"},
            capture_output=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
        self.seen += [said.stdout, said.stderr]
        return said.stdout.decode()

    def left_behind(self) -> dict[str, bytes]:
        """Every byte of every file, but of the one in which the secret is kept; and all that was printed."""
        files = {str(file): file.read_bytes() for file in self.folder.rglob("*") if file.is_file()}
        kept = {name: data for name, data in files.items() if not name.endswith("secrets.toml")}
        return kept | {"printed": b"".join(self.seen)}


def spellings(secret: str) -> list[bytes]:
    """How the secret could be found: whole, quoted, and its telling parts alone."""
    return [text.encode() for text in (secret, repr(secret)[1:-1], "sk-7Hq", "Straße", "Stra\\u00dfe")]


def test_a_secret_is_nowhere_but_where_it_was_put(tmp_path: Path) -> None:
    """Backups, screenshots and bug reports leave the house: none of them may carry a key with it."""
    project = Project(tmp_path)

    run = json.loads(project("run", "all", "--json"))
    assert "run" in run, run
    for command in ("show", "events", "inspect", "effects"):
        project(command, run["run"])
    project("events", run["run"], "--json")

    found = {(name, text) for name, data in project.left_behind().items() for text in spellings(SECRET) if text in data}
    assert found == set()
    assert b"***" in b"".join(project.seen)
    assert {path: node["status"] for path, node in run["nodes"].items() if "_" not in path} == {
        "die": "failed",
        "fail": "failed",
        "give": "succeeded",
        "late": "failed",
        "mistyped": "failed",
        "number": "failed",
        "refuse": "failed",
        "step": "succeeded",
        "succeed": "succeeded",
        "unknown": "waiting",
    }
