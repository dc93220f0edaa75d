"""What an event says to people: a line that is true, and says nothing twice."""

from __future__ import annotations

from interlock.core import events as e
from interlock.engine.telling.events_in_words import what_happened


def said(body: e.Body) -> str:
    """The line about an event with this body."""
    return what_happened(e.Event(1, 1, "fix", body))


def test_a_reason_that_stands_in_the_message_is_not_told_once_more() -> None:
    """What a provider says may be long, and whoever reads it twice looks for what is different."""
    no_key = e.Error("refused", "own/m: its key is missing")
    stopped = e.Error("exhausted", f"`fixer` is stopped: 3 turns came to nothing: {no_key.message}", because=no_key)
    undone = e.Error("failed", "`pay` failed", because=no_key)

    assert said(e.NodeResult("e1", "failed", error=stopped)) == (
        "failed: `fixer` is stopped: 3 turns came to nothing: own/m: its key is missing (exhausted)"
    )
    assert said(e.NodeResult("e1", "failed", error=undone)) == (
        "failed: `pay` failed (failed), after own/m: its key is missing (refused)"
    )


def test_an_agent_that_is_put_down_while_a_person_is_asked_is_not_told_as_one_that_was_never_called() -> None:
    """It has called models and tools before, and goes on from there: nothing was refused, and nothing is lost."""
    put_down = e.Error("cancelled", "it was put down while it waited", "fix")
    late = e.Error("timeout", "its deadline had passed", "fix")

    assert said(e.NodeResult("e1", "not_done", error=put_down, calls=0)) == "it was put down while it waited"
    assert said(e.NodeResult("e1", "not_done", error=late)) == "was not called: its deadline had passed (timeout)"
