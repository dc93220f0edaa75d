"""What a tool or a model needs of the world, against what a rule grants or stops: hosts, files, changes outside.

A need may be a pattern itself. A grant has to cover all that it could stand for; what stops holds where the two could
meet. What nobody has told is covered by `*` alone.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from interlock.core.verdicts import Movement
from interlock.governance.conditions import Condition, Holds
from interlock.governance.patterns import ANY, Patterns, any_matches, pattern

NeedKind: TypeAlias = Literal["hosts", "reads", "writes"]
_FIELD: Final = "permissions"


def needs_covered(kind: NeedKind, granted: Patterns) -> Condition:
    """Of a grant: everything that is needed lies within what is granted."""
    covers_all = any(each.text == ANY for each in granted)

    def holds(movement: Movement) -> Holds:
        if covers_all:
            return True
        needs = _needs_of(movement, kind)
        return None if needs is None else all(any_matches(granted, each.text) for each in needs)

    return Condition(kind, _FIELD, holds, lambda movement: _shown(movement, kind))


def needs_touched(kind: NeedKind, named: Patterns) -> Condition:
    """Of what stops: something that is needed may lie within what is named."""

    def holds(movement: Movement) -> Holds:
        needs = _needs_of(movement, kind)
        return None if needs is None else any(each.may_meet(stopped) for each in needs for stopped in named)

    return Condition(kind, _FIELD, holds, lambda movement: _shown(movement, kind))


def changes_outside(*, wanted: bool, is_grant: bool) -> Condition:
    """The tool changes something outside. A grant of that covers tools that do not; what stops means it exactly."""

    def holds(movement: Movement) -> Holds:
        if is_grant and wanted:
            return True
        needed = movement.permissions
        return None if needed is None else needed.external is wanted

    return Condition("external", _FIELD, holds, lambda movement: _shown(movement, "external"))


def host_name(text: str) -> str:
    """A host as it is compared: without a case, and without the dot of the root."""
    return text.lower().rstrip(".")


def _needs_of(movement: Movement, kind: NeedKind) -> Patterns | None:
    """What is needed, in the one form in which it is compared; None where that cannot be told."""
    if movement.permissions is None:
        return None
    if kind == "hosts":
        return tuple(pattern(host_name(each)) for each in movement.permissions.hosts)
    needed = movement.permissions.reads if kind == "reads" else movement.permissions.writes
    # A path that climbs out of the workspace lies within no pattern of it, whatever its letters say.
    return tuple(map(pattern, needed)) if all(map(_stays_inside, needed)) else None


def _stays_inside(path: str) -> bool:
    """Whether a path of the workspace is written plainly: relative, and without a step upwards."""
    return not path.startswith(("/", "~")) and ".." not in path.split("/") and "\\" not in path and "\0" not in path


def _shown(movement: Movement, kind: str) -> object:
    return None if movement.permissions is None else getattr(movement.permissions, kind)
