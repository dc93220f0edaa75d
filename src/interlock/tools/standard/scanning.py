"""The default tool that looks for security problems in Python code: bandit, which reads code and runs none of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from posixpath import normpath
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Struct
from pydantic import Field

from interlock.tools.context import AsyncToolContext
from interlock.tools.errors import ToolFailed
from interlock.tools.sandbox.job import SandboxResult
from interlock.tools.standard.declared import in_sandbox, tools_in
from interlock.tools.standard.environment import ToolEnvironment
from interlock.tools.standard.jobs import names_given, python, ran_on_copy, text_of
from interlock.tools.standard.reach import EVERYTHING
from interlock.tools.tool import Tool, tool

FINDINGS_MAX: Final = 200
OUTPUT_BYTES_MAX: Final = 16 * 1024 * 1024
SECONDS_MAX: Final = 600
_TEXT_MAX: Final = 500
_SCANNED: Final = (0, 1)
"""Nothing was found, something was found."""
# Settings that lie in the workspace could switch checks off, and so could folders that are passed over by default.
_OPTIONS: Final = (
    "-m",
    "bandit",
    "--quiet",
    "--format=json",
    "--ini=/dev/null",
    "--exclude=__pycache__",
    "--recursive",
)

Severity = Literal["high", "medium", "low"]


@dataclass(frozen=True)
class Finding:
    """A place in the code that may be a problem."""

    severity: Severity
    confidence: str
    check: str
    path: str
    line: int
    text: str


@dataclass(frozen=True)
class ScanReport:
    """What was found: how much of each severity, and where, the worst first."""

    high: int
    medium: int
    low: int
    findings: list[Finding]
    not_scanned: list[str]
    """Files that could not be read as Python: nothing is known of them."""
    files_scanned: int
    tier: str
    """The sandbox it ran in."""


def scanning_tools(environment: ToolEnvironment) -> Sequence[Tool]:
    """`security_scan`."""

    @tool(effect="read", reads=(EVERYTHING,))
    async def security_scan(
        ctx: AsyncToolContext,
        *,
        paths: Annotated[Sequence[str], Field(max_length=100, description="Files and folders; none: all of them")] = (),
        trust_nosec: Annotated[bool, Field(description="Whether `# nosec` in the code silences a finding")] = False,
        timeout: Annotated[int, Field(ge=1, le=SECONDS_MAX, description="In seconds")] = 120,  # noqa: ASYNC109 - the program's own
    ) -> ScanReport:
        """Look for security problems in the workspace's Python code; gives counts by severity and where they are.

        It reads the code and runs none of it. `not_scanned` names files that could not be read as Python.
        """
        workspace = await asyncio.to_thread(environment.workspaces.of_call, ctx.run, ctx.path)
        named = await asyncio.to_thread(names_given, workspace, paths) or ["."]
        options = _OPTIONS if trust_nosec else (*_OPTIONS, "--ignore-nosec")
        async with ran_on_copy(
            environment,
            workspace,
            python(module="bandit"),
            ("-I", *options, "--", *named),
            seconds=timeout,
            keeps=False,
            output_bytes=OUTPUT_BYTES_MAX,
        ) as sandboxed:
            return scan_report_of(sandboxed.result)

    return in_sandbox(tools_in(security_scan))


class _Found(Struct, frozen=True):
    """A finding as bandit writes it."""

    issue_severity: str
    issue_confidence: str
    test_id: str
    filename: str
    line_number: int
    issue_text: str


class _NotRead(Struct, frozen=True):
    filename: str
    reason: str


class _Written(Struct, frozen=True):
    """What bandit writes."""

    results: list[_Found]
    errors: list[_NotRead]
    metrics: dict[str, dict[str, float]]


def scan_report_of(result: SandboxResult) -> ScanReport:
    """What bandit found; a scan that did not come to its end has found nothing out."""
    if result.ended != "exited" or result.exit_code not in _SCANNED:
        raise ToolFailed(f"bandit {result.ended.replace('_', ' ')} with {result.exit_code}: {_last_line(result)}")
    try:
        written = msgspec.json.decode(result.stdout, type=_Written)
    except msgspec.DecodeError as error:
        raise ToolFailed(f"bandit's answer cannot be read: {error}") from error
    findings = sorted(map(_finding, written.results), key=lambda each: (_ORDER[each.severity], each.path, each.line))
    severities = [each.severity for each in findings]
    return ScanReport(
        high=severities.count("high"),
        medium=severities.count("medium"),
        low=severities.count("low"),
        findings=findings[:FINDINGS_MAX],
        not_scanned=[f"{_path(each.filename)}: {each.reason[:_TEXT_MAX]}" for each in written.errors][:FINDINGS_MAX],
        files_scanned=max(len(written.metrics) - 1, 0),  # one of them is their sum
        tier=result.tier,
    )


_ORDER: Final[dict[Severity, int]] = {"high": 0, "medium": 1, "low": 2}


def _finding(found: _Found) -> Finding:
    return Finding(
        severity=_severity(found.issue_severity),
        confidence=found.issue_confidence.lower(),
        check=found.test_id,
        path=_path(found.filename),
        line=found.line_number,
        text=found.issue_text[:_TEXT_MAX],
    )


def _severity(written: str) -> Severity:
    """What bandit cannot grade is taken for the worst."""
    match written:
        case "LOW":
            return "low"
        case "MEDIUM":
            return "medium"
        case _:
            return "high"


def _path(written: str) -> str:
    return normpath(written)


def _last_line(result: SandboxResult) -> str:
    said = text_of(result.stderr, characters_max=_TEXT_MAX).strip()
    return said.rpartition("\n")[2] or "it said nothing"
