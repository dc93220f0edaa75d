"""The plan: what is wrong, and where. A tool function in an agent's place: it runs the tests, it does not think."""

from __future__ import annotations

from dataclasses import dataclass

from checks import test_report_of
from diary import noted
from interlock import ToolContext, ToolFailed, tool
from workspace import copy_of


@dataclass(frozen=True)
class Plan:
    """What the fixers are asked to do."""

    goal: str
    failing: list[str]
    file: str


@tool(effect="read")
def planner(pr: int, repository: str, ctx: ToolContext) -> Plan:
    """Run the tests and say what has to be fixed. Stands in an agent's place."""
    with noted(ctx), copy_of(repository) as copy:
        request = copy / "pull_requests" / f"{pr}.md"
        if not request.is_file():
            raise ToolFailed(f"there is no pull request {pr} in {repository}", kind="invalid")
        title = request.read_text(encoding="utf-8").splitlines()[0].lstrip("# ")
        report = test_report_of(copy)
        if not report.failing:
            raise ToolFailed(f"nothing is to be fixed: all {report.passed} tests pass", kind="invalid")
        # An agent would find the place by reading; this one knows the sample.
        return Plan(goal=title, failing=report.failing, file="receipts/links.py")
