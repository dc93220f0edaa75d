"""The default tool that runs code of a model's making: in a sandbox, on a copy of the workspace, without a network.

What the code leaves in the copy comes back as one change, made once for the effect: until then nothing has happened, so
a call that is repeated after a crash does no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from pydantic import Field

from interlock.tools.context import AsyncToolContext
from interlock.tools.errors import ToolFailed
from interlock.tools.sandbox.job import SandboxResult
from interlock.tools.standard.declared import in_sandbox, tools_in
from interlock.tools.standard.environment import ToolEnvironment
from interlock.tools.standard.jobs import Language, SandboxedRun, interpreter_of, ran_on_copy, text_of
from interlock.tools.standard.reach import EVERYTHING
from interlock.tools.tool import Tool, tool
from interlock.tools.workspace.changes import FileChange
from interlock.tools.workspace.errors import PathRefused
from interlock.tools.workspace.names import WorkspacePath, parse_path
from interlock.tools.workspace.workspace import Workspace

CODE_BYTES_MAX: Final = 100_000
"""What still fits into one word of a command."""
SECONDS_MAX: Final = 600
OUTPUT_CHARACTERS_MAX: Final = 20_000
_MADE_AGAIN: Final = frozenset({"__pycache__", ".pytest_cache"})
_NAMES_TOLD_MAX: Final = 200


@dataclass(frozen=True)
class CodeRan:
    """What became of the code."""

    succeeded: bool
    """It ended by itself, with exit code 0."""
    ended: Literal["exited", "signalled", "timed_out", "output_full"]
    exit_code: int | None
    stdout: str
    stderr: str
    changed: list[str]
    """Files that were made or changed, and are so in the workspace now."""
    deleted: list[str]
    not_kept: list[str]
    """What the code left and the workspace did not take, with the reason."""
    tier: str
    """The sandbox it ran in."""


def executing_tools(environment: ToolEnvironment) -> Sequence[Tool]:
    """`execute_code`."""

    @tool(effect="idempotent", reads=(EVERYTHING,), writes=(EVERYTHING,), risk="medium")
    async def execute_code(
        language: Language,
        code: Annotated[str, Field(min_length=1, max_length=CODE_BYTES_MAX)],
        ctx: AsyncToolContext,
        *,
        timeout: Annotated[int, Field(ge=1, le=SECONDS_MAX, description="In seconds")] = 60,  # noqa: ASYNC109 - the program's own
    ) -> CodeRan:
        """Run code in a sandbox, in a copy of the workspace's folder; gives its output and exit code.

        There is no network and no environment. Files that the code makes, changes or deletes are so in the workspace
        afterwards, unless it was stopped at its time limit. Nothing else stays: no process, no variable. Print what you
        want to see.
        """
        workspace = await asyncio.to_thread(environment.workspaces.of_call, ctx.run, ctx.path)
        done = await asyncio.to_thread(workspace.find_done, ctx.effect_id)
        if done is not None:
            return msgspec.convert(done.out, CodeRan)
        words = (_checked(code),)
        async with ran_on_copy(
            environment, workspace, interpreter_of(language), words, seconds=timeout, keeps=True
        ) as sandboxed:
            return await asyncio.to_thread(_kept, workspace, ctx.effect_id, sandboxed)

    return in_sandbox(tools_in(execute_code))


def _checked(code: str) -> str:
    if "\0" in code:
        raise ToolFailed("the code holds a character that no program has (code 0)", kind="invalid", retryable=False)
    if len(code.encode()) > CODE_BYTES_MAX:
        told = f"the code is longer than {CODE_BYTES_MAX:,} bytes: write it to a file, and run that"
        raise ToolFailed(told, kind="invalid", retryable=False)
    return code


def _kept(workspace: Workspace, effect: str, sandboxed: SandboxedRun) -> CodeRan:
    """What became of the code, once what it left is in the workspace."""
    result, changes, not_kept = sandboxed.result, list[FileChange](), list(sandboxed.result.refused_members)
    if result.ended == "exited":
        for change in workspace.changes_in(sandboxed.copy):
            problem = _problem_with(change.path)
            if problem:
                not_kept.append(problem)
            elif not _is_made_again(change.path):
                changes.append(change)
    out = _told(result, changes, not_kept)
    return msgspec.convert(workspace.change(effect, changes, msgspec.to_builtins(out)), CodeRan)


def _told(result: SandboxResult, changes: Sequence[FileChange], not_kept: list[str]) -> CodeRan:
    assert result.ended != "stopped", "a job that its sandbox gave up is told as a failure"
    changed, deleted = ([str(each.path) for each in changes if (each.after is None) is gone] for gone in (False, True))
    return CodeRan(
        succeeded=result.ended == "exited" and result.exit_code == 0,
        ended=result.ended,
        exit_code=result.exit_code,
        stdout=text_of(result.stdout, characters_max=OUTPUT_CHARACTERS_MAX),
        stderr=text_of(result.stderr, characters_max=OUTPUT_CHARACTERS_MAX),
        changed=changed[:_NAMES_TOLD_MAX],
        deleted=deleted[:_NAMES_TOLD_MAX],
        not_kept=not_kept[:_NAMES_TOLD_MAX],
        tier=result.tier,
    )


def _problem_with(path: WorkspacePath) -> str:
    """Why a name that the code gave a file is none for a workspace."""
    try:
        parse_path(str(path))
    except PathRefused as refused:
        return str(refused)
    return ""


def _is_made_again(path: WorkspacePath) -> bool:
    return not _MADE_AGAIN.isdisjoint(path.names)
