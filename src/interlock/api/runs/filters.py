"""Which runs are meant, as requests say it: in the address where they are listed, in the body where much is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Final, TypeAlias

from fastapi import Query
from pydantic import Field

from interlock.api.errors import ApiError
from interlock.embedded.sessions import labels_of
from interlock.engine.run_filter import RunFilter
from interlock.wire.runs import RunStatus

LOOKED_AT_MAX: Final = 5_000
"""How many runs are looked at for one page: a page may be short, and still have a next one."""

Statuses: TypeAlias = Annotated[
    list[RunStatus] | None, Query(alias="status", description="One of these.", max_length=20)
]
Labels: TypeAlias = Annotated[
    list[Annotated[str, Field(pattern="^[^:]+:")]] | None,
    Query(alias="label", description="All of these, as `name:value`.", max_length=20),
]
OfGraph: TypeAlias = Annotated[str | None, Query(alias="graph", max_length=200, description="Of this graph.")]
OfSession: TypeAlias = Annotated[str, Query(alias="session", max_length=200, description="Of this session.")]
Instant: TypeAlias = Annotated[int | None, Query(ge=0, le=2**62, description="Microseconds since 1970.")]


def filter_of(
    *,
    graph: str | None,
    statuses: Iterable[RunStatus],
    labels: Mapping[str, str],
    session: str,
    started_from: int | None,
    started_to: int | None,
) -> RunFilter:
    """The runs that have all of this in common."""
    return RunFilter(
        graph=graph,
        statuses=frozenset(statuses),
        labels=_with_session(session, labels),
        started_from=started_from,
        started_upto=started_to,
    )


def labels_in(named: Iterable[str]) -> dict[str, str]:
    """Labels as an address has them, `name:value`."""
    return {name: value for name, _, value in (each.partition(":") for each in named)}


def _with_session(session: str, labels: Mapping[str, str]) -> dict[str, str]:
    try:
        return labels_of(session, labels)
    except ValueError as two:
        raise ApiError("invalid_request", str(two), field="session") from two
