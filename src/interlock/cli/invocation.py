"""What is given along with every command about runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """Where runs are kept, with which tools they are driven, and whether a program reads the answer.

    What was not given is None: the project's settings say it then.
    """

    store: Path | None = None
    tools: list[str] | None = None
    as_json: bool = False
