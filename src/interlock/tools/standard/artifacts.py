"""The default tools that carry files between the artifacts of a tenant and the workspace of a run.

Artifacts lie in the store, where every worker and the API have them; a workspace lies where its run is driven.
"""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias

import msgspec
from pydantic import Field

from interlock.artifacts import Artifact, ArtifactError, ArtifactShelf
from interlock.tools.context import AsyncToolContext
from interlock.tools.errors import ToolFailed
from interlock.tools.standard.declared import tools_in
from interlock.tools.standard.files import FilePath, FileWritten
from interlock.tools.standard.reach import EVERYTHING, reads_file, writes_file
from interlock.tools.tool import Tool, tool
from interlock.tools.workspace.changes import FileChange
from interlock.tools.workspace.errors import WorkspaceFull
from interlock.tools.workspace.folders import FileContent
from interlock.tools.workspace.names import WorkspacePath, parse_path
from interlock.tools.workspace.workspace import Workspace
from interlock.tools.workspace.workspaces import Workspaces

Shelves: TypeAlias = Callable[[str], ArtifactShelf]
"""The artifacts of a tenant."""

MEDIA_TYPE_MAX: Final = 200


@dataclass(frozen=True)
class ArtifactKept:
    """A file that is kept: inputs of other runs name it so."""

    artifact: str
    """The SHA-256 of its bytes."""
    bytes: int
    type: str


def artifact_tools(workspaces: Workspaces, shelves: Shelves | None) -> Sequence[Tool]:
    """`fetch_artifact` and `keep_artifact`."""

    @tool(effect="idempotent", writes=(EVERYTHING,), needs=writes_file("path"))
    async def fetch_artifact(
        artifact: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="The SHA-256 under which it is kept")],
        path: FilePath,
        ctx: AsyncToolContext,
    ) -> FileWritten:
        """Put a file that was uploaded, or kept by another run, into the workspace as the file at `path`.

        It replaces what was there; folders that are missing are made. A file larger than any of a workspace is refused.
        """
        shelf, workspace = _shelf(shelves, ctx.tenant), await asyncio.to_thread(workspaces.of_call, ctx.run, ctx.path)
        target = parse_path(path)
        data = await _read(shelf, artifact, bytes_max=workspace.limits.file_bytes_max)
        return await asyncio.to_thread(_put, workspace, ctx.effect_id, target, data, artifact)

    @tool(effect="idempotent", reads=(EVERYTHING,), needs=reads_file("path"))
    async def keep_artifact(
        path: FilePath,
        ctx: AsyncToolContext,
        type: Annotated[str, Field(max_length=MEDIA_TYPE_MAX, description="Its media type; else its name says")] = "",
    ) -> ArtifactKept:
        """Keep a file of the workspace as an artifact, which anybody can download and other runs can be given.

        The same bytes are the same artifact. It is kept at least as long as this run is on record.
        """
        shelf, workspace = _shelf(shelves, ctx.tenant), await asyncio.to_thread(workspaces.of_call, ctx.run, ctx.path)
        source = parse_path(path)
        content = await asyncio.to_thread(workspace.read, source)
        said = type or mimetypes.guess_type(source.name)[0] or ""
        kept, _ = await shelf.keep(
            _whole(content.data), type=said, by=f"run {ctx.run}", bytes_max=workspace.limits.file_bytes_max
        )
        await shelf.note_use([kept.digest], ctx.run)
        return ArtifactKept(kept.digest, kept.bytes, kept.type)

    return tools_in(fetch_artifact, keep_artifact)


def _shelf(shelves: Shelves | None, tenant: str) -> ArtifactShelf:
    if shelves is None:
        raise ToolFailed("there are no artifacts where this is called", kind="refused", retryable=False)
    return shelves(tenant)


async def _read(shelf: ArtifactShelf, digest: str, *, bytes_max: int) -> bytes:
    try:
        found: Artifact = await shelf.get(digest)
    except ArtifactError as error:
        raise ToolFailed(str(error), kind="invalid", retryable=False) from error
    if found.bytes > bytes_max:
        raise WorkspaceFull(
            f"artifact {digest} is {found.bytes:,} bytes long, and {bytes_max:,} are the most of a file"
        )
    return b"".join([piece async for piece in shelf.read(digest)])


def _put(workspace: Workspace, effect: str, path: WorkspacePath, data: bytes, digest: str) -> FileWritten:
    before = workspace.find(path)
    out = FileWritten(str(path), len(data), digest, before is None)
    change = FileChange(path, before and before.stamp, FileContent(data))
    return msgspec.convert(workspace.change(effect, [change], msgspec.to_builtins(out)), FileWritten)


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data
