"""What a tool that takes a call back is given, where nobody has written it: what it takes, by name.

First what the call gave, then what it was given: a commit that was made, the patch that was applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from interlock.core.plan import ToolContract
from interlock.core.values import Value, is_map


def names_taken(contract: ToolContract) -> tuple[list[str], list[str]]:
    """The names of all that a tool takes, and of what it cannot do without."""
    schema: Mapping[str, Any] = contract.input or {}
    properties = cast("Mapping[str, Any]", schema.get("properties") or {})
    required = cast("list[str]", schema.get("required") or [])
    return list(properties), required


def undo_input(undo: ToolContract, arguments: Value, out: Value) -> dict[str, Value] | str:
    """What the undo is given; or the name of what it needs and neither the call nor its result has."""
    given = {**(arguments if is_map(arguments) else {}), **(out if is_map(out) else {})}
    names, required = names_taken(undo)
    for name in required:
        if name not in given:
            return name
    return {name: given[name] for name in names if name in given}
