"""What a run's status is called in the words of other systems: each has a word for every one of ours."""

from __future__ import annotations

from typing import get_args

import pytest

from interlock.core.lifecycle import RUN_STATUSES
from interlock.showing.agentops import agentops_status
from interlock.showing.platform_tasks import STATUSES, SUBTASK_STATUSES
from interlock.wire.runs import NodeStatus


def test_every_status_of_ours_has_a_word_of_theirs() -> None:
    """A run of a status that nobody thought of would be told to nobody."""
    assert set(STATUSES) == set(RUN_STATUSES)
    assert set(SUBTASK_STATUSES) == set(get_args(NodeStatus))
    assert {agentops_status(status, questions=0) for status in RUN_STATUSES} == {
        "running", "paused", "completed", "failed",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "questions", "told"),
    [
        ("waiting", 1, "awaiting_human"),
        ("running", 1, "awaiting_human"),
        ("waiting", 0, "running"),
        ("paused", 1, "paused"),
        ("cancelled", 1, "failed"),
        ("succeeded", 0, "completed"),
    ],
)
def test_a_person_is_waited_for_while_the_run_goes_on(status: str, questions: int, told: str) -> None:
    """A paused agent waits for nobody but who resumes it."""
    assert agentops_status(status, questions=questions) == told
