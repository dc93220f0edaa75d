"""In what two runs differ, and how one would have gone on another graph."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from interlock.wire.values import Value


class Difference(Struct, frozen=True, kw_only=True):
    """One thing that is not the same; a side that has nothing of the kind is left out."""

    what: str
    left: Value | UnsetType = UNSET
    right: Value | UnsetType = UNSET


class NodeDifference(Struct, frozen=True, kw_only=True):
    """A node that only one of the runs has, or that went otherwise in the other."""

    path: str
    on: Literal["left", "right", "both"]
    differences: list[Difference]
    took: list[int | None]
    """Microseconds on either side."""


class RunDifference(Struct, frozen=True, kw_only=True):
    """All in which two runs differ."""

    same: bool
    left: str
    right: str
    run: list[Difference]
    nodes: list[NodeDifference]
    alike: int
    """How many nodes went alike."""
    took: list[int]


class EffectOnOneSide(Struct, frozen=True, kw_only=True):
    """An effect of one course that the other has not."""

    path: str
    kind: str
    name: str
    digest: str
    status: str


class AnswersEnd(Struct, frozen=True, kw_only=True):
    """A place at which the record has no answer."""

    path: str
    why: str


class Redecided(Struct, frozen=True, kw_only=True):
    """How a run would have gone on another graph: in what that differs, what it would do, and where nobody knows."""

    same: bool
    difference: RunDifference
    would_do: list[EffectOnOneSide]
    would_not_do: list[EffectOnOneSide]
    ends: list[AnswersEnd]
