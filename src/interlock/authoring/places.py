"""Where a file of a person's stands, as they would click it."""

from __future__ import annotations

from pathlib import Path


def shown(file: str) -> str:
    """A path as it is seen from the working directory, if it lies in it."""
    path = Path(file)
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return file
