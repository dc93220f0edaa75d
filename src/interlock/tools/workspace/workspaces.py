"""All workspaces of a project, by run: made on first use, and kept until they are given up."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from interlock.tools.workspace.apart import callers_of, find_apart, make_apart
from interlock.tools.workspace.limits import WorkspaceLimits
from interlock.tools.workspace.workspace import Workspace

_STAGED: Final = ".staged."
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class Workspaces:
    """The workspaces below one folder, `.interlock/workspaces` as a rule."""

    def __init__(self, folder: Path, limits: WorkspaceLimits | None = None) -> None:
        self.folder = folder
        self.limits = limits or WorkspaceLimits()

    def of(self, run: str) -> Workspace:
        """The workspace of a run, made if it is not there."""
        workspace = self._workspace(run)
        workspace.make()
        return workspace

    def of_call(self, run: str, path: str) -> Workspace:
        """The workspace in which a call is made: the copy of the agent that makes it, or the run's own."""
        return self._nearest(self.of(run), callers_of(path))

    def apart(self, run: str, caller: str, *, effect: str) -> Workspace:
        """A copy of the workspace in which an agent works, for all its calls from now on."""
        whole = self.of(run)
        return make_apart(whole, self._nearest(whole, callers_of(caller)), caller, effect=effect)

    def find(self, run: str) -> Workspace | None:
        """The workspace of a run, if it has one."""
        workspace = self._workspace(run)
        return workspace if workspace.files.is_dir() else None

    def runs(self) -> list[str]:
        """The runs that have a workspace, as far as their folders are called as they are."""
        try:
            return sorted(home.name for home in self.folder.iterdir() if _PLAIN_NAME.fullmatch(home.name))
        except FileNotFoundError:
            return []

    def hand_on(self, run: str, to: str) -> None:
        """Let a run begin with what another one has left: its files, their history, and the copies of its agents."""
        left, home = self.find(run), self._workspace(to).home
        if left is None or home.exists():
            return
        staged = Path(tempfile.mkdtemp(dir=self.folder, prefix=_STAGED))
        try:
            with left.held():
                shutil.copytree(left.home, staged, symlinks=True, dirs_exist_ok=True)
            staged.rename(home)
        finally:
            shutil.rmtree(staged, ignore_errors=True)

    def discard(self, run: str) -> bool:
        """Give up a run's workspace with all that is in it; whether there was one. Nobody may be using it."""
        home = self._workspace(run).home
        if not home.is_dir():
            return False
        shutil.rmtree(home)
        return True

    def _nearest(self, whole: Workspace, callers: Iterable[str]) -> Workspace:
        copies = (find_apart(whole, caller) for caller in callers)
        return next((copy for copy in copies if copy is not None), whole)

    def _workspace(self, run: str) -> Workspace:
        return Workspace(self.folder / _folder_name(run), self.limits)


def _folder_name(run: str) -> str:
    """The id of the run where that is a plain name; else a digest of it, so that no id leads out of the folder."""
    if _PLAIN_NAME.fullmatch(run):
        return run
    return f"run.{hashlib.sha256(run.encode(errors='surrogatepass')).hexdigest()[:32]}"
