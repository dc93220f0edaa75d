"""What is given along with every command about runs."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """Where runs are kept, with which tools they are driven, and whether a program reads the answer.

    What was not given is None: the project's settings say it then.
    """

    store: Path | None = None
    tools: list[str] | None = None
    as_json: bool = False
    drives: bool = True
    """Whether a run may be driven on from here; if not, its tools need not be there."""


def finished(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """What a command's work comes to, in an event loop of its own."""
    import asyncio  # importing it takes a tenth of what `--help` may

    return asyncio.run(work)
