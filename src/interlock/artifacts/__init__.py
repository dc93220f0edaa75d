"""Artifacts: files too large for a value, kept by their content in the store, beside the runs that name them."""

from __future__ import annotations

from interlock.artifacts.artifact import Artifact, artifact_value, artifacts_named
from interlock.artifacts.errors import ArtifactError, ArtifactInUseError, ArtifactNotFoundError, ArtifactTooLongError
from interlock.artifacts.shelf import ArtifactShelf

__all__ = [
    "Artifact",
    "ArtifactError",
    "ArtifactInUseError",
    "ArtifactNotFoundError",
    "ArtifactShelf",
    "ArtifactTooLongError",
    "artifact_value",
    "artifacts_named",
]
