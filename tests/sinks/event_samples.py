"""Small CloudEvents, in which a test names only what matters to it."""

from __future__ import annotations

from interlock.sinks.cloud_event import CloudEvent


def an_event(seq: int = 1, *, run: str = "r1", data: object = None) -> CloudEvent:
    """An event of a run."""
    return CloudEvent(
        specversion="1.0",
        id=f"{run}/{seq}",
        source="interlock:local",
        type="interlock.node.result",
        time="2025-10-09T08:53:20Z",
        tenant="local",
        run=run,
        seq=seq,
        datacontenttype="application/json",
        data=data,
    )


def some_events(*seqs: int) -> list[CloudEvent]:
    """Events of one run with these numbers."""
    return [an_event(seq) for seq in seqs]
