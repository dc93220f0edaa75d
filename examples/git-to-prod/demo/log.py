"""Reading the log of a run as it stands in the store, beside the process that works on it. It drives nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from interlock import Interlock, RunResult
from interlock.core.events import DecisionMade, EffectDone, EffectIntended, Event


@dataclass(frozen=True)
class Log:
    """A run: what it came to so far, and every event."""

    run: RunResult
    events: Sequence[Event]

    @property
    def last(self) -> int:
        """The number of the last event."""
        return self.events[-1].seq


@dataclass(frozen=True)
class Step:
    """A contact with the world that an agent made on its way: a call of a model or of a tool."""

    agent: str
    ordinal: int
    kind: str
    name: str
    intended: EffectIntended
    begun_at: int
    """The number of the event that says so: of the last one, if it was begun more than once."""
    done_at: int = 0
    """0: it has not settled well."""
    done: EffectDone | None = None


def latest_run(store: str) -> str | None:
    """The run that was started last."""

    async def asked() -> str | None:
        async with Interlock(store) as interlock:
            rows = await interlock.runs(limit=1)
            return rows[0].run if rows else None

    return asyncio.run(asked())


def latest_log(store: str) -> Log | None:
    """The run that was started last."""
    run = latest_run(store)
    return None if run is None else read_log(store, run)


def read_log(store: str, run: str) -> Log:
    """A run as it stands now."""

    async def asked() -> Log:
        async with Interlock(store) as interlock:
            handle = await interlock.open(run)
            events = [event async for event in handle.events()]
            return Log(await handle.result(), events)

    return asyncio.run(asked())


def steps_of(
    events: Sequence[Event], kind: Literal["model", "tool"] | None = None, agent: str | None = None
) -> list[Step]:
    """What the agents did, in the order in which it was begun."""
    done = {event.body.effect: event for event in events if isinstance(event.body, EffectDone)}
    begun: dict[str, Step] = {}
    for event in events:
        match event.body:
            case EffectIntended() as body if kind in {None, body.kind} and agent in {None, event.path}:
                ended = done.get(body.effect)
                begun[body.effect] = Step(
                    agent=event.path,
                    ordinal=body.ordinal,
                    kind=body.kind,
                    name=body.name,
                    intended=body,
                    begun_at=event.seq,
                    done_at=0 if ended is None else ended.seq,
                    done=ended.body if ended is not None and isinstance(ended.body, EffectDone) else None,
                )
            case _:
                pass
    return list(begun.values())


def choices_of(events: Iterable[Event]) -> dict[tuple[str, int], str]:
    """Which model was chosen for each step in which one was asked."""
    return {
        (event.path, event.body.ordinal): event.body.decision.chosen
        for event in events
        if isinstance(event.body, DecisionMade) and event.body.decision.point == "model"
    }
