"""Graphs that are known by name: looked at, checked, published and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import UNSET

from interlock.client.errands import Flow, Telling, made
from interlock.client.paging import listed
from interlock.client.requests import ask, look
from interlock.wire.graphs import (
    Graph,
    GraphCheck,
    GraphPage,
    GraphRow,
    Published,
    ReleasePlan,
    Version,
    VersionPage,
    VersionRow,
)

GivenGraph: TypeAlias = str | Mapping[str, object]
"""The text of a graph, in any dialect that is read, or one as a document."""


def list_graphs() -> Telling[GraphRow]:
    """Every graph that has a name: released, in the project, coming along, drafted."""
    return listed("graphs", shape=GraphPage, rows_of=lambda page: page.graphs)


def get_graph(graph: str) -> Flow[Graph]:
    """What a name means to a run that is started now: its nodes, what it takes and gives, what starts it."""
    return made(look("graphs", graph, shape=Graph))


def check(graph: GivenGraph) -> Flow[GraphCheck]:
    """All that is wrong with a graph, each with its place, and what it looks like; nothing is kept."""
    return made(ask("graphs", "validate", shape=GraphCheck, body=_given(graph), may_repeat=True))


def register(graph: GivenGraph, *, message: str = "") -> Flow[Published]:
    """Check a graph and publish it under its own name. One that is in force already is not published again."""
    body = {**_given(graph), "message": message or None}
    return made(ask("graphs", shape=Published, body=body, may_repeat=True))


def versions(graph: str) -> Telling[VersionRow]:
    """What was ever published under a name, the newest first."""
    return listed("graphs", graph, "versions", shape=VersionPage, rows_of=lambda page: page.versions)


def version(graph: str, version: int) -> Flow[Version]:
    """A version as it was published; it never changes."""
    return made(look("graphs", graph, "versions", str(version), shape=Version))


def plan_version(graph: str, text: str | None = None) -> Flow[ReleasePlan]:
    """What publishing a text would change (else the draft, else what the project holds); nothing is published."""
    return made(ask("graphs", graph, "versions", "plan", shape=ReleasePlan, body={"text": text}, may_repeat=True))


def publish(graph: str, plan: ReleasePlan, text: str | None = None, *, message: str = "") -> Flow[Published]:
    """Publish what was planned, with the same text. Raises `PlanOutdated` if something else would be published."""
    token = None if plan.token is UNSET else plan.token
    body = {"text": text, "token": token, "message": message or None}
    return made(ask("graphs", graph, "versions", shape=Published, body=body))


def go_back(graph: str, *, why: str = "") -> Flow[Published]:
    """Return to the version before the one in force; that is a version of its own."""
    return made(ask("graphs", graph, "back", shape=Published, body={"why": why or None}))


def _given(graph: GivenGraph) -> dict[str, object]:
    return {"text": graph} if isinstance(graph, str) else {"document": graph}
