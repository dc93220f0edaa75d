"""Whether files are what they were: for loading agents anew while they are being written.

Looks at names, sizes and times alone: nothing is read. What a Python file imports from elsewhere is not followed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeAlias

Fingerprint: TypeAlias = tuple[tuple[str, int, int], ...]

_WATCHED: Final = frozenset({".yaml", ".yml", ".py", ".md", ".txt", ".jinja", ".j2"})
FILES_MAX: Final = 10_000


def fingerprint_of(sources: Iterable[object]) -> Fingerprint:
    """The files of those sources that are files or folders, each with its size and when it was changed."""
    files = sorted({file for source in sources if isinstance(source, str | Path) for file in _files(Path(source))})
    return tuple(_mark(file) for file in files[:FILES_MAX])


def _files(path: Path) -> list[Path]:
    """Of a contract its folder as well: its prompts stand there."""
    try:
        if path.is_dir():
            return [file for file in path.rglob("*") if file.suffix in _WATCHED]
        return [file for file in path.parent.iterdir() if file.suffix in _WATCHED] if path.is_file() else []
    except OSError:
        return []


def _mark(file: Path) -> tuple[str, int, int]:
    try:
        found = file.stat()
    except OSError:
        return str(file), -1, -1
    return str(file), found.st_size, found.st_mtime_ns
