"""What the repository promises of its own files: no registry's address, no path of anybody's machine, a whole lock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# What tools install or remember beside the sources; .gitignore keeps it out of commits.
NOT_OURS = frozenset(
    {
        ".git",
        ".venv",
        ".venv-peers",
        "build",
        "dist",
        "node_modules",
        "__pycache__",
        ".interlock",
        ".hypothesis",
        "demo-project",
    }
)

# Written so that this file does not find itself.
REGISTRY = re.compile(
    r"p[y]pi\.org|p[y]thonhosted|n[p]mjs|registry\.[a-z0-9-]+\.[a-z]|--(extra-)?index-url|find-[l]inks"
)
LOCAL_PATH = re.compile(r"(?<![\w.~$}:/-])/(?:root|home|Users|work|farm|mnt)/\w|f[i]le:///|\b[A-Z]:\\Users")


def test_no_file_names_a_registry() -> None:
    """Where packages come from is the reader's choice: an address in here would overrule a mirror or leak one."""
    found = [f"{place}: {line}" for place, line in lines_of_the_repository() if REGISTRY.search(line)]

    assert found == []


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    """Such a path works for one person and on one day."""
    found = [f"{place}: {line}" for place, line in lines_of_the_repository() if LOCAL_PATH.search(line)]

    assert found == []


def test_the_lock_holds_a_hash_for_every_package() -> None:
    """Two machines that install from it get the same bytes, wherever they fetch them."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    packages = re.split(r"\n(?=[a-z0-9])", lock.partition("make lock\n")[2])

    without_hash = [package.partition(" ")[0] for package in packages if "--hash=sha256:" not in package]

    assert len(packages) > 1
    assert without_hash == []


@pytest.mark.parametrize(
    "line",
    [
        "url = https://p" + "ypi.org/simple",
        "docker pull registry." + "example.com/app",
        "pip install --index" + "-url http://mirror/",
    ],
)
def test_a_registry_is_recognised(line: str) -> None:
    """A check that never finds anything would pass for ever."""
    assert REGISTRY.search(line)


@pytest.mark.parametrize("line", ["cd /ro" + "ot/project", "'/wo" + "rk/main'", "see fi" + "le:///etc/motd"])
def test_a_local_path_is_recognised(line: str) -> None:
    """A check that never finds anything would pass for ever."""
    assert LOCAL_PATH.search(line)


@pytest.mark.parametrize(
    "line", ["https://example.com/home/page", "${HOME}/work/x", "src/work/queue.py", "PYTHON=/path/to/python3"]
)
def test_an_address_or_a_relative_path_is_left_alone(line: str) -> None:
    """A check that cries at ordinary prose is soon switched off."""
    assert not LOCAL_PATH.search(line)


def lines_of_the_repository() -> Iterator[tuple[str, str]]:
    """Each line of each text file, with its place as `docs/tutorial.md:12`."""
    for path in _files_below(ROOT):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a database
        for number, line in enumerate(text.splitlines(), start=1):
            yield f"{path.relative_to(ROOT)}:{number}", line


def _files_below(folder: Path) -> Iterator[Path]:
    # The tree is walked, not asked of git: a copy of the sources without their history has to pass too.
    for path in sorted(folder.iterdir()):
        if path.name in NOT_OURS or path.name.endswith("_cache"):
            continue
        if path.is_dir():
            yield from _files_below(path)
        else:
            yield path
