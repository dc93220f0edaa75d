"""The journal of an attempt that is performed elsewhere than its run is driven.

A step is sent to the driver as a signal, and counts once the event about it stands in the run's log: that is where this
journal looks. What a tool says of itself is kept as a record, so that its next try can read it wherever that is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from interlock.core.admit import admit
from interlock.core.events import AnswerGiven, Event, ScopeEnded
from interlock.core.evolving.under_way import step_at
from interlock.core.paths import node_of_step, step_path
from interlock.core.requests import CancelNode, Refused, StepNoted
from interlock.core.values import ENCODER, Value, decode
from interlock.engine.engine import Engine
from interlock.engine.journaling import StepRefused, made_whole
from interlock.engine.serving.attention import Attention
from interlock.engine.sharing.offering import OfferedEffect
from interlock.engine.signals import encode_request, kind_of
from interlock.store.errors import SignalsFullError
from interlock.tools.clock import Clock
from interlock.tools.journal import GraphEnded, JournaledStep, Noted, StepEvent

HEARTBEAT_KIND: Final = "heartbeat"
LOOKS_AGAIN_SECONDS: Final = 1.0
"""How often the log is looked at although nobody has said that anything was committed."""

_TOLD: Final = StepEvent | AnswerGiven | ScopeEnded
"""What a journal waits for."""


class RemoteJournal:
    """One attempt's journal, where its run is driven by another worker."""

    def __init__(
        self, engine: Engine, clock: Clock, *, run: str, path: str, offered: OfferedEffect, sender: str
    ) -> None:
        self._engine = engine
        self._attention = Attention(engine.store, clock, "anything")
        self._run = run
        self._path = path
        self._deaths = offered.deaths
        self._sender = sender
        self._after: int | None = offered.seq if _asks(offered) else None
        """The number of the event up to which the log was read; None: what is there by now tells nothing of it."""
        self._looking = asyncio.Lock()
        self._found: list[Event] = []
        self._is_over = False
        self.is_leaving = False
        self._heartbeat: Value = None
        self._kept: Value = None
        self.steps: Sequence[JournaledStep] = offered.steps
        self.last_heartbeat: Value = offered.heartbeat

    async def open(self) -> None:
        """Read what earlier tries have recorded, and what one that was made elsewhere has said last of itself."""
        self.steps = await made_whole(self.steps, self._engine.whole)
        kept = await self._engine.store.records.find(self._engine.tenant, HEARTBEAT_KIND, self._key)
        if kept is not None:
            self._kept = self.last_heartbeat = self._heartbeat = decode(kept.data)

    def leave(self) -> None:
        """The worker leaves: somebody else takes the attempt up, and what it waits for is left as it is."""
        self.is_leaving = True

    def end(self) -> None:
        """The attempt is over, or counts for nothing any more: nobody waits here for another word of its run."""
        self._is_over = True
        self._attention.call()

    async def record(self, body: StepEvent) -> None:
        """Return when the run's driver has recorded a step; `StepRefused` if it must not be made."""
        await self.record_all([Noted(body)])

    async def record_all(self, noted: Sequence[Noted]) -> None:
        """Return when the run's driver has recorded all of them. They are sent together, so it can do so at once."""
        if self._after is None:
            self._after = (await self._engine.store.head(self._engine.tenant, self._run)).seq
        asked = [StepNoted(path=self._path + each.within, step=each.body, deaths=self._deaths) for each in noted]
        sent = [(request, await self._send(request)) for request in asked]
        for request, signal in sent:
            await self._until(partial(_is_same, path=request.path, body=request.step), request, signal)

    async def answered(self, ordinal: int, *, within: str = "") -> Value:
        """The answer to the question of a step, as soon as it stands in the log."""
        asked = step_path(self._path + within, ordinal)
        event = await self._until(lambda event: event.path == asked and isinstance(event.body, AnswerGiven))
        assert isinstance(event.body, AnswerGiven)
        form = await self._engine.whole(event.body.form)
        return {"choice": event.body.choice, "form": form, "why": event.body.why}

    async def graph_ended(self, ordinal: int, *, within: str = "") -> GraphEnded:
        """What became of the graph that a step has called, as soon as its end stands in the log."""
        called = step_path(self._path + within, ordinal)
        await self._until(lambda event: event.path == f"{called}/" and isinstance(event.body, ScopeEnded))
        plan, state = await self._engine.view(self._run)
        step = step_at(plan, state, called)
        if step is None:
            raise self._refused()
        return GraphEnded(await self._engine.whole(step.out), step.error, step.tainted)

    async def stop_graph(self, ordinal: int, *, within: str = "") -> bool:
        """Ask the graph that a step has called to stop, where the run is driven."""
        if self.is_leaving:
            return False
        request = CancelNode(path=step_path(self._path + within, ordinal), why="its agent was stopped")
        kind, body = kind_of(request), encode_request(request)
        await self._engine.store.send_signal(self._engine.tenant, self._run, kind=kind, body=body, sender=self._sender)
        return True

    def progress(self, fraction: float | None, text: str) -> None:
        """Nobody watches here: progress is live only, and shown where a run is driven."""

    def stop_waiting(self) -> None:
        """What waits, waits no more: where the run is driven, it is refused once its attempt is over."""
        self.end()

    @property
    def is_heard(self) -> bool:
        """No."""
        return False

    def says(self, text: str) -> None:
        """Nobody listens here: words are live only, and heard where a run is driven."""

    def heartbeat(self, details: Value) -> None:
        """Keep what the tool says of itself, as soon as `keep_heartbeat` is called."""
        self._heartbeat = details

    async def keep_heartbeat(self) -> None:
        """Put what the tool has said last where its next try finds it, if that is not there yet."""
        details = self._heartbeat
        if details is not self._kept:
            data = ENCODER.encode(details)
            await self._engine.store.records.put(self._engine.tenant, HEARTBEAT_KIND, self._key, data)
            self._kept = details

    async def forget_heartbeat(self) -> None:
        """There will be no next try: what the tool said of itself is of no more use."""
        if self._kept is not None:
            await self._engine.store.records.drop(self._engine.tenant, HEARTBEAT_KIND, self._key)

    @property
    def _key(self) -> str:
        return f"{self._run}:{self._path}"

    async def _send(self, request: StepNoted) -> int:
        """Leave a step for the run's driver, when it has read enough of what is there already."""
        store, tenant = self._engine.store, self._engine.tenant
        kind, body = kind_of(request), encode_request(request)
        while not self._is_over:
            try:
                return await store.send_signal(tenant, self._run, kind=kind, body=body, sender=self._sender)
            except SignalsFullError:
                await asyncio.sleep(LOOKS_AGAIN_SECONDS)
        raise self._refused()

    async def _until(
        self, is_meant: Callable[[Event], bool], request: StepNoted | None = None, signal: int | None = None
    ) -> Event:
        """The event that is meant, once it stands in the log; `StepRefused` if the driver has not taken the request."""
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        while not self._is_over:
            await self._attention.note()
            is_read = False
            if signal is not None and loop.time() - asked_at >= LOOKS_AGAIN_SECONDS:
                # To be asked before the log is read: what was read was either recorded by then or refused.
                asked_at, is_read = loop.time(), await self._is_read(signal)
            found = await self._find(is_meant)
            if found is not None:
                return found
            if is_read and request is not None:
                raise StepRefused(await self._why_refused(request))
            await self._attention.wait(until=None, seconds_max=LOOKS_AGAIN_SECONDS)
        raise self._refused()

    async def _find(self, is_meant: Callable[[Event], bool]) -> Event | None:
        async with self._looking:
            await self._look()
        for event in self._found:
            if is_meant(event):
                self._found.remove(event)
                return event
        return None

    async def _look(self) -> None:
        """Read on in the log; what is of other nodes is of no interest here."""
        events = await self._engine.store.read(self._engine.tenant, self._run, after=self._after or 0)
        if events:
            self._after = events[-1].seq
        self._found += [
            event for event in events if isinstance(event.body, _TOLD) and _attempt_of(event.path) == self._path
        ]

    async def _is_read(self, signal: int) -> bool:
        """Whether the run's driver has read a signal."""
        unread = await self._engine.store.unread_signals(self._engine.tenant, run=self._run)
        return all(one.id != signal for one in unread)

    async def _why_refused(self, request: StepNoted) -> Refused:
        """The reason, as the run stands now: a refusal is on no record."""
        plan, state = await self._engine.view(self._run)
        refused = admit(plan, state, request, at=self._engine.now())
        return refused if isinstance(refused, Refused) else Refused(f"step {request.step.ordinal} was not recorded")

    def _refused(self) -> StepRefused:
        return StepRefused(Refused(f"{self._path} is over where it was performed"))


def _asks(offered: OfferedEffect) -> bool:
    """Whether a question of an earlier try is open, so that its answer may stand in the log before anybody looks."""
    return any(step.question is not None and step.status == "intended" for step in offered.steps)


def _attempt_of(path: str) -> str:
    """The attempt that an event is about: its steps are addressed under the node's path."""
    return node_of_step(path.removesuffix("/"))


def _is_same(event: Event, path: str, body: StepEvent) -> bool:
    """Whether an event is the one about a step that was sent."""
    recorded = event.body
    if event.path != path or not isinstance(recorded, StepEvent):
        return False
    return type(recorded) is type(body) and (recorded.effect, recorded.ordinal) == (body.effect, body.ordinal)
