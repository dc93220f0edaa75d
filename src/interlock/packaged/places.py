"""Where the packaged examples lie, and what they are called where people are told from where something comes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent

PACKAGED: Final = "packaged"
"""From where such a graph or tool comes, as people are told."""
GRAPHS: Final = _HERE / "graphs"
SCRIPTS: Final = _HERE / "scripts"
"""What the built-in agents answer where no model is declared. Always marked as simulated."""
SAMPLE_REPOSITORY: Final = _HERE / "sample_repository"
"""A small program with a fault, and a test that finds it."""
CORPUS: Final = _HERE / "corpus"
"""Texts that are searched where there is no endpoint for searching the web."""
