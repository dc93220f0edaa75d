"""An empty folder, as it is after `mkdir`: no settings, no models, nothing of a project's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlock import Interlock, RunResult
from interlock.settings import read_settings


def interlock_in(folder: Path, **flags: object) -> Interlock:
    """What the command line would open there, with what `interlock.toml` says where there is one."""
    return Interlock.of_project(read_settings(flags, environment={}, folder=folder), {})


def run_in(folder: Path, graph: str, inputs: Mapping[str, Any]) -> RunResult:
    """A graph that is known there by name, run to where it rests."""
    return interlock_in(folder).run(graph, inputs)


def files_of(folder: Path, run: str) -> dict[str, str]:
    """The texts in a run's workspace, by path."""
    files = folder / ".interlock" / "workspaces" / run / "files"
    return {
        path.relative_to(files).as_posix(): path.read_text()
        for path in sorted(files.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
