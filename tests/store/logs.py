"""Small valid logs and appends, in which a test names only what matters to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from interlock.core import events as e
from interlock.store import Append, EventStore, Lease, LeaseOwner, Offer

TENANT = "local"
MINUTE = 60_000_000
NOON = 1_760_000_000_000_000

Fact: TypeAlias = e.Body | tuple[str, e.Body]
"""What an event says, alone if it speaks of the run, else with the path it is about."""

WORKER = LeaseOwner(id="worker", host="here", pid=100, pid_started=1)


def owner(pid: int, *, host: str = "here") -> LeaseOwner:
    """A process that wants to drive runs."""
    return LeaseOwner(id=f"worker-{pid}", host=host, pid=pid, pid_started=1)


def started(
    *, graph: str = "release", key: str = "", labels: dict[str, str] | None = None, priority: int = 0
) -> e.RunStarted:
    """The first event of a run."""
    return e.RunStarted("bundle-1", graph, "hash-1", 1, {"pr": 7}, key=key, labels=labels or {}, priority=priority)


def ended(status: e.RunStatus = "succeeded", *, error: str = "") -> e.RunEnded:
    """The last event of a run."""
    return e.RunEnded(e.ScopeOutcome(status, error=e.Error("failed", error) if error else None))


def log(*facts: Fact, after: int = 0) -> list[e.Event]:
    """Events numbered on from `after`, one microsecond apart."""
    return [_event(seq, fact) for seq, fact in enumerate(facts, start=after + 1)]


def append(
    lease: Lease,
    *facts: Fact,
    after: int = 0,
    status: str = "running",
    due: int | None = None,
    blobs: Mapping[str, bytes] | None = None,
    consumed: Sequence[int] = (),
    offers: Sequence[Offer] = (),
    releases: bool = False,
) -> Append:
    """An append of these facts under a lease."""
    return Append(
        tenant=lease.tenant,
        run=lease.run,
        expected_seq=after,
        epoch=lease.epoch,
        events=log(*facts, after=after),
        status=status,
        due=due,
        blobs=blobs or {},
        consumed=consumed,
        offers=offers,
        releases=releases,
    )


async def waiting_run(
    store: EventStore,
    run: str,
    *,
    tenant: str = TENANT,
    graph: str = "release",
    labels: dict[str, str] | None = None,
    priority: int = 0,
    status: str = "running",
    due: int | None = None,
) -> None:
    """A run that was begun, and that nobody drives."""
    lease = await store.acquire_lease(tenant, run, owner=WORKER)
    begun = started(graph=graph, labels=labels, priority=priority)
    await store.append(append(lease, begun, status=status, due=due, releases=True))


def offer(path: str, *, tool: str = "crop", pool: str = "", tags: tuple[str, ...] = (), priority: int = 0) -> Offer:
    """An effect that somebody else is to perform."""
    return Offer(
        path=path,
        effect=f"effect-{path}",
        tool=tool,
        pool=pool,
        tags=tags,
        priority=priority,
        call=f"call {path}".encode(),
        answers="result",
        lost=f"lost {path}".encode(),
        offered_at=NOON,
    )


def step(k: int) -> list[Fact]:
    """What a step of a chain adds: the result of one node and the intent of the next."""
    return [
        (f"n{k}", e.NodeResult(f"effect-{k}", "done", {"k": k})),
        (f"n{k + 1}", e.NodeStarted(1, f"effect-{k + 1}", "digest", {"k": k}, tool="count")),
    ]


def _event(seq: int, fact: Fact) -> e.Event:
    path, body = fact if isinstance(fact, tuple) else ("", fact)
    return e.Event(seq, NOON + seq, path, body)
