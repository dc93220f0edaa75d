"""What is told of schedules: one that broke a rule so that it can be replayed, many by what they reached."""

from __future__ import annotations

import traceback
from collections import Counter
from typing import Any, Final

import msgspec
import yaml
from msgspec import Struct, field

from interlock.core.events import Event
from interlock.core.state import RunState
from tests.simulation.random_graphs import RandomGraph
from tests.simulation.watching import Watch

EVENTS_SHOWN: Final = 30


class Tally(Struct):
    """What a number of schedules reached."""

    schedules: int = 0
    outcomes: Counter[str] = field(default_factory=Counter[str])
    events: Counter[str] = field(default_factory=Counter[str])
    nodes: Counter[str] = field(default_factory=Counter[str])
    """How often a node of each kind ended in each way: `gate failed`."""

    def add(self, state: RunState, watch: Watch) -> None:
        """One more schedule that came to its end."""
        assert state.outcome is not None
        self.outcomes[state.outcome.status] += 1
        self.events.update(watch.events)
        self.nodes.update(watch.nodes)

    def table(self) -> str:
        """Everything that was counted, for people."""
        return "\n".join(
            line
            for title, counts in (("runs", self.outcomes), ("events", self.events), ("nodes", self.nodes))
            for line in (title, *(f"  {name:24} {number:9,}" for name, number in sorted(counts.items())))
        )


def failure(graph: RandomGraph, log: list[Event], problem: BaseException, *, replay: str) -> str:
    """The graph, the last events, the rule that does not hold and how to see it again."""
    document = yaml.safe_dump(
        {"document": graph.document, "graphs": graph.graphs, "inputs": graph.inputs},
        sort_keys=False,
        default_flow_style=None,
        width=120,
    )
    events = "\n".join(shown(event) for event in log[-EVENTS_SHOWN:])
    frames = "".join(traceback.format_tb(problem.__traceback__)[-3:])
    told = f"{type(problem).__name__}: {problem}"
    last = f"the last of {len(log)} events\n{events}"
    return f"{document}\n{last}\n\n{frames}\nseed {graph.seed}: {told}\nreplay it: {replay}\n"


def shown(event: Event) -> str:
    """An event as one line, without what is empty."""
    fields: dict[str, Any] = msgspec.structs.asdict(event.body)
    known = " ".join(f"{name}={value!r}" for name, value in fields.items() if value not in (None, "", (), 0, {}))
    by = f" by {event.actor}" if event.actor else ""
    return f"{event.seq:5} {event.at / 1e6:10.3f} {event.type} {event.path}{by} {known}"
