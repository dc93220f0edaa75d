"""What calls cost together, by what they have in common: the run, its graph, a node, an agent, a model, who started it.

Each call is in one group, so the groups add up to the total.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeAlias

from msgspec import Struct, field

from interlock.core.events import RunStarted
from interlock.core.paths import UNDO_SUFFIX
from interlock.engine.errors import EngineError
from interlock.engine.telling.spending import NO_COSTS, CallCost, Costs

LABEL: Final = "label:"
"""How a label is named: `label:team`."""
_COPY: Final = re.compile(r":[0-9]+")


class CostOrigin(Struct, frozen=True, gc=False):
    """Whose calls they are: the run, and what its first event says of it."""

    run: str
    graph: str = ""
    tenant: str = ""
    user: str = ""
    labels: dict[str, str] = {}


def origin_of(run: str, body: RunStarted, actor: str) -> CostOrigin:
    """Whose calls those of a run are."""
    return CostOrigin(run, body.graph, body.tenant, actor, body.labels)


class CostReport(Struct, frozen=True, kw_only=True):
    """What runs have cost together, and by what was asked for. The dearest group comes first."""

    by: str
    runs: int = 0
    erased: int = 0
    """Runs of which it is not known any more: what their events say was erased."""
    total: Costs = NO_COSTS
    """Without what the erased runs have cost."""
    groups: dict[str, Costs] = field(default_factory=dict[str, Costs])


KeyOf: TypeAlias = Callable[[CostOrigin, CallCost], str]

GROUPINGS: Final[dict[str, KeyOf]] = {
    "run": lambda origin, _: origin.run,
    "graph": lambda origin, _: origin.graph,
    "node": lambda origin, call: f"{origin.graph}:{node_of_call(call)}",
    "agent": lambda _, call: call.agent,
    "model": lambda _, call: call.name if call.kind == "model" else "",
    "tool": lambda _, call: call.name if call.kind != "model" else "",
    "user": lambda origin, _: origin.user,
    "tenant": lambda origin, _: origin.tenant,
    "day": lambda _, call: datetime.fromtimestamp(call.at / 1e6, UTC).strftime("%Y-%m-%d"),
}
"""What calls can be grouped by, besides labels. A call that has none of it is in the group without a name."""


class GroupingError(EngineError):
    """Calls cannot be grouped by that."""

    def __init__(self, by: str) -> None:
        known = ", ".join(GROUPINGS)
        super().__init__(f"{by!r} is nothing to group costs by; there are: {known}, and label:KEY")
        self.by = by


def grouping(by: str) -> KeyOf:
    """How a call's group is found; `GroupingError` if there is no such grouping."""
    if by.startswith(LABEL) and by != LABEL:
        label = by.removeprefix(LABEL)
        return lambda origin, _: origin.labels.get(label, "")
    if by not in GROUPINGS:
        raise GroupingError(by)
    return GROUPINGS[by]


def node_of_call(call: CallCost) -> str:
    """The node of the run's graph that a call belongs to, as its author named it: whatever round or item it was.

    What an agent's tools, agents and graphs cost is its node's.
    """
    return without_copies(call.path.partition(".")[0].removesuffix(UNDO_SUFFIX))


def without_copies(path: str) -> str:
    """The path of a node in its graph: that of an execution without the numbers of items and rounds."""
    return _COPY.sub("", path)


class CostGroups:
    """Adds calls up."""

    def __init__(self, by: str) -> None:
        self._by = by
        self._key_of = grouping(by)
        self._groups: dict[str, Costs] = {}
        self._total = NO_COSTS
        self.runs = 0
        self.erased = 0

    def add(self, origin: CostOrigin, call: CallCost) -> None:
        """One more call."""
        key = self._key_of(origin, call)
        self._groups[key] = self._groups.get(key, NO_COSTS) + call.costs
        self._total += call.costs

    def report(self) -> CostReport:
        """What they cost so far."""
        dearest = sorted(
            self._groups.items(), key=lambda item: (-item[1].usd, -item[1].tokens, -item[1].calls, item[0])
        )
        return CostReport(by=self._by, runs=self.runs, erased=self.erased, total=self._total, groups=dict(dearest))
