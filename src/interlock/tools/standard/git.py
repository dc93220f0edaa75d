"""The default tools for the git repository of a run's workspace. None of them speaks to another repository.

What a repeat would do twice (a commit) is found again by the id of its effect, which stands in the commit's message.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

from pydantic import Field

from interlock.core.plan import Permissions
from interlock.core.values import Value
from interlock.tools.context import ToolContext
from interlock.tools.errors import ToolFailed
from interlock.tools.standard.declared import tools_in
from interlock.tools.standard.reach import EVERYTHING, as_it_leads, below, texts
from interlock.tools.tool import Tool, tool
from interlock.tools.workspace.names import parse_folder
from interlock.tools.workspace.repository import Repository
from interlock.tools.workspace.workspace import Workspace
from interlock.tools.workspace.workspaces import Workspaces

COMMITS_MAX: Final = 200
STATUS_FILES_MAX: Final = 1_000
DIFF_CHARACTERS_MAX: Final = 100_000
MESSAGE_CHARACTERS_MAX: Final = 10_000
REPOSITORY: Final = ".git/*"
"""How permissions name the repository, which no path of a file tool leads to."""
EFFECT_TRAILER: Final = "Interlock-Effect"
_EFFECTS_LOOKED_AT: Final = 1_000
_NO_TREE: Final = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""What git calls a tree with nothing in it: the state before the first commit."""
_REVISION: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./~^-]{0,199}|HEAD([~^][0-9]*)*")
_BRANCH: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,99}")

Revision = Annotated[str, Field(description="A commit, a branch, or `HEAD~1`")]
Paths = Annotated[Sequence[str], Field(max_length=200, description="Only these files and folders; none: all of them")]
Message = Annotated[str, Field(min_length=1, max_length=MESSAGE_CHARACTERS_MAX)]


@dataclass(frozen=True)
class FileState:
    """A file that is not as it was committed: `added`, `changed`, `deleted`."""

    path: str
    state: str


@dataclass(frozen=True)
class GitStatus:
    """Where the repository stands."""

    branch: str
    head: str
    """The last commit; nothing before the first."""
    clean: bool
    files: list[FileState]
    cut: bool


@dataclass(frozen=True)
class GitDiff:
    """A unified diff, which apply_patch and revert_patch take."""

    diff: str
    cut: bool


@dataclass(frozen=True)
class GitCommit:
    """A commit."""

    commit: str
    when: str
    author: str
    subject: str


@dataclass(frozen=True)
class GitLog:
    """Commits, newest first."""

    commits: list[GitCommit]


@dataclass(frozen=True)
class GitBranch:
    """The branch that is worked on."""

    branch: str
    created: bool


def git_tools(workspaces: Workspaces) -> Sequence[Tool]:
    """`git_status`, `git_diff`, `git_log`, `git_commit`, `git_revert` and `git_branch`."""

    @tool(effect="read", reads=(EVERYTHING,))
    def git_status(ctx: ToolContext) -> GitStatus:
        """Show the branch of the workspace's repository and which files differ from its last commit."""
        return status_of(workspaces.of_call(ctx.run, ctx.path))

    @tool(effect="read", reads=(EVERYTHING,), needs=_paths_needed)
    def git_diff(ctx: ToolContext, *, since: Revision = "HEAD", paths: Paths = ()) -> GitDiff:
        """Show what was changed in the workspace since a commit, new files included, as a unified diff."""
        return diff_of(workspaces.of_call(ctx.run, ctx.path), since, paths)

    @tool(effect="read", reads=(EVERYTHING,))
    def git_log(ctx: ToolContext, *, limit: Annotated[int, Field(ge=1, le=COMMITS_MAX)] = 20) -> GitLog:
        """List the last commits of the workspace's repository, newest first."""
        return log_of(workspaces.of_call(ctx.run, ctx.path), limit)

    @tool(effect="idempotent", reads=(EVERYTHING,), writes=(REPOSITORY,), undo="git_revert")
    def git_commit(message: Message, ctx: ToolContext, *, paths: Paths = ()) -> GitCommit:
        """Commit what was changed in the workspace to its own repository. Nothing is pushed anywhere."""
        return committed(workspaces.of_call(ctx.run, ctx.path), ctx.effect_id, message, paths)

    @tool(effect="idempotent", writes=(EVERYTHING, REPOSITORY))
    def git_revert(commit: Revision, ctx: ToolContext) -> GitCommit:
        """Take a commit back by a new commit that does the opposite. The files change with it."""
        return reverted(workspaces.of_call(ctx.run, ctx.path), ctx.effect_id, commit)

    @tool(effect="idempotent", writes=(EVERYTHING, REPOSITORY))
    def git_branch(name: Annotated[str, Field(pattern=f"^{_BRANCH.pattern}$")], ctx: ToolContext) -> GitBranch:
        """Go on on a branch of the workspace's repository; it is made at the last commit if it is not there."""
        return switched(workspaces.of_call(ctx.run, ctx.path), name)

    return tools_in(git_status, git_diff, git_log, git_commit, git_revert, git_branch)


def _paths_needed(arguments: Value) -> Permissions:
    """What git_diff reads: each path may be a file, or a folder with all that is in it."""
    paths = texts(arguments, "paths")
    return Permissions(
        reads=tuple(each for path in paths for each in (as_it_leads(path), below(path))) or (EVERYTHING,)
    )


def status_of(workspace: Workspace) -> GitStatus:
    """Where the repository stands."""
    repository = Repository(workspace)
    words = ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=all")
    lines = repository.text(*words).split("\0")
    files = [FileState(line[3:], _state(line[:2])) for line in lines if len(line) > 3]
    shown = files[:STATUS_FILES_MAX]
    return GitStatus(_branch(repository), _head(repository), not files, shown, len(shown) < len(files))


def diff_of(workspace: Workspace, since: str, paths: Sequence[str]) -> GitDiff:
    """What is different since a commit. An index of its own takes in new files, and the repository's stays as it is."""
    repository = Repository(workspace)
    commit = _commit_named(repository, since) if _head(repository) else _NO_TREE
    with TemporaryDirectory(dir=workspace.home) as folder:
        own = repository.with_index(Path(folder) / "index")
        own.text("read-tree", commit)
        own.text("add", "--all", "--", *_checked(paths))
        words = ("diff", "--cached", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")
        plain = ("--src-prefix=a/", "--dst-prefix=b/", "--ignore-submodules=all", "--submodule=short")
        diff = own.text(*words, *plain, commit, "--", *_checked(paths))
    return GitDiff(diff[:DIFF_CHARACTERS_MAX], len(diff) > DIFF_CHARACTERS_MAX)


def log_of(workspace: Workspace, limit: int) -> GitLog:
    """The last commits."""
    repository = Repository(workspace)
    return GitLog(_commits(repository, f"--max-count={limit}") if _head(repository) else [])


def committed(workspace: Workspace, effect: str, message: str, paths: Sequence[str]) -> GitCommit:
    """The commit of what was changed, made unless it is there already."""
    with _changed(workspace) as repository:
        made = _commit_of_effect(repository, effect)
        if made is not None:
            return made
        repository.text("add", "--all", "--", *_checked(paths))
        return _commit(repository, effect, message)


def reverted(workspace: Workspace, effect: str, commit: str) -> GitCommit:
    """The commit that takes another one back, made unless it is there already."""
    with _changed(workspace) as repository:
        made = _commit_of_effect(repository, effect)
        if made is not None:
            return made
        meant = _commit_named(repository, commit)
        said = repository.git("revert", "--no-commit", "--no-edit", meant)
        if said.exit_code != 0:
            repository.end_what_was_killed()
            raise _refused(f"{commit} cannot be taken back: what it changed was changed again, or is not committed")
        return _commit(repository, effect, f"Revert {meant[:12]}")


def switched(workspace: Workspace, name: str) -> GitBranch:
    """The branch, worked on from now on."""
    with _changed(workspace) as repository:
        is_there = repository.git("show-ref", "--verify", "--quiet", f"refs/heads/{name}").exit_code == 0
        if _branch(repository) != name:
            repository.text("switch", "--quiet", "--no-guess", *(() if is_there else ("--create",)), name)
        return GitBranch(name, created=not is_there)


@contextmanager
def _changed(workspace: Workspace) -> Generator[Repository]:
    """The repository, to be changed by nobody else meanwhile, as sound as if no git had ever been killed."""
    with workspace.held():
        repository = Repository(workspace)
        repository.end_what_was_killed()
        yield repository


def _commit(repository: Repository, effect: str, message: str) -> GitCommit:
    if "\0" in message:
        raise _refused("the message holds a character that no text has (code 0)")
    if repository.git("diff", "--cached", "--quiet", "--no-ext-diff").exit_code == 0:
        raise _refused("there is nothing to commit: no file differs from the last commit")
    told = f"{message.strip()}\n\n{EFFECT_TRAILER}: {effect}"
    repository.text("commit", "--quiet", "--no-verify", "--cleanup=verbatim", f"--message={told}")
    return _commits(repository, "--max-count=1")[0]


def _commit_of_effect(repository: Repository, effect: str) -> GitCommit | None:
    if not _head(repository):
        return None
    trailer = f"--grep=^{EFFECT_TRAILER}: {re.escape(effect)}$"
    found = _commits(repository, f"--max-count={_EFFECTS_LOOKED_AT}", "--extended-regexp", trailer)
    return found[0] if found else None


def _commits(repository: Repository, *words: str) -> list[GitCommit]:
    text = repository.text("log", "-z", "--no-color", "--no-show-signature", "--format=%H%x1f%aI%x1f%an%x1f%s", *words)
    lines = [line.split("\x1f") for line in text.split("\0") if line.count("\x1f") == 3]
    return [GitCommit(*line) for line in lines]


def _commit_named(repository: Repository, revision: str) -> str:
    if not _REVISION.fullmatch(revision):
        raise _refused(f"{revision[:80]!r} names no commit: write a commit's digits, a branch or `HEAD~1`")
    said = repository.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if said.exit_code != 0:
        raise _refused(f"there is no commit `{revision}`: git_log shows those that are there")
    return said.text.strip()


def _head(repository: Repository) -> str:
    said = repository.git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    return said.text.strip() if said.exit_code == 0 else ""


def _branch(repository: Repository) -> str:
    return repository.git("symbolic-ref", "--quiet", "--short", "HEAD").text.strip()


def _checked(paths: Sequence[str]) -> list[str]:
    return [str(parse_folder(path)) or "." for path in paths] or ["."]


def _state(letters: str) -> str:
    if "D" in letters:
        return "deleted"
    return "added" if "?" in letters or "A" in letters else "changed"


def _refused(message: str) -> ToolFailed:
    return ToolFailed(message, kind="invalid", retryable=False)
