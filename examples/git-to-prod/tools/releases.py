"""Releases: a version, an archive that was tested, and the entry in the changelog by which the release is one.

The entry is written last, in one piece, and carries the id of the effect that wrote it. So whoever finds a release in
doubt, after a crash, can look whether it took place.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from checks import packages_in, test_report_of
from diary import noted
from interlock import ToolContext, ToolFailed, done, not_done, tool
from workspace import copy_of, folder_of, write_whole

VERSION_IN_PROJECT = re.compile(r'^version = ".*"$', re.MULTILINE)


@dataclass(frozen=True)
class Release:
    """What was released."""

    version: str
    archive: str


def took_place(repository: str, effect_id: str) -> object:
    """Whether this very effect wrote an entry into the changelog: asked after a crash, before anything is repeated."""
    for entry in _entries(folder_of(repository)):
        if _mark(effect_id) in entry:
            return done(Release(_version_of(entry), _archive_name(_version_of(entry))))
    return not_done()


@tool(effect="once", reconcile=took_place)
def release(pr: int, fix: str, repository: str, ctx: ToolContext) -> Release:
    """Release the repository as the next version: an archive that passes the tests, and an entry in the changelog."""
    with noted(ctx):
        folder = folder_of(repository)
        version = _version_after(_version_of(_entries(folder)[0]))
        _build(repository, _archive_name(version))
        _set_version(folder, version)
        _write_entries(folder, [f"{version}\n\n- {fix} (PR {pr}) {_mark(ctx.effect_id)}\n\n", *_entries(folder)])
        return Release(version, _archive_name(version))


@tool(effect="idempotent")
def revert_release(version: str, repository: str, ctx: ToolContext) -> None:
    """Take a release back: its entry, the version, and the archive."""
    with noted(ctx):
        folder = folder_of(repository)
        kept = [entry for entry in _entries(folder) if _version_of(entry) != version]
        _write_entries(folder, kept)
        _set_version(folder, _version_of(kept[0]))
        (folder / _archive_name(version)).unlink(missing_ok=True)


# --- the archive -----------------------------------------------------------------------------------------------------


def _build(repository: str, archive: str) -> None:
    """Pack the packages, and run the tests against the packed ones: what is released is what was tested."""
    with copy_of(repository) as copy:
        packed = copy / "packed.zip"
        with zipfile.ZipFile(packed, "w") as writing:
            for package in packages_in(copy):
                for file in sorted((copy / package).rglob("*.py")):
                    writing.write(file, file.relative_to(copy))
                shutil.rmtree(copy / package)
        report = test_report_of(copy, "--override-ini", f"pythonpath={packed.name}")
        if report.failed:
            raise ToolFailed(f"the archive fails its tests: {', '.join(report.failing)}", kind="invalid")
        built = folder_of(repository) / archive
        built.parent.mkdir(exist_ok=True)
        shutil.copyfile(packed, built)


def _archive_name(version: str) -> str:
    return f"dist/receipts-{version}.zip"


# --- the version and the changelog -----------------------------------------------------------------------------------


def _set_version(folder: Path, version: str) -> None:
    project = folder / "pyproject.toml"
    write_whole(project, VERSION_IN_PROJECT.sub(f'version = "{version}"', project.read_text(encoding="utf-8")))


def _entries(folder: Path) -> list[str]:
    """What stands below each `## ` of the changelog, the newest first; each begins with its version."""
    return _changelog(folder).read_text(encoding="utf-8").split("## ")[1:]


def _write_entries(folder: Path, entries: list[str]) -> None:
    write_whole(_changelog(folder), "## ".join(["# Changelog\n\n", *entries]))


def _changelog(folder: Path) -> Path:
    return folder / "CHANGELOG.md"


def _version_of(entry: str) -> str:
    return entry.splitlines()[0].strip()


def _version_after(version: str) -> str:
    major, minor, patch = version.split(".")
    return f"{major}.{minor}.{int(patch) + 1}"


def _mark(effect: str) -> str:
    return f"<!-- {effect} -->"
