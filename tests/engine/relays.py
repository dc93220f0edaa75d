"""A relay to a scripted sink, and runs whose events it has to tell."""

from __future__ import annotations

from interlock.core import events as e
from interlock.engine.relaying.relay import FeedRelay
from interlock.engine.relaying.sink_reports import SinkReport, sink_report
from interlock.store import Append, EventStore
from interlock.store.lease import first_lease
from tests.sinks.scripted_sink import ScriptedSink
from tests.store.logs import NOON, TENANT, WORKER, Fact, log, started


class Clockwork:
    """A clock that stands until a test moves it."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> int:
        """The instant."""
        return self.at


class Relayed:
    """A store, a sink, and the relay between them."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.sink = ScriptedSink()
        self.clock = Clockwork()
        self.seqs: dict[str, int] = {}

    def relay(self) -> FeedRelay:
        """A relay that has just been made, as after a restart."""
        return FeedRelay(self.store, tenant=TENANT, sink_name="ops", sink=self.sink, now=self.clock.now)

    async def commits(self, run: str, count: int = 1, *facts: Fact) -> None:
        """An append of so many events of a run (or of these), which begins with it."""
        after = self.seqs.get(run, 0)
        lease = first_lease(TENANT, run, WORKER, at=self.clock.now())
        fresh: list[Fact] = [started()] if after == 0 else []
        added = [*fresh, *(facts or [e.RunMode("normal")] * (count - len(fresh)))]
        await self.store.append(
            Append(
                tenant=TENANT,
                run=run,
                expected_seq=after,
                epoch=lease.epoch,
                events=log(*added, after=after),
                status="running",
                claim=lease if after == 0 else None,
            )
        )
        self.seqs[run] = after + len(added)

    async def tells_everything(self) -> None:
        """Turns until nothing is left, time passing wherever the relay wants to wait."""
        relay = self.relay()
        while (again := await relay.turn()) is not None:
            self.clock.at = max(self.clock.at, again)

    async def report(self) -> SinkReport:
        """How the sink stands."""
        return await sink_report(self.store, TENANT, name="ops", to="https://ops")
