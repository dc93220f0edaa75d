"""Three fixers, each a tool function in the place of an agent: it knows one edit by heart where an agent would think.

What they do with it is real: each edits a copy of the repository, runs the tests there, and offers the difference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from checks import test_report_of
from diary import noted
from interlock import ToolContext, ToolFailed, tool
from patches import FileChange, changes_between, lines_changed
from planner import Plan
from workspace import copy_of, folder_of


@dataclass(frozen=True)
class Candidate:
    """A fix, and what is known of it: pytest's word with the fix in place, and how much of the code it changes."""

    fix: str
    lines: int
    passed: int
    failed: int
    patch: list[FileChange]


BROKEN = 'return f"/receipts/{hash((order, key)):x}"'
IMPORTS = "from __future__ import annotations\n"


@tool(effect="read")
def quick_fixer(plan: Plan, repository: str, ctx: ToolContext) -> Candidate:
    """The first thing that makes the test pass: MD5. Stands in an agent's place."""

    def edit(copy: Path) -> None:
        _replace(copy / plan.file, IMPORTS, f"{IMPORTS}\nimport hashlib\n")
        _replace(copy / plan.file, BROKEN, 'return f"/receipts/{hashlib.md5((order + key).encode()).hexdigest()}"')

    return _candidate("links are MD5 sums", edit, repository, ctx)


@tool(effect="read")
def sound_fixer(plan: Plan, repository: str, ctx: ToolContext) -> Candidate:
    """What the problem asks for: a keyed digest that nobody can guess. Stands in an agent's place."""
    return _candidate("links are keyed digests", lambda copy: _use_keyed_digest(copy / plan.file), repository, ctx)


@tool(effect="read")
def thorough_fixer(plan: Plan, repository: str, ctx: ToolContext) -> Candidate:
    """The same, with tests that keep it so. Stands in an agent's place."""

    def edit(copy: Path) -> None:
        _use_keyed_digest(copy / plan.file)
        (copy / "tests" / "test_links_are_secret.py").write_text(NEW_TESTS, encoding="utf-8")

    return _candidate("links are keyed digests, with tests", edit, repository, ctx)


def _candidate(fix: str, edit: Callable[[Path], None], repository: str, ctx: ToolContext) -> Candidate:
    with noted(ctx), copy_of(repository) as copy:
        edit(copy)
        patch = changes_between(folder_of(repository), copy)
        report = test_report_of(copy)
        return Candidate(fix, lines_changed(patch), report.passed, report.failed, patch)


def _use_keyed_digest(file: Path) -> None:
    _replace(file, IMPORTS, f"{IMPORTS}\nimport hashlib\nimport hmac\n")
    _replace(
        file,
        BROKEN,
        'digest = hmac.new(key.encode(), order.encode(), hashlib.sha256).hexdigest()\n    return f"/receipts/{digest}"',
    )


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise ToolFailed(f"{file.name} is not the code this fixer knows", kind="invalid")
    file.write_text(text.replace(old, new), encoding="utf-8")


NEW_TESTS = '''\
"""Links to receipts: nobody finds another customer's."""

from __future__ import annotations

from receipts.links import link


def test_another_key_gives_another_link() -> None:
    assert link("A-1001", "key") != link("A-1001", "another")


def test_an_order_cannot_lend_letters_to_the_key() -> None:
    assert link("A-1001", "key") != link("A-100", "1key")
'''
