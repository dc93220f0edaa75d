"""Artifacts, and files of runs, as programs are shown them."""

from __future__ import annotations

from interlock.artifacts import Artifact
from interlock.embedded.workspace_files import WorkspaceFile
from interlock.wire import artifacts as wire
from interlock.wire.runs import Actions


def artifact(kept: Artifact, *, actions: Actions) -> wire.Artifact:
    """An artifact, with what can be done with it by who asks."""
    return wire.Artifact(
        artifact=kept.digest, bytes=kept.bytes, type=kept.type, at=kept.at, by=kept.by, actions=actions
    )


def run_file(found: WorkspaceFile) -> wire.RunFile:
    """A file of a run."""
    return wire.RunFile(path=found.path, bytes=found.bytes, type=found.type, sha256=found.digest)
