"""What a checker says when a rule of the core does not hold."""

from __future__ import annotations

from typing import Final

RULES: Final = {
    1: "the same log gives the same state, and equal states decide alike",
    2: "a node and a run end exactly once, and nothing starts after a stop or the end",
    3: "a gate's verdict stops the whole run and nothing swallows it; no failure is swallowed",
    4: "compensations run once each, one at a time, the last first, and nothing is forgotten",
    5: "an effect is intended before it is attempted, and no recorded result is attempted again",
    6: "spending never passes a limit",
    7: "the log goes on with exactly what decide says",
    8: "joins, edges, items and rounds are counted exactly",
    9: "one event goes to one waiter, the oldest first",
    10: "a run that has not ended can go on, and comes to an end",
}
"""1 to 7 are the invariants of the core; 8 to 10 say what the language promises of joins, events and progress."""


class BrokenRule(AssertionError):
    """A rule that does not hold, and what was seen."""

    def __init__(self, rule: int, seen: str) -> None:
        super().__init__(f"rule {rule} ({RULES[rule]}): {seen}")
        self.rule = rule
        self.seen = seen
