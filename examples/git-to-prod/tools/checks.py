"""The checks of a repository: pytest and bandit, each run as the program it is, in a copy that is thrown away."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import parse

from diary import noted
from interlock import ToolContext, ToolFailed, tool
from workspace import copy_of, run_python

PYTEST_RAN_THEM_ALL = (0, 1)
BANDIT_SCANNED_IT_ALL = (0, 1)


@dataclass(frozen=True)
class TestReport:
    """What pytest said."""

    __test__ = False  # its name begins as those of test classes do

    passed: int
    failed: int
    failing: list[str]


@dataclass(frozen=True)
class ScanReport:
    """What bandit said: how many findings of each severity, and each in a line."""

    high: int
    medium: int
    low: int
    where: list[str]


@tool(effect="read")
def run_tests(repository: str, ctx: ToolContext) -> TestReport:
    """Run all tests of the repository."""
    with noted(ctx), copy_of(repository) as copy:
        return test_report_of(copy)


@tool(effect="read")
def security_scan(repository: str, ctx: ToolContext) -> ScanReport:
    """Look for security problems in the repository's package."""
    with noted(ctx), copy_of(repository) as copy:
        return scan_report_of(copy)


def test_report_of(folder: Path, *options: str) -> TestReport:
    """What pytest says of the tests in a folder."""
    report = folder / "report.xml"
    ran = run_python(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junit-xml", report.name, *options, folder=folder
    )
    if ran.returncode not in PYTEST_RAN_THEM_ALL:
        raise ToolFailed(f"pytest could not run the tests: {_last_line(ran.stdout + ran.stderr)}", kind="invalid")
    cases = list(parse(report).iter("testcase"))  # noqa: S314 - pytest wrote it a moment ago
    failing = [str(case.get("name")) for case in cases if any(child.tag in {"failure", "error"} for child in case)]
    return TestReport(passed=len(cases) - len(failing), failed=len(failing), failing=failing)


def scan_report_of(folder: Path) -> ScanReport:
    """What bandit says of the packages in a folder."""
    ran = run_python("-m", "bandit", "--quiet", "--format", "json", "--recursive", *packages_in(folder), folder=folder)
    if ran.returncode not in BANDIT_SCANNED_IT_ALL or not ran.stdout.startswith("{"):
        advice = "; install it with: pip install bandit" if "No module named bandit" in ran.stderr else ""
        raise ToolFailed(f"bandit could not scan: {_last_line(ran.stderr)}{advice}", kind="invalid")
    found = json.loads(ran.stdout)["results"]
    severities = [each["issue_severity"] for each in found]
    return ScanReport(
        high=severities.count("HIGH"),
        medium=severities.count("MEDIUM"),
        low=severities.count("LOW"),
        where=[f"{each['filename']}:{each['line_number']}: {each['issue_text']}" for each in found],
    )


def packages_in(folder: Path) -> list[str]:
    """The packages that lie in a folder, by name."""
    return sorted(init.parent.name for init in folder.glob("*/__init__.py"))


def _last_line(text: str) -> str:
    return (text.strip() or "it said nothing").splitlines()[-1]
