"""The lifecycles of runs and nodes, as tables: the core reads them, the tests walk them, the docs draw them.

A move that is not in the table cannot happen: `next_status` raises on it, because only a fault of the core gets there.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class NodeStatus(IntEnum):
    """Where one execution of a node stands. The last four are for good."""

    PENDING = 0
    RUNNING = 1
    WAITING = 2
    SUCCEEDED = 3
    FAILED = 4
    SKIPPED = 5
    CANCELLED = 6

    @property
    def word(self) -> str:
        """As it is written in graphs, events and pages."""
        return self.name.lower()


P, R, W = NodeStatus.PENDING, NodeStatus.RUNNING, NodeStatus.WAITING
S, F, K, C = NodeStatus.SUCCEEDED, NodeStatus.FAILED, NodeStatus.SKIPPED, NodeStatus.CANCELLED

NODE_LIFECYCLE: Final[dict[tuple[NodeStatus, str], NodeStatus]] = {
    (P, "node.started"): R,
    (P, "node.opened"): R,
    (P, "node.waiting"): W,
    (P, "node.succeeded"): S,
    (P, "node.failed"): F,
    (P, "node.skipped"): K,
    (R, "node.result"): S,
    (R, "node.succeeded"): S,
    (R, "node.failed"): F,
    (R, "node.cancelled"): C,
    (R, "node.retrying"): W,
    (R, "node.waiting"): W,
    (W, "node.started"): R,
    (W, "node.opened"): R,
    (W, "effect.settled"): S,
    (W, "node.succeeded"): S,
    (W, "node.failed"): F,
    (W, "node.skipped"): K,
    (W, "node.cancelled"): C,
    (W, "node.retrying"): W,
    (W, "node.waiting"): W,
}
"""(status, event) to the next status. `node.result` and `effect.settled` move a node only when they say done."""
_NEXT: Final[dict[tuple[int, str], NodeStatus]] = {**NODE_LIFECYCLE}
"""The same, by the numbers that the state keeps."""

RUN_LIFECYCLE: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("pending", "run.started"): ("running",),
    ("running", "run.paused"): ("paused",),
    ("waiting", "run.paused"): ("paused",),
    ("compensating", "run.paused"): ("paused",),
    ("paused", "run.resumed"): ("running", "waiting", "compensating"),
    ("paused", "run.cancel_asked"): ("running", "waiting", "compensating"),
    ("running", "scope.compensating"): ("compensating",),
    ("waiting", "scope.compensating"): ("compensating",),
    ("compensating", "scope.ended"): ("running", "waiting"),
    ("compensating", "scope.opened"): ("running", "waiting"),
    ("running", "run.ended"): ("succeeded", "failed", "cancelled", "rolled_back"),
    ("waiting", "run.ended"): ("succeeded", "failed", "cancelled", "rolled_back"),
    ("compensating", "run.ended"): ("rolled_back", "failed"),
}
"""(status, event) to what a run may become. Running and waiting become each other without a row of their own: they are
told apart by what is in flight (`status_of`). A graph inside that has taken itself back ends, and the run goes on; a
`finally` opens when everything has been taken back."""

RUN_STATUSES: Final = (
    "pending",
    "running",
    "waiting",
    "paused",
    "compensating",
    "succeeded",
    "failed",
    "cancelled",
    "rolled_back",
)
RUN_ENDED: Final = frozenset({"succeeded", "failed", "cancelled", "rolled_back"})


def next_status(status: int, event: str) -> NodeStatus:
    """The status after an event; the table is the only authority."""
    return _NEXT[status, event]


def is_settled(status: int) -> bool:
    """Whether a node has ended, for good."""
    return status >= NodeStatus.SUCCEEDED
