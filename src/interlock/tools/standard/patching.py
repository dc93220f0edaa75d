"""The default tools that apply a patch to a run's workspace, as a whole or not at all, and take it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from pydantic import Field

from interlock.core.plan import Permissions
from interlock.core.values import Value, is_map
from interlock.tools.context import ToolContext
from interlock.tools.standard.declared import tools_in
from interlock.tools.standard.files import decoded
from interlock.tools.standard.patches import BadPatch, FilePatch, parse_patch, patched, reversed_patch
from interlock.tools.standard.reach import EVERYTHING, as_it_leads
from interlock.tools.tool import Tool, tool
from interlock.tools.workspace.changes import FileChange
from interlock.tools.workspace.errors import FileMissing
from interlock.tools.workspace.folders import FileContent
from interlock.tools.workspace.names import WorkspacePath, parse_path
from interlock.tools.workspace.workspace import Workspace
from interlock.tools.workspace.workspaces import Workspaces

PATCH_CHARACTERS_MAX: Final = 1_000_000

PatchText = Annotated[
    str,
    Field(
        min_length=1,
        max_length=PATCH_CHARACTERS_MAX,
        description="A unified diff, as `git diff` writes it, with paths from the workspace's folder on",
    ),
]


@dataclass(frozen=True)
class FilePatched:
    """What became of a file."""

    path: str
    change: Literal["added", "changed", "deleted", "moved"]
    lines_added: int
    lines_removed: int


@dataclass(frozen=True)
class Patched:
    """The files that the patch changed."""

    files: list[FilePatched]


def patch_tools(workspaces: Workspaces) -> Sequence[Tool]:
    """`apply_patch` and `revert_patch`."""

    @tool(effect="idempotent", writes=(EVERYTHING,), needs=files_of_patch, undo="revert_patch")
    def apply_patch(patch: PatchText, ctx: ToolContext) -> Patched:
        """Change files of the workspace by a unified diff. Either all of it is applied or nothing.

        Each file begins with `--- a/PATH` and `+++ b/PATH` (`/dev/null` for a file that is new or goes), each hunk with
        `@@ -FIRST,COUNT +FIRST,COUNT @@`. Lines that stay begin with a space, new ones with `+`, old ones with `-`, and
        the counts must be right. All lines that stay or go must stand in the file exactly as in the patch: read it
        first. If a hunk does not fit, the answer names it, its line, and what the file has there.
        """
        return _applied(workspaces.of_call(ctx.run, ctx.path), ctx.effect_id, parse_patch(patch))

    @tool(effect="idempotent", writes=(EVERYTHING,), needs=files_of_patch, undo="apply_patch")
    def revert_patch(patch: PatchText, ctx: ToolContext) -> Patched:
        """Take a patch that was applied back out of the workspace. Either all of it is taken back or nothing.

        Give the same text that apply_patch was given. What was changed in other places meanwhile stays.
        """
        files = [reversed_patch(file) for file in reversed(parse_patch(patch))]
        return _applied(workspaces.of_call(ctx.run, ctx.path), ctx.effect_id, files)

    return tools_in(apply_patch, revert_patch)


def files_of_patch(arguments: Value) -> Permissions:
    """What a patch writes. Of one that cannot be read nothing is known: the tool refuses it."""
    text = arguments.get("patch") if is_map(arguments) else None
    try:
        files = parse_patch(text) if isinstance(text, str) else []
    except BadPatch:
        return Permissions()
    paths = {as_it_leads(path) for file in files for path in (file.old_path, file.new_path) if path is not None}
    return Permissions(writes=tuple(sorted(paths)))


def _applied(workspace: Workspace, effect: str, files: Sequence[FilePatch]) -> Patched:
    done = workspace.find_done(effect)
    if done is not None:
        return msgspec.convert(done.out, Patched)
    changes = [change for file in files for change in _changes(workspace, file)]
    out = Patched([_told(file) for file in files])
    return msgspec.convert(workspace.change(effect, changes, msgspec.to_builtins(out)), Patched)


def _changes(workspace: Workspace, file: FilePatch) -> list[FileChange]:
    old, new = (None if path is None else parse_path(path) for path in (file.old_path, file.new_path))
    before = _before(workspace, old, new)
    text = patched(file, None if before is None else decoded(_either(old, new), before.data))
    executable = file.executable if file.executable is not None else before is not None and before.executable
    after = None if text is None else FileContent(text.encode(), executable)
    if old is None or new is None or old == new:
        return [FileChange(_either(new, old), before and before.stamp, after)]
    if workspace.find(new) is not None:
        raise BadPatch(f"the patch moves `{old}` to `{new}`, which is there already")
    return [FileChange(old, before and before.stamp, None), FileChange(new, None, after)]


def _before(workspace: Workspace, old: WorkspacePath | None, new: WorkspacePath | None) -> FileContent | None:
    """The file as it is; one that is to be changed must be there, and the nearest one is named if it is not."""
    if old is None:
        return workspace.find(_either(new, old))
    try:
        return workspace.read(old)
    except FileMissing as missing:
        raise BadPatch(f"the patch changes `{old}`: {missing}") from None


def _either(one: WorkspacePath | None, other: WorkspacePath | None) -> WorkspacePath:
    path = one or other
    assert path is not None, "a patch without both names is not read"
    return path


def _told(file: FilePatch) -> FilePatched:
    added, removed = (sum(hunk.count(mark) for hunk in file.hunks) for mark in ("+", "-"))
    return FilePatched(file.path, _kind(file), added, removed)


def _kind(file: FilePatch) -> Literal["added", "changed", "deleted", "moved"]:
    if file.old_path is None:
        return "added"
    if file.new_path is None:
        return "deleted"
    return "changed" if file.old_path == file.new_path else "moved"
