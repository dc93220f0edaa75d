"""What really happened, written by the tools themselves: one line when a call begins, one when it ends.

Interlock neither writes nor reads it. It is the witness from outside by which the demo checks what Interlock claims:
that after a crash nothing is done twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from contextlib import contextmanager

from interlock import ToolContext
from workspace import PROJECT

DIARY = PROJECT / "diary.jsonl"


@contextmanager
def noted(ctx: ToolContext) -> Generator[None, None, None]:
    """Note a call. One that was killed has a beginning and no end."""
    _write(ctx, "began")
    yield
    _write(ctx, "ended")


def _write(ctx: ToolContext, what: str) -> None:
    line = {"run": ctx.run, "path": ctx.path, "effect": ctx.effect_id, "process": os.getpid(), "what": what}
    with DIARY.open("a", encoding="utf-8") as diary:
        diary.write(json.dumps(line) + "\n")
