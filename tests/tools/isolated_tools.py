"""Tools that run in a process of their own; they stand in a module since their process imports them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from interlock.tools import ToolContext, tool


@tool(isolate="process")
def where_am_i(name: str) -> dict[str, object]:
    """Say where it runs and what it sees."""
    print("printing is not answering")  # noqa: T201 - on purpose
    return {"hello": name, "here": os.getpid(), "secrets": [key for key in os.environ if "SECRET" in key]}


@tool(isolate="process")
def charge_and_ask(ctx: ToolContext) -> list[object]:
    """Use every part of a context."""
    ctx.progress(0.5, "charging")
    ctx.heartbeat({"page": 3})
    charged = ctx.effect("charge", lambda id_: f"charged under {id_}")
    return [charged, ctx.ask("Ship it?", choices=["yes", "no"]), ctx.should_stop]


@tool(isolate="process")
def fail_with(message: str) -> None:
    """Fail."""
    raise ValueError(message)


@tool(isolate="process")
def abort(token: str) -> None:
    """Die, but not in silence."""
    print("the last words of", token, flush=True)  # noqa: T201 - on purpose
    os.abort()


@tool(isolate="process")
def hang_with_a_child(file: str, ctx: ToolContext) -> None:
    """Never end, and have somebody else who never does."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as child:
        Path(file).write_text(f"{os.getpid()} {child.pid}", encoding="utf-8")
        ctx.heartbeat()
        ctx.progress(0, "hangs")
        time.sleep(600)


@tool(isolate="process")
def leave_a_daemon(file: str) -> str:
    """Start somebody who leaves the group, and holds all that was open here."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        time.sleep(600)
        os._exit(0)
    Path(file).write_text(str(pid), encoding="utf-8")
    return "started"


@tool(isolate="process", effect="read")
def dies() -> None:
    """End at once, and say nothing."""
    os._exit(5)


@tool(isolate="process")
def shout(length: int) -> str:
    """Print more than a pipe holds."""
    sys.stdout.write("x" * length)
    return "done"
