"""Where the tools work: the repository that a run is about, and throw-away copies of it in which programs may run.

Relative paths are relative to the project, so a run may be continued from any folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from interlock import ToolFailed

PROJECT = Path(__file__).resolve().parents[1]
COPIES = PROJECT / ".copies"
SECONDS_MAX = 100


def folder_of(repository: str) -> Path:
    """The repository's folder."""
    folder = PROJECT / repository
    if not (folder / "pyproject.toml").is_file():
        raise ToolFailed(f"{folder} is no repository: it has no pyproject.toml", kind="invalid")
    return folder


@contextmanager
def copy_of(repository: str) -> Generator[Path, None, None]:
    """A copy of the repository, thrown away afterwards: whatever is tried in it, the repository stays as it is."""
    COPIES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=COPIES) as folder:
        copy = Path(folder) / "repository"
        shutil.copytree(folder_of(repository), copy, ignore=shutil.ignore_patterns("dist", "__pycache__"))
        yield copy


def run_python(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a Python program in a folder. How it ended is for the caller to judge."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


def write_whole(file: Path, text: str) -> None:
    """Write a file in one piece: whoever looks, even after a crash, finds the old text or the new one."""
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)
