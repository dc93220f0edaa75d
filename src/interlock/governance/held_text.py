"""Text that stands anywhere in what a tool is given, however deep, names of fields included.

It is looked for and never understood: what is written in another way is another text. What is kept elsewhere is not
loaded, so of that nothing can be told.
"""

from __future__ import annotations

from typing import Final

from interlock.core.values import KeptList, Ref, Secret, Value, is_list, is_map
from interlock.core.verdicts import Movement
from interlock.governance.conditions import Condition, Holds
from interlock.governance.patterns import Patterns, any_matches

KEY: Final = "holding"


def holds_text(patterns: Patterns) -> Condition:
    """Some text in what is given is one of those that were written, or of such a form."""

    def found(movement: Movement) -> Value:
        return movement.arguments

    return Condition(KEY, "arguments", lambda movement: _holds(movement.arguments, patterns), found)


def _holds(given: Value, patterns: Patterns) -> Holds:
    if given is None:
        return None  # the movement does not say what is given
    is_all_known = True
    waiting: list[Value] = [given]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            if any_matches(patterns, part):
                return True
        elif is_map(part):
            waiting += (*part, *part.values())
        elif is_list(part):
            waiting += part
        elif isinstance(part, Ref | Secret | KeptList):
            is_all_known = False
    return False if is_all_known else None
