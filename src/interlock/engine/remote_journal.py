"""The journal of an attempt that is performed elsewhere than its run is driven.

A step is sent to the driver as a signal, and counts once the event about it stands in the run's log: that is where this
journal looks. What a tool says of itself is kept as a record, so that its next try can read it wherever that is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from interlock.core.events import AnswerGiven, EffectDone, EffectFailed, EffectIntended, EffectUnknown, Event
from interlock.core.evolving.journal import attempt_at
from interlock.core.paths import split_step, step_path
from interlock.core.requests import StepNoted
from interlock.core.values import ENCODER, Value, decode
from interlock.engine.attention import Attention
from interlock.engine.engine import Engine
from interlock.engine.journaling import StepRefused, journaled
from interlock.engine.signals import encode_request, kind_of
from interlock.tools.clock import Clock
from interlock.tools.journal import JournaledStep, StepEvent

HEARTBEAT_KIND: Final = "heartbeat"
LOOKS_AGAIN_SECONDS: Final = 1.0
"""How often the log is looked at although nobody has said that anything was committed."""


class RemoteJournal:
    """One attempt's journal, where its run is driven by another worker."""

    def __init__(self, engine: Engine, clock: Clock, *, run: str, path: str, sender: str) -> None:
        self._engine = engine
        self._attention = Attention(engine.store, clock, "anything")
        self._run = run
        self._path = path
        self._sender = sender
        self._after = 0
        self._looking = asyncio.Lock()
        self._found: list[Event] = []
        self._is_stopped = False
        self._heartbeat: Value = None
        self._kept: Value = None
        self.steps: Sequence[JournaledStep] = ()
        self.last_heartbeat: Value = None

    async def open(self, *, is_repeated: bool, heartbeat: Value) -> None:
        """Read what an earlier try has left: its steps, and what it said last of itself."""
        self.last_heartbeat = heartbeat
        if not is_repeated:
            self._after = (await self._engine.store.head(self._engine.tenant, self._run)).seq
            return
        plan, state = await self._engine.view(self._run)
        self._after = state.seq
        attempt = attempt_at(plan, state, self._path)
        self.steps = () if attempt is None else tuple(journaled(no, step) for no, step in attempt.steps.items())
        kept = await self._engine.store.records.find(self._engine.tenant, HEARTBEAT_KIND, self._key)
        if kept is not None:
            self.last_heartbeat = decode(kept.data)

    def stop(self) -> None:
        """The run wants the attempt to stop: no further step is recorded."""
        self._is_stopped = True
        self._attention.call()

    async def record(self, body: StepEvent) -> None:
        """Return when the run's driver has recorded a step; `StepRefused` if it must not be made."""
        request = StepNoted(path=self._path, step=body)
        store, tenant = self._engine.store, self._engine.tenant
        await store.send_signal(
            tenant, self._run, kind=kind_of(request), body=encode_request(request), sender=self._sender
        )
        await self._until(lambda event: event.path == self._path and _is_same(event, body))

    async def answered(self, ordinal: int) -> Value:
        """The answer to the question of a step, as soon as it stands in the log."""
        asked = step_path(self._path, ordinal)
        event = await self._until(lambda event: event.path == asked and isinstance(event.body, AnswerGiven))
        assert isinstance(event.body, AnswerGiven)
        return {"choice": event.body.choice, "form": event.body.form, "why": event.body.why}

    def progress(self, fraction: float | None, text: str) -> None:
        """Nobody watches here: progress is live only, and shown where a run is driven."""

    def heartbeat(self, details: Value) -> None:
        """Keep what the tool says of itself, as soon as `keep_heartbeat` is called."""
        self._heartbeat = details

    async def keep_heartbeat(self) -> None:
        """Put what the tool has said last where its next try finds it, if that is not there yet."""
        if self._heartbeat is not self._kept:
            self._kept = self._heartbeat
            data = ENCODER.encode(self._kept)
            await self._engine.store.records.put(self._engine.tenant, HEARTBEAT_KIND, self._key, data)

    async def close(self) -> None:
        """The attempt is over: what its tool said of itself is of no more use."""
        if self._kept is not None:
            await self._engine.store.records.drop(self._engine.tenant, HEARTBEAT_KIND, self._key)

    @property
    def _key(self) -> str:
        return f"{self._run}:{self._path}"

    async def _until(self, is_meant: Callable[[Event], bool]) -> Event:
        """The event that is meant, once it stands in the log."""
        while not self._is_stopped:
            await self._attention.note()
            async with self._looking:
                await self._look()
            for event in self._found:
                if is_meant(event):
                    self._found.remove(event)
                    return event
            await self._attention.wait(until=None, seconds_max=LOOKS_AGAIN_SECONDS)
        raise StepRefused(f"{self._path} is asked to stop")

    async def _look(self) -> None:
        """Read on in the log; what is of other nodes is of no interest here."""
        events = await self._engine.store.read(self._engine.tenant, self._run, after=self._after)
        if events:
            self._after = events[-1].seq
        self._found += [event for event in events if _attempt_of(event.path) == self._path]


def _attempt_of(path: str) -> str:
    """The attempt that an event is about: its steps are addressed under the node's path."""
    step = split_step(path)
    return path if step is None else step[0]


def _is_same(event: Event, body: StepEvent) -> bool:
    """Whether an event is the one about a step that was sent."""
    recorded = event.body
    if not isinstance(recorded, EffectIntended | EffectDone | EffectFailed | EffectUnknown):
        return False
    return type(recorded) is type(body) and (recorded.effect, recorded.ordinal) == (body.effect, body.ordinal)
