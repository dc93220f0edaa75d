"""The default tool that runs a workspace's tests with pytest, in a sandbox, on a copy that is thrown away."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from interlock.tools.context import AsyncToolContext
from interlock.tools.errors import ToolFailed
from interlock.tools.sandbox.job import SandboxResult
from interlock.tools.standard.declared import in_sandbox, tools_in
from interlock.tools.standard.environment import ToolEnvironment
from interlock.tools.standard.jobs import names_given, python, ran_on_copy, text_of
from interlock.tools.standard.reach import EVERYTHING
from interlock.tools.standard.testing.verdict import Verdict, verdict_in
from interlock.tools.tool import Tool, tool

OUTPUT_CHARACTERS_MAX: Final = 10_000
OUTPUT_BYTES_MAX: Final = 4 * 1024 * 1024
SECONDS_MAX: Final = 900
WITNESS: Final = Path(__file__).with_name("witness.py")
_WORD_BYTES: Final = 32
# Options that stand in a project's own settings could hide tests; its own conftest files and markers stay in force.
_OPTIONS: Final = (
    "-q",
    "--tb=short",
    "--color=no",
    "--continue-on-collection-errors",
    "--override-ini=addopts=",
    "-pno:cacheprovider",
    "-pno:interlock",
    "-pno:xdist",
    "--rootdir=.",
)


@dataclass(frozen=True)
class TestReport:
    """How the tests ended."""

    __test__ = False  # its name begins as those of test classes do

    succeeded: bool
    """Some passed, and none failed, could not be run, or was left out unasked."""
    passed: int
    failed: int
    errors: int
    """Tests and files of tests that could not be run."""
    skipped: int
    xfailed: int
    """Tests that say of themselves that they fail, and did."""
    not_run: int
    total: int
    failing: list[str]
    hidden: list[str]
    """Tests that failed although pytest was made to say that they passed."""
    output: str
    """The end of what pytest wrote."""
    tier: str
    """The sandbox they ran in."""


def testing_tools(environment: ToolEnvironment) -> Sequence[Tool]:
    """`run_tests`."""

    @tool(effect="read", reads=(EVERYTHING,), risk="medium")
    async def run_tests(
        ctx: AsyncToolContext,
        *,
        paths: Annotated[
            Sequence[str], Field(max_length=100, description="Files and folders of tests; none: all")
        ] = (),
        select: Annotated[
            str, Field(max_length=500, description="Only tests whose names fit: `parse and not slow`")
        ] = "",
        timeout: Annotated[int, Field(ge=1, le=SECONDS_MAX, description="In seconds")] = 300,  # noqa: ASYNC109 - the program's own
    ) -> TestReport:
        """Run the workspace's tests with pytest in a sandbox, without a network; gives counts and failing tests.

        Look at `succeeded`: it is true only if tests ran and none failed. Nothing that the tests write is kept.
        """
        workspace = await asyncio.to_thread(environment.workspaces.of_call, ctx.run, ctx.path)
        word = f"{secrets.token_hex(_WORD_BYTES)} "
        named = await asyncio.to_thread(names_given, workspace, paths)
        selection = [f"-k={select}"] if select else []
        arguments = ("-I", "-c", WITNESS.read_text(encoding="utf-8"), *_OPTIONS, *selection, *named)
        async with ran_on_copy(
            environment,
            workspace,
            python(module="pytest"),
            arguments,
            seconds=timeout,
            keeps=False,
            stdin=word.encode(),
            output_bytes=OUTPUT_BYTES_MAX,
        ) as sandboxed:
            return report_of(sandboxed.result, word, is_selection=bool(select))

    return in_sandbox(tools_in(run_tests))


def report_of(result: SandboxResult, word: str, *, is_selection: bool) -> TestReport:
    """How the tests ended. Where no verdict came, nothing is known, whatever the exit code says."""
    verdict = verdict_in(result.stderr, word) if result.ended == "exited" else None
    output = text_of(result.stdout, characters_max=OUTPUT_CHARACTERS_MAX)
    if verdict is None:
        kind = "timeout" if result.ended == "timed_out" else "failed"
        raise ToolFailed(f"the tests {_end(result)}, so they have not passed. {_last_words(result, output)}", kind=kind)
    return _report(verdict, output, result.tier, is_selection=is_selection)


def _report(verdict: Verdict, output: str, tier: str, *, is_selection: bool) -> TestReport:
    not_run = 0 if is_selection else verdict.not_run
    total = verdict.passed + verdict.failed + verdict.error + verdict.skipped + verdict.xfailed + not_run
    return TestReport(
        succeeded=verdict.passed > 0 and not (verdict.failed or verdict.error or not_run or verdict.hidden),
        passed=verdict.passed,
        failed=verdict.failed,
        errors=verdict.error,
        skipped=verdict.skipped,
        xfailed=verdict.xfailed,
        not_run=not_run,
        total=total,
        failing=verdict.failing,
        hidden=verdict.hidden,
        output=output,
        tier=tier,
    )


def _end(result: SandboxResult) -> str:
    match result.ended:
        case "timed_out":
            return "were stopped at their time limit"
        case "output_full":
            return f"wrote more than {OUTPUT_BYTES_MAX:,} bytes and were stopped"
        case _:
            return f"ended without a verdict (exit code {result.exit_code})"


def _last_words(result: SandboxResult, output: str) -> str:
    errors = text_of(result.stderr, characters_max=1_000).strip()
    return "\n".join(part for part in (output[-1_000:].strip(), errors) if part)
