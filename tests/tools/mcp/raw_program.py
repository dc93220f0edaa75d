"""A program that speaks the older MCP by hand, without any library, and then misbehaves as it is told.

raw_program.py FILE MODE      notes its process's id, and those of its children, in FILE
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TOOL = {"name": "echo", "description": "Say it again.", "inputSchema": {"type": "object"}}
NOTE = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x"}}


def say(message: dict[str, Any]) -> None:
    """One message."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def answer(request: dict[str, Any], result: Any) -> None:  # noqa: ANN401 - JSON data
    """The answer to a request."""
    say({"jsonrpc": "2.0", "id": request["id"], "result": result})


def pour(request: dict[str, Any]) -> None:
    """An answer that never ends."""
    sys.stdout.write(f'{{"jsonrpc": "2.0", "id": {request["id"]}, "result": {{"content": [{{"type": "text", "text": "')
    while True:
        sys.stdout.write("x" * 65_536)


def flood(_: dict[str, Any]) -> None:
    """Notifications, and no answer among them."""
    while True:
        say(NOTE)


def rave(_: dict[str, Any]) -> None:
    """What is no message at all, for ever."""
    while True:
        sys.stdout.write("}{ not JSON\n")
        sys.stdout.flush()


def die(_: dict[str, Any]) -> None:
    """End in the middle, with a last word."""
    sys.stderr.write("out of coffee\n")
    sys.stderr.flush()
    os._exit(3)


CALLS: dict[str, Callable[[dict[str, Any]], None]] = {
    "echo": lambda request: answer(request, {"content": [{"type": "text", "text": json.dumps(dict(os.environ))}]}),
    "pour": pour,
    "flood": flood,
    "rave": rave,
    "die": die,
    "hologram": lambda request: answer(request, {"content": [{"type": "hologram"}]}),
    "nonsense": lambda request: answer(request, [1, 2]),
    "large": lambda request: answer(request, {"content": [{"type": "text", "text": "x" * 300_000}]}),
    "stubborn": lambda _: time.sleep(3_600),
}


def serve(mode: str) -> None:
    """Answer until nothing more comes, and then go on if that is the mode."""
    for line in sys.stdin:
        request = json.loads(line)
        match request.get("method"):
            case "initialize":
                info = {"name": "raw", "version": "1"}
                capabilities: dict[str, Any] = {"tools": {}}
                said: dict[str, Any] = {
                    "protocolVersion": "2025-06-18",
                    "capabilities": capabilities,
                    "serverInfo": info,
                }
                answer(request, said)
            case "tools/list" if mode == "endless list":
                answer(request, {"tools": [TOOL], "nextCursor": "more"})
            case "tools/list":
                answer(request, {"tools": [TOOL]})
            case "tools/call":
                CALLS.get(mode, CALLS["echo"])(request)
            case _ if "id" in request:
                error = {"code": -32601, "message": "no such method"}
                say({"jsonrpc": "2.0", "id": request["id"], "error": error})
            case _:
                pass


def main(file: Path, mode: str) -> None:
    """Note who lives, and serve."""
    if mode == "silent":
        time.sleep(3_600)
    children = [subprocess.Popen(["sleep", "3600"])] if mode in {"children", "stubborn"} else []
    with file.open("a", encoding="utf-8") as noted:
        noted.write("".join(f"{pid}\n" for pid in [os.getpid(), *(child.pid for child in children)]))
    serve(mode)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
