"""What a run waits for, as it is told to whoever can end it."""

from __future__ import annotations

from interlock.cli.tree import wait_line
from interlock.engine.waits import Wait


def test_who_is_to_find_out_whether_a_call_took_place_is_told_which_call() -> None:
    """The id of an effect is in nobody's books: the order and the amount are."""
    in_step = Wait(path="a.2", reason="reconcile", since=1, effect="e1", tool="refund", input={"number": 7})
    of_node = Wait(path="a", reason="reconcile", since=1, effect="e2", input={"number": 8})

    assert wait_line(in_step, now=2) == "nobody knows whether `refund` with {number: 7} took place (effect e1)"
    assert wait_line(of_node, now=2) == "nobody knows whether the call with {number: 8} took place (effect e2)"
