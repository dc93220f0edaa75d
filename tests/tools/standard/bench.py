"""What tests of the default tools stand on: a workspace of their own, and calls through the real door."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from interlock.core.values import Value
from interlock.tools.outcome import Done, Failed, ToolCall, ToolOutcome
from interlock.tools.tool import Tool
from interlock.tools.workspace import FileChange, Workspaces, parse_path
from interlock.tools.workspace.folders import FileContent
from tests.tools.doorstep import MemoryJournal, a_door, lived, performed

RUN = "run-1"


class Bench:
    """Tools and the workspace of the one run that they work for."""

    def __init__(self, folder: Path, make: Callable[[Workspaces], Iterable[Tool]]) -> None:
        self.workspaces = Workspaces(folder)
        self.workspace = self.workspaces.of(RUN)
        self.tools = {made.name: made for made in make(self.workspaces)}
        self._numbers = itertools.count()

    def outcome(self, tool: str, *, effect: str | None = None, at: str = "work", **input: Value) -> ToolOutcome:
        """What becomes of a call at a node or step; each is an effect of its own, unless told which one it repeats."""
        effect_id = effect or f"effect-{next(self._numbers)}"
        call = ToolCall(run=RUN, path=at, attempt=1, effect_id=effect_id, input=input)
        return lived(lambda: performed(self.tools[tool], call, MemoryJournal(), a_door()))

    def call(self, tool: str, *, effect: str | None = None, at: str = "work", **input: Value) -> Any:  # noqa: ANN401 - JSON data
        """What a call that succeeds gives."""
        outcome = self.outcome(tool, effect=effect, at=at, **input)
        assert isinstance(outcome, Done), outcome
        return outcome.out

    def refusal(self, tool: str, **input: Value) -> tuple[str, str]:
        """How a call that fails is told: the kind of the error, and its message."""
        outcome = self.outcome(tool, **input)
        assert isinstance(outcome, Failed), outcome
        return outcome.error.kind, outcome.error.message

    def holds(self, texts: dict[str, str]) -> None:
        """Let the workspace hold these files, by path."""
        changes = [FileChange(parse_path(path), None, FileContent(text.encode())) for path, text in texts.items()]
        self.workspace.change(f"put-{next(self._numbers)}", changes)

    @property
    def files(self) -> dict[str, str]:
        """The texts of all files of the workspace, by path."""
        entries = [entry for entry in self.workspace.entries() if entry.size is not None]
        return {str(entry.path): self.workspace.read(entry.path).data.decode() for entry in entries}
