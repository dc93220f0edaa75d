"""Questions that come up inside agents: whoever has to answer reads what is asked, and how to answer it."""

from __future__ import annotations

import pytest

from interlock.cli.next_steps import next_steps
from interlock.core.events import Question
from interlock.engine.telling.history import NodeView, RunView
from interlock.engine.waits import Wait, WaitReason


@pytest.mark.parametrize(
    ("reason", "choices", "words"),
    [
        ("approval", ("approve", "deny"), ["allow the call", "do not allow it"]),
        ("budget", ("raise", "stop"), ["grant as much again", "grant no more"]),
        ("person", ("approve", "later"), ["answer approve", "answer later"]),
    ],
)
def test_each_answer_is_offered_with_what_it_means(
    reason: WaitReason, choices: tuple[str, ...], words: list[str]
) -> None:
    """`raise` alone tells nobody what will be raised."""
    wait = Wait(path="fix.3", reason=reason, since=0, question=Question("May it?", choices))
    node = NodeView(path="fix", kind="agent", status="running", waits=(wait,))
    view = RunView(run="r1", graph="g", status="running", seq=1, at=0, nodes={"fix": node})

    steps = next_steps(view, store=None)[: len(choices)]

    assert [step.what for step in steps] == words
    assert [step.command for step in steps] == [f"interlock answer r1:fix.3 --choose {choice}" for choice in choices]
