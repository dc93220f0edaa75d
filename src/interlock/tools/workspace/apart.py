"""Working apart: an agent that takes a copy of its run's workspace for itself, so that others may work beside it.

The copy lies in the run's folder and goes with it. What is done in it stays there: who works apart hands in a patch.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from interlock.core.paths import UNDO_SUFFIX
from interlock.tools.workspace.folders import opened_root
from interlock.tools.workspace.workspace import Workspace, copy_files

_APART: Final = "apart"
_MADE_BY: Final = "made_by"


def callers_of(path: str) -> Iterator[str]:
    """Whose step a call is, from the nearest on: of `fix.3.1` the agent at `fix.3`, and then the one at `fix`.

    What takes a step back works where the step did.
    """
    path = path.removesuffix(UNDO_SUFFIX)
    while path:
        cut = max(path.rfind("."), path.rfind("/"))
        path, mark, step = path[: max(cut, 0)], path[cut : cut + 1], path[cut + 1 :]
        if mark == "." and step.isdigit():
            yield path


def find_apart(whole: Workspace, caller: str) -> Workspace | None:
    """The copy in which a caller works, if it took one."""
    home = _home(whole, caller)
    return Workspace(home, whole.limits) if (home / _MADE_BY).is_file() else None


def make_apart(whole: Workspace, source: Workspace, caller: str, *, effect: str) -> Workspace:
    """The copy of `source` in which a caller works from now on. The same effect makes it once, another one anew."""
    home = _home(whole, caller)
    if _maker(home) != effect:
        home.parent.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(dir=home.parent))
        try:
            _copy(source, Workspace(staged, source.limits))
            (staged / _MADE_BY).write_text(effect, encoding="utf-8")
            shutil.rmtree(home, ignore_errors=True)
            staged.rename(home)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    return Workspace(home, whole.limits)


def _copy(source: Workspace, copy: Workspace) -> None:
    copy.make()
    with source.held(), opened_root(source.files) as root, opened_root(copy.files) as target:
        copy_files(root, target, file_bytes_max=source.limits.file_bytes_max)
        if source.repository.is_dir():
            shutil.copytree(source.repository, copy.repository)


def _maker(home: Path) -> str:
    made_by = home / _MADE_BY
    return made_by.read_text(encoding="utf-8") if made_by.is_file() else ""


def _home(whole: Workspace, caller: str) -> Path:
    return whole.home / _APART / hashlib.sha256(caller.encode(errors="surrogatepass")).hexdigest()[:32]
