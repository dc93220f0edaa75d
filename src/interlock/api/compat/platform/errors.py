"""Problems as clients of the Orchestration Platform read them: with its own code beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import UNSET, structs

from interlock.wire.platform_tasks import PlatformProblem
from interlock.wire.problems import Problem

PREFIXES: Final = ("/tasks", "/admin/")
"""How its addresses begin."""

ERROR_CODES: Final[Mapping[str, str]] = {
    "invalid_task_type": "INVALID_TASK_TYPE",
    "invalid_request": "VALIDATION_ERROR",
    "unclear_task": "VALIDATION_ERROR",
    "unreadable_body": "VALIDATION_ERROR",
    "foreign_tenant": "VALIDATION_ERROR",
    "value_invalid": "VALIDATION_ERROR",
    "refused": "VALIDATION_ERROR",
    "agent_not_found": "AGENT_NOT_FOUND",
    "tool_not_found": "TOOL_NOT_FOUND",
    "graph_not_found": "WORKFLOW_NOT_FOUND",
    "run_not_found": "TASK_NOT_FOUND",
    "run_pruned": "TASK_NOT_FOUND",
    "graph_invalid": "EXECUTION_ERROR",
    "store_away": "EXECUTION_ERROR",
    "fault": "EXECUTION_ERROR",
}
"""By our codes. What it never told, as that a key is needed, has none of its own."""


def in_their_words(problem: Problem) -> PlatformProblem:
    """The same problem, with what its clients look for."""
    return PlatformProblem(
        **structs.asdict(problem),
        error_code=ERROR_CODES.get(problem.code, UNSET),
        status_code=problem.status,
    )
