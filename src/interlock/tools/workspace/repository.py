"""The git repository of a workspace's files, and running git on it so that nothing in the files can steer git.

The repository lies beside the files, where no tool can write: its settings are ours alone. git is started without
environment, without anybody's settings, hooks, pagers, editors, external diffs, filters, credentials and transports,
and never goes into submodules. It runs on the machine itself, under limits: it executes nothing of the workspace.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import structs

from interlock.tools.workspace.errors import WorkspaceError
from interlock.tools.workspace.programs import Said, run_program
from interlock.tools.workspace.workspace import Workspace

_SETTINGS: Final = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.pager=cat",
    "core.editor=false",
    "core.askPass=",
    "core.sshCommand=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.symlinks=false",
    "core.protectHFS=true",
    "core.protectNTFS=true",
    "core.precomposeUnicode=false",
    "core.autocrlf=false",
    "core.quotePath=false",
    "credential.helper=",
    "diff.external=",
    "diff.ignoreSubmodules=all",
    "status.submoduleSummary=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "gpg.program=false",
    "log.showSignature=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.allow=never",
    "advice.detachedHead=false",
    "init.defaultBranch=main",
    "init.templateDir=",
    "user.name=Interlock",
    "user.email=interlock@localhost",
)
_ENVIRONMENT: Final = {
    "PATH": os.defpath,
    "LC_ALL": "C.UTF-8",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "false",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
}


class Repository:
    """The repository of one workspace. Made on first use, empty, unless the workspace was seeded with one."""

    def __init__(self, workspace: Workspace, *, index: Path | None = None) -> None:
        self._workspace = workspace
        self._index = index

    def with_index(self, index: Path) -> Repository:
        """The same repository, with another file in the place of its index."""
        return Repository(self._workspace, index=index)

    def git(self, *arguments: str) -> Said:
        """What git says to these arguments, whatever it exits with. The machine's own paths are left out of it."""
        self._make()
        places = (f"--git-dir={self._workspace.repository}", f"--work-tree={self._workspace.files}")
        said = run_git((*places, *arguments), folder=self._workspace.files, index=self._index)
        return structs.replace(said, errors=said.errors.replace(f"{self._workspace.home}/", ""))

    def text(self, *arguments: str) -> str:
        """What git says to these arguments; a failure is told as git tells it."""
        said = self.git(*arguments)
        if said.exit_code != 0 and not said.is_cut:
            raise WorkspaceError(f"git {arguments[0]} failed: {told(said)}")
        return said.text

    def end_what_was_killed(self) -> None:
        """Put right what a git that was killed has left. For who holds the workspace: nobody else changes it then.

        A lock that lies there is held by nobody, and a commit that was being taken back is as it was.
        """
        for lock in self._workspace.repository.rglob("*.lock"):
            lock.unlink(missing_ok=True)
        if (self._workspace.repository / "REVERT_HEAD").exists():
            self.text("reset", "--quiet", "--merge", "HEAD")

    def _make(self) -> None:
        if (self._workspace.repository / "HEAD").is_file():
            return
        said = run_git(("init", "--quiet", "--bare", str(self._workspace.repository)), folder=self._workspace.home)
        if said.exit_code != 0:
            raise WorkspaceError(f"the workspace's git repository cannot be made: {told(said)}")


def told(said: Said) -> str:
    """What git said of a failure, on one line."""
    return " ".join(said.errors.split()) or f"it exited with {said.exit_code}"


def run_git(arguments: Sequence[str], *, folder: Path, transports: str = "", index: Path | None = None) -> Said:
    """What git says. It reaches other repositories by those transports alone, and nothing it starts outlives it."""
    program = shutil.which("git", path=_ENVIRONMENT["PATH"])
    if program is None:
        raise WorkspaceError("git is not installed on this machine: install it, or do without the git tools")
    given = [word for setting in _SETTINGS for word in ("-c", setting)]
    words = (program, "--no-pager", "--no-replace-objects", *given, *arguments)
    environment = {**_ENVIRONMENT, "GIT_ALLOW_PROTOCOL": transports}
    if index is not None:
        environment["GIT_INDEX_FILE"] = str(index)
    try:
        return run_program(words, folder=folder, environment=environment)
    except TimeoutError as late:
        raise WorkspaceError(f"git was stopped: {late}", retryable=True) from late
