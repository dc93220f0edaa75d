"""What a run came to, as a plain value: kept after the `Interlock` is closed."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from interlock.core.events import Error
from interlock.core.state import StatusWord
from interlock.core.values import Value
from interlock.engine.telling.history import NodeView, RunView
from interlock.engine.waits import Wait


class RunResult(Struct, frozen=True, kw_only=True):
    """A run as it ended, or as it stands where only people or other systems can move it on."""

    id: str
    graph: str
    status: StatusWord
    outputs: Value = None
    error: Error | None = None
    nodes: Mapping[str, NodeView] = {}
    """Every node that began, and those that still can, by path."""
    waits: tuple[Wait, ...] = ()
    """What it waits for: questions, held gates and failures, events, times."""
    is_new: bool = False
    """Whether the call that gave this has started the run; not so where a `key` named one that was there."""

    @property
    def succeeded(self) -> bool:
        """Whether it ended well."""
        return self.status == "succeeded"

    @property
    def has_ended(self) -> bool:
        """Whether this is for good."""
        return self.status in {"succeeded", "failed", "cancelled", "rolled_back"}


def result_of(view: RunView, *, is_new: bool) -> RunResult:
    """The result that a view of a run shows."""
    return RunResult(
        id=view.run,
        graph=view.graph,
        status=view.status,
        outputs=view.outputs,
        error=view.error,
        nodes=view.nodes,
        waits=view.waits,
        is_new=is_new,
    )
