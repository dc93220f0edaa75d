"""Unified diffs: read (`parse_patch`), turned around (`reversed_patch`) and applied to text (`patched`). Pure."""

from interlock.tools.standard.patches.applying import patched
from interlock.tools.standard.patches.diff import BadPatch, FilePatch, Hunk, Line, reversed_patch
from interlock.tools.standard.patches.reading import parse_patch

__all__ = ["BadPatch", "FilePatch", "Hunk", "Line", "parse_patch", "patched", "reversed_patch"]
