"""Filling a workspace before a run begins: from a folder, or from a git repository with its history.

Only plain files come in. Links, devices and a repository's own folder stay outside, and what stayed outside is told.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Final

from msgspec import Struct

from interlock.tools.workspace.errors import WorkspaceError, WorkspaceFull
from interlock.tools.workspace.folders import Entry, opened_folder, opened_root, read_content, walk, write_new
from interlock.tools.workspace.limits import WorkspaceLimits
from interlock.tools.workspace.names import WorkspacePath
from interlock.tools.workspace.repository import Repository, run_git, told
from interlock.tools.workspace.workspace import Workspace

NOT_SEEDED: Final = frozenset({".interlock", ".venv", "__pycache__", "node_modules"})
"""Folders that hold what can be made again: they are left out wherever they lie."""

_BRANCH: Final = "workspace"
_LEFT_OUT_TOLD_MAX: Final = 100


class Seeded(Struct, frozen=True):
    """What came in, and what stayed outside."""

    files: int
    bytes: int
    left_out: tuple[str, ...] = ()


def seed_from_folder(workspace: Workspace, source: Path) -> Seeded:
    """Copy a folder's files into an empty workspace, as the first commit of its repository."""
    with workspace.held():
        _check_is_empty(workspace)
        left_out: list[str] = []
        staged = Path(tempfile.mkdtemp(dir=workspace.home))
        try:
            _copy_folder(_source_folder(source), staged, workspace.limits, left_out)
            workspace.files.rmdir()
            staged.rename(workspace.files)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        if shutil.which("git") is not None:
            _commit_all(Repository(workspace), f"The files of {source.name}")
        return _seeded(workspace, left_out)


def seed_from_repository(workspace: Workspace, source: Path, *, revision: str = "HEAD") -> Seeded:
    """Check a revision of a local repository out into an empty workspace, with the history that leads to it.

    Links come in as small files that hold where they lead, and submodules as empty folders.
    """
    with workspace.held():
        _check_is_empty(workspace)
        try:
            _clone(workspace, _source_folder(source))
            _check_out(workspace, revision)
        except WorkspaceError:
            shutil.rmtree(workspace.files)
            shutil.rmtree(workspace.repository, ignore_errors=True)
            workspace.make()
            raise
        return _seeded(workspace, [])


def _check_is_empty(workspace: Workspace) -> None:
    if any(workspace.files.iterdir()) or workspace.repository.exists():
        raise WorkspaceError("the workspace is in use already: only an empty one can be seeded")


def _source_folder(source: Path) -> Path:
    folder = source.resolve()
    if not folder.is_dir():
        raise WorkspaceError(f"{source} is no folder: a workspace is seeded from a folder or a git repository")
    return folder


def _copy_folder(source: Path, target: Path, limits: WorkspaceLimits, left_out: list[str]) -> None:
    with opened_root(source) as root, opened_root(target) as seeded:
        entries = list(walk(root, on_left_out=lambda path: left_out.append(str(path))))
        wanted = [entry for entry in entries if NOT_SEEDED.isdisjoint(entry.path.names)]
        left_out.extend(str(each.path) for each in entries if each.size is None and _is_not_seeded(each.path))
        _check_fits(wanted, limits)
        for entry in wanted:
            with opened_folder(seeded, entry.path if entry.size is None else entry.path.folder, makes=True) as folder:
                if entry.size is not None:
                    content = read_content(root, entry.path, bytes_max=limits.file_bytes_max)
                    write_new(folder, entry.path.name, content)


def _is_not_seeded(path: WorkspacePath) -> bool:
    return path.name in NOT_SEEDED and NOT_SEEDED.isdisjoint(path.folder.names)


def _check_fits(entries: list[Entry], limits: WorkspaceLimits) -> None:
    size = sum(entry.size or 0 for entry in entries)
    if size > limits.bytes_max or len(entries) > limits.files_max:
        raise WorkspaceFull(
            f"the source holds {len(entries):,} files and {size:,} bytes, "
            f"and a workspace {limits.files_max:,} and {limits.bytes_max:,} at most"
        )


def _commit_all(repository: Repository, message: str) -> None:
    repository.text("add", "--all", "--force")
    repository.text("commit", "--quiet", "--allow-empty", f"--message={message}")


def _clone(workspace: Workspace, source: Path) -> None:
    target = str(workspace.repository)
    words = ("clone", "--quiet", "--bare", "--no-local", "--template=", "--", str(source), target)
    said = run_git(words, folder=workspace.home, transports="file")
    if said.exit_code != 0:
        raise WorkspaceError(f"{source} cannot be cloned: {told(said)}")
    # The workspace's repository must not know where it came from: nothing goes back there.
    Repository(workspace).text("remote", "remove", "origin")


def _check_out(workspace: Workspace, revision: str) -> None:
    repository = Repository(workspace)
    commit = repository.text("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").strip()
    _check_tree_fits(repository, commit, workspace.limits)
    repository.text("checkout", "--quiet", "--force", "-B", _BRANCH, commit)


def _check_tree_fits(repository: Repository, commit: str, limits: WorkspaceLimits) -> None:
    said = repository.git("ls-tree", "-r", "--format=%(objectsize)", commit)
    sizes = [int(line) for line in said.text.split() if line.isdecimal()]
    if said.is_cut or len(sizes) > limits.files_max or sum(sizes) > limits.bytes_max:
        raise WorkspaceFull(
            f"the revision holds more than the {limits.files_max:,} files or {limits.bytes_max:,} bytes of a workspace"
        )


def _seeded(workspace: Workspace, left_out: list[str]) -> Seeded:
    sizes = [entry.size for entry in workspace.entries() if entry.size is not None]
    return Seeded(len(sizes), sum(sizes), tuple(sorted(left_out)[:_LEFT_OUT_TOLD_MAX]))
