"""A watcher of events and waits (rule 27): one event goes to one waiter, the oldest that it fits, and none is lost."""

# ruff: noqa: D102 - every `see` and `saw` does what the protocol says

from __future__ import annotations

from msgspec import Struct

from interlock.core import events as e
from interlock.core import plan as p
from interlock.core.values import Value, is_map
from tests.simulation.broken_rule import BrokenRule
from tests.simulation.shadow import Instance, Shadow


class Received(Struct):
    """An event that nobody has taken yet."""

    id: str
    name: str
    data: Value
    seq: int


class OneWaiter:
    """Waits with a `where` are not second-guessed: what the condition says is not evaluated here."""

    def __init__(self, shadow: Shadow) -> None:
        self.shadow = shadow
        self.received: dict[str, Received] = {}
        self.taken: set[str] = set()
        self._adopted: dict[str, e.ResultAdopted] = {}
        self._sent: dict[str, Value] = {}
        """By effect: what an `emit` sends."""

    def see(self, event: e.Event) -> None:
        match event.body:
            case e.EventReceived() as body:
                if body.id in self.received or body.id in self.taken:
                    raise BrokenRule(9, f"the event {body.id} is received twice")
                self.received[body.id] = Received(body.id, body.name, body.data, event.seq)
            case e.NodeSucceeded(event=str() as id) if id:
                self._see_taken(self.shadow.get(event.path), id)
            case e.NodeWaiting(reason="event") as body:
                self._see_wait(self.shadow.get(event.path), body)
            case _:
                pass

    def saw(self, event: e.Event) -> None:
        instance = self.shadow.instance(event.path)
        is_emit = instance is not None and isinstance(instance.node.work, p.EmitWork)
        match event.body:
            case e.NodeStarted(emits=True) as body:
                self._sent[body.effect] = body.input
            case e.ResultAdopted() as body:
                self._adopted[event.path] = body
            case e.NodeResult(status="done") | e.EffectSettled(status="done") as body if is_emit:
                self._emitted(event, body.effect, self._sent.get(body.effect))
            case e.NodeSucceeded(adopted=int() as adopted) if adopted and is_emit:
                self._emitted(event, self._adopted[event.path].effect, self._adopted[event.path].sent)
            case _:
                pass

    def _emitted(self, event: e.Event, effect: str, data: Value) -> None:
        """What an `emit` has sent is heard by the run itself, also where the node was cancelled meanwhile."""
        work = self.shadow.get(event.path).node.work
        assert isinstance(work, p.EmitWork)
        self.received[effect] = Received(effect, work.event, data, event.seq)

    def _see_taken(self, instance: Instance, id: str) -> None:
        if id in self.taken:
            raise BrokenRule(9, f"{instance.path} takes the event {id}, which was taken before")
        received = self.received.pop(id, None)
        if received is None:
            raise BrokenRule(9, f"{instance.path} takes the event {id}, which never came")
        self.taken.add(id)
        if instance.waiting is None:
            self._see_early(instance, received)
        else:
            self._see_oldest(instance, received)

    def _see_early(self, instance: Instance, received: Received) -> None:
        """It was in the mailbox when the wait began: then it is the oldest there that fits."""
        work = instance.node.work
        assert isinstance(work, p.WaitWork)
        if work.event != received.name:
            raise BrokenRule(9, f"{instance.path} waits for {work.event} and takes {received.name}")
        if work.drops_early:
            raise BrokenRule(9, f"{instance.path} takes {received.id}, which came too early")
        if work.where is None and isinstance(work.match, p.Constant | None):
            match = work.match.value if work.match else None
            earlier = [other for other in self._named(received.name) if other.seq < received.seq]
            older = [other.id for other in earlier if _fits(match, other.data)]
            if older:
                raise BrokenRule(9, f"{instance.path} takes {received.id} although {older} came before")

    def _see_oldest(self, instance: Instance, received: Received) -> None:
        waiting = instance.waiting
        assert waiting is not None
        if waiting.event != received.name or not _fits(waiting.match, received.data):
            raise BrokenRule(9, f"{instance.path} waits for {waiting.event} {waiting.match} and takes {received}")
        for other in self.shadow.live():
            if other is not instance and self._would_take(other, received) and other.since < instance.since:
                raise BrokenRule(9, f"{instance.path} takes {received.id} although {other.path} waits longer")

    def _see_wait(self, instance: Instance, waiting: e.NodeWaiting) -> None:
        work = instance.node.work
        assert isinstance(work, p.WaitWork)
        if work.where is None and not work.drops_early:
            there = [other.id for other in self._named(waiting.event) if _fits(waiting.match, other.data)]
            if there:
                raise BrokenRule(9, f"{instance.path} waits for {waiting.event} although {there} is there")

    def rest(self, *, is_paused: bool) -> None:
        """Nothing is left to decide: no event waits for a waiter that would take it."""
        if is_paused:
            return
        for instance in self.shadow.live():
            for received in self.received.values():
                if self._would_take(instance, received) and received.seq > instance.since:
                    raise BrokenRule(9, f"{instance.path} waits on although {received.id} came for it")

    def _would_take(self, instance: Instance, received: Received) -> bool:
        work, waiting = instance.node.work, instance.waiting
        return (
            waiting is not None
            and instance.status == "waiting"
            and waiting.reason == "event"
            and isinstance(work, p.WaitWork)
            and work.where is None
            and waiting.event == received.name
            and _fits(waiting.match, received.data)
            and not any(scope.stopping for scope in self.shadow.above(instance.scope))
        )

    def _named(self, name: str) -> list[Received]:
        return [received for received in self.received.values() if received.name == name]


def _fits(match: Value, data: Value) -> bool:
    if match is None:
        return True
    return is_map(data) and all(key in data and data[key] == wanted for key, wanted in match.items())
