"""The entry of a release in the changelog, as a patch: what writes it, and takes it back, are the default tools."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from interlock import ToolFailed, tool

CHANGELOG = "CHANGELOG.md"
VERSION = re.compile(r"^## (\d+)\.(\d+)\.(\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """What is released, and the patch that says so."""

    version: str
    patch: str


@tool(effect="read")
def changelog_entry(changelog: str, summary: str, pr: int) -> Entry:
    """Write the entry of the next release above the last one."""
    last = VERSION.search(changelog)
    if last is None:
        raise ToolFailed(f"{CHANGELOG} names no version: it needs a line such as `## 1.4.0`", kind="invalid")
    major, minor, patch = map(int, last.groups())
    version = f"{major}.{minor}.{patch + 1}"
    entry = f"## {version}\n\n- {' '.join(summary.split())} (PR {pr})\n\n"
    released = changelog[: last.start()] + entry + changelog[last.start() :]
    lines = difflib.unified_diff(
        changelog.splitlines(keepends=True), released.splitlines(keepends=True), f"a/{CHANGELOG}", f"b/{CHANGELOG}"
    )
    return Entry(version, "".join(lines))
