"""The tools that packaged graphs need besides the default ones: the sample's files, and the entry of a release."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from interlock.packaged.places import PACKAGED, SAMPLE_REPOSITORY
from interlock.tools.context import ToolContext
from interlock.tools.errors import ToolFailed
from interlock.tools.standard.declared import tools_in
from interlock.tools.standard.reach import EVERYTHING
from interlock.tools.tool import Tool, tool
from interlock.tools.workspace import Workspaces, seed_from_folder

CHANGELOG: Final = "CHANGELOG.md"
_VERSION: Final = re.compile(r"^## (\d+)\.(\d+)\.(\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """What is released, and the patch that says so."""

    version: str
    patch: str


@dataclass(frozen=True)
class CheckedOut:
    """The files that the run works on."""

    files: int
    is_sample: bool
    """Whether they are those of the sample; else the run was given its own."""


def example_tools(workspaces: Workspaces) -> Sequence[Tool]:
    """`sample_repository` and `changelog_entry`."""

    # It fills what nobody has used yet and only this run sees: there is nothing that would have to be taken back.
    @tool(effect="read", reads=(EVERYTHING,), writes=(EVERYTHING,))
    def sample_repository(ctx: ToolContext) -> CheckedOut:
        """Put the files of the sample repository into the workspace, unless it has files already."""
        workspace = workspaces.of_call(ctx.run, ctx.path)
        present = sum(entry.size is not None for entry in workspace.entries())
        if present:
            return CheckedOut(present, is_sample=(workspace.files / "pull_requests" / "42.md").is_file())
        return CheckedOut(seed_from_folder(workspace, SAMPLE_REPOSITORY).files, is_sample=True)

    @tool(effect="read")
    def changelog_entry(changelog: str, text: str, version: str = "") -> Entry:
        """Write the entry of the next release above the last one, as a patch of CHANGELOG.md.

        Without a version, the last number of the last one is raised.
        """
        last = _VERSION.search(changelog)
        if last is None:
            raise ToolFailed(f"{CHANGELOG} names no version: it needs a line such as `## 1.4.0`", kind="invalid")
        next_one = version or _raised(last)
        return Entry(next_one, _patch(changelog, f"## {next_one}\n\n- {' '.join(text.split())}\n\n", at=last.start()))

    return [replace(made, source=PACKAGED) for made in tools_in(sample_repository, changelog_entry)]


def _raised(last: re.Match[str]) -> str:
    major, minor, patch = map(int, last.groups())
    return f"{major}.{minor}.{patch + 1}"


def _patch(changelog: str, entry: str, *, at: int) -> str:
    released = changelog[:at] + entry + changelog[at:]
    lines = difflib.unified_diff(
        changelog.splitlines(keepends=True), released.splitlines(keepends=True), f"a/{CHANGELOG}", f"b/{CHANGELOG}"
    )
    return "".join(lines)
