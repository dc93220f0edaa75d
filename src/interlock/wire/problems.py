"""What went wrong with a request, as RFC 9457 has it: a stable code, the field, and what to do next."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType


class Place(Struct, frozen=True, kw_only=True):
    """One thing that is wrong in a document or a body: what, and where."""

    message: str
    field: str | UnsetType = UNSET
    """The place in the body or document: `nodes.fix.tool`."""
    line: int | UnsetType = UNSET
    """Lines, and characters in them, are counted from 1; the end is behind the last character."""
    column: int | UnsetType = UNSET
    end_line: int | UnsetType = UNSET
    end_column: int | UnsetType = UNSET
    advice: str | UnsetType = UNSET
    severity: str = "error"


class Problem(Struct, frozen=True, kw_only=True):
    """Why a request was not done. `code` is for programs and never changes its meaning; `detail` is for people."""

    type: str
    """Where the code is explained."""
    title: str
    status: int
    code: str
    detail: str
    request: str
    """The request's id: the same stands in the server's log."""
    field: str | UnsetType = UNSET
    advice: str | UnsetType = UNSET
    problems: list[Place] | UnsetType = UNSET
    """All that is wrong, where it is more than one thing or has a place."""
    run: str | UnsetType = UNSET
    """The run that it is about."""


class ProblemKind(Struct, frozen=True, kw_only=True):
    """What a code means."""

    code: str
    status: int
    title: str
    advice: str


class ProblemKinds(Struct, frozen=True, kw_only=True):
    """Every code there is."""

    problems: list[ProblemKind]
