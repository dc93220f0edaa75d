"""Workspaces that begin with an archive which was uploaded: unpacked for as long as a run needs to copy it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from interlock.artifacts import ArtifactShelf
from interlock.core.values import ValueProblem
from interlock.tools.workspace.archives import unpack_archive
from interlock.tools.workspace.errors import WorkspaceError
from interlock.tools.workspace.limits import WorkspaceLimits


@asynccontextmanager
async def unpacked(shelf: ArtifactShelf, digest: str) -> AsyncGenerator[Path]:
    """The files of an artifact that is a tar archive, in a folder that is gone afterwards.

    Raises `ArtifactNotFoundError`, or `ValueProblem` where no workspace can begin with it.
    """
    with tempfile.TemporaryDirectory(prefix="interlock-") as made:
        archive, folder = Path(made) / "archive", Path(made) / "files"
        folder.mkdir()
        with archive.open("wb") as file:
            async for piece in shelf.read(digest):
                file.write(piece)
        try:
            await asyncio.to_thread(_unpack, archive, folder)
        except WorkspaceError as error:
            raise ValueProblem(f"no workspace can begin with artifact {digest}: {error}") from error
        yield folder


def _unpack(archive: Path, folder: Path) -> None:
    with archive.open("rb") as file:
        unpack_archive(file, folder, WorkspaceLimits())
