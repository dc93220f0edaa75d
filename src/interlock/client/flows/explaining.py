"""Why a run went as it did: what was chosen, what led to what, which way was taken, and what models were asked."""

from __future__ import annotations

from collections.abc import Iterable

from interlock.client.errands import Flow, Telling, made
from interlock.client.paging import listed, pages
from interlock.client.requests import Call, RunLike, id_of, look
from interlock.wire.decisions import Cause, CausePage, DecisionPage, Prompts, RecordedDecision, RunGraph


def decisions(
    run: RunLike, *, points: Iterable[str] = (), path: str | None = None, verdicts: Iterable[str] = ()
) -> Telling[RecordedDecision]:
    """What was chosen, of what, by whom and why: of some points (`policy`, `model`, `gate` …), of a node."""
    query = {"point": list(points), "path": path, "verdict": list(verdicts)}
    return listed("runs", id_of(run), "decisions", shape=DecisionPage, rows_of=lambda page: page.decisions, query=query)


def causes(run: RunLike, *, path: str | None = None, after: int = 0) -> Telling[Cause]:
    """What led to what, in words: in the whole run, or to one node or step."""

    def page_at(before: CausePage | None) -> Call[CausePage]:
        behind = after if before is None else before.next
        return look("runs", id_of(run), "causes", shape=CausePage, query={"path": path, "after": behind})

    return pages(page_at, lambda page: page.steps)


def way(run: RunLike) -> Flow[RunGraph]:
    """The graph that a run is pinned to, with how often each node was executed and each edge taken."""
    return made(look("runs", id_of(run), "graph", shape=RunGraph))


def prompts(run: RunLike, path: str) -> Flow[Prompts]:
    """What the agent at a path has asked models, to the letter, or what was asked in one step of it (`fix.3`)."""
    return made(look("runs", id_of(run), "prompts", shape=Prompts, query={"path": path}))
