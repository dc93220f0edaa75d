"""Files: those that are uploaded and named in inputs, and those that runs make."""

from __future__ import annotations

from msgspec import Struct

from interlock.wire.runs import Actions


class Artifact(Struct, frozen=True, kw_only=True):
    """Bytes that are kept under their digest. Inputs name it with its first three fields, or the first alone."""

    artifact: str
    """The SHA-256 of its bytes."""
    bytes: int
    type: str
    """Its media type, as whoever uploaded it said."""
    at: int
    by: str
    actions: Actions


class ArtifactPage(Struct, frozen=True, kw_only=True):
    """Artifacts in the order of their digests. With a `next` there may be more: give it as `cursor`."""

    artifacts: list[Artifact]
    next: str | None = None


class RunFile(Struct, frozen=True, kw_only=True):
    """A file in the workspace of a run."""

    path: str
    """From the workspace's folder on."""
    bytes: int
    type: str
    sha256: str


class RunFilePage(Struct, frozen=True, kw_only=True):
    """Files in the order of their paths. With a `next` there are more: give it as `cursor`."""

    run: str
    files: list[RunFile]
    next: str | None = None
