"""The whole engine on virtual time, in one process after another: worker, driver, tool door and store are the real.

Faults of `interlock.faults` are drawn for each process: it is killed, loses its lease or the answer to an append, its
clock jumps, calls are turned away, late, or told of twice. People ask through whatever process is there or leave a
signal. The same seed gives the same log, byte for byte.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from random import Random
from typing import Final, Protocol

from interlock.core import requests as r
from interlock.core.catalogue import Catalogue
from interlock.core.compile import Compiled, compile_graph
from interlock.core.events import Event
from interlock.core.lifecycle import RUN_ENDED
from interlock.core.plan import Micros
from interlock.core.settle import fold
from interlock.core.state import RunState, encode_state
from interlock.core.values import Packer, Value, decode
from interlock.engine.courses.verifying import replay_run
from interlock.engine.engine import Engine
from interlock.engine.errors import EngineError
from interlock.engine.performing import LiveWorld, late_result
from interlock.engine.retaining.leftovers import KINDS as OF_LIVING_RUNS
from interlock.engine.retaining.leftovers import drop_leftovers
from interlock.engine.sharing.placing import Placing
from interlock.engine.signals import encode_request, kind_of
from interlock.engine.snapshots import SNAPSHOT_EVENTS
from interlock.engine.submitting import submit
from interlock.engine.worker import Worker
from interlock.faults import AnswerLost, Fault, Killed, LeaseDropped, drawn
from interlock.faults.clock import JumpingClock
from interlock.faults.process import FaultyProcess
from interlock.faults.store import FaultyStore
from interlock.faults.world import FaultyWorld
from interlock.store.errors import StoreError
from interlock.store.event_store import Clock, EventStore
from interlock.store.lease import LeaseOwner
from interlock.store.memory.store import MemoryEventStore
from interlock.store.rows import LedgerRow, OutboxRow, QuestionRow, RunRow
from interlock.store.salts import RandomBytes
from interlock.store.sealing import Sealed
from interlock.tools.door import ToolDoor
from interlock.tools.secrets import SecretSource, SecretText
from tests.policies import JUDGE
from tests.simulation.broken_rule import BrokenRule
from tests.simulation.contracts import TOOLS
from tests.simulation.people import Asked, People
from tests.simulation.process_door import ProcessDoor
from tests.simulation.random_graphs import random_graph
from tests.simulation.replaying import Replay
from tests.simulation.simulated_tools import SimulatedTools
from tests.simulation.virtual_time import VirtualClock, run_at_once
from tests.simulation.watching import Watch
from tests.simulation.world import Temper

TENANT: Final = "local"
RUN: Final = "run"
LOOKS: Final = 40
"""How often people look at the run while anything may happen; then they only bring it to its end."""
LOOKS_MAX: Final = 400
CANCELS: Final = (200, 250, 300, 350)
"""At which of them somebody loses patience: a cancel, and cancels of what `finally` still does."""
DEATHS_MAX: Final = 8
FAULTS_AMONG: Final = 150
"""Among how many calls, and how many appends, of a process faults are put."""
SECRET: Final = "hush, this is never written down"  # noqa: S105 - it is none
INLINE_SMALL: Final = 24
"""So small that most values are kept outside of the events."""


class StoreMaker(Protocol):
    """Makes the store of a simulation; each of its calls has to be answered before any time passes."""

    def __call__(
        self, *, clock: Clock, random_bytes: RandomBytes, is_running: Callable[[LeaseOwner], bool]
    ) -> EventStore:
        """A new store, not opened yet."""
        ...


class SmallEngine(Engine):
    """An engine that keeps all but the smallest values outside of the events."""

    async def packer(self, *, names: Mapping[bytes, str] | None = None) -> Packer:
        """What puts values aside."""
        return Packer(await self.store.blob_key(self.tenant), names=names, inline_bytes_max=INLINE_SMALL)


class EngineSimulation:
    """One run of one graph, driven by one process after another."""

    def __init__(self, seed: int, *, make_store: StoreMaker = MemoryEventStore) -> None:
        self.seed = seed
        self.graph = random_graph(seed)
        self.dice = Random(f"engine {seed}")  # noqa: S311 - a schedule has to be the same again
        temper = Temper(
            fails=self.dice.choice((0, 0.05, 0.2)), vanishes=self.dice.choice((0, 0.1)), odd=self.dice.choice((0, 0.1))
        )
        self.tools = SimulatedTools(self.dice, temper)
        self.compiled = self._compiled()
        assert self.compiled.plan is not None
        self.plan = self.compiled.plan
        self.people = People(self.dice, self.plan, self.tools)
        self.faults = self.dice.choice((0, 0, 0.05, 0.15))
        """How often a call, an append or a tool of a process meets a fault."""
        self.lifetime = self.dice.choice((None, None, 2.0, 30.0))
        self.cancels = self.dice.choice((0, 0, 0.03))
        self.engine_kind: type[Engine] = self.dice.choice((Engine, SmallEngine))
        # Rolled apart, so that a run without snapshots is the same as it always was.
        self.snapshot_events = Random(f"snapshots {seed}").choice((SNAPSHOT_EVENTS, 1, 7))  # noqa: S311 - the same again
        self.clock = JumpingClock(VirtualClock())
        self.store = make_store(
            clock=self.clock.now,
            random_bytes=Random(seed).randbytes,  # noqa: S311 - the salts have to be the same again
            is_running=self._is_running,
        )
        self.blobs: dict[str, bytes] = {}
        self.worker: Worker | None = None
        self.alive: str = ""
        self.processes: int = 0
        self.log: list[Event] = []
        self.sealed: list[Sealed] = []
        self.watch = Watch(self.plan, RUN)
        self.state = RunState(RUN, TENANT)

    def _compiled(self) -> Compiled:
        found = compile_graph(self.graph.document, Catalogue(self.tools.toolbox().contracts(), self.graph.graphs))
        problems = [(problem.place, problem.message) for problem in found.errors]
        assert found.plan is not None, f"the graph of seed {self.seed} does not compile: {problems}"
        return found

    def run(self) -> None:
        """From the start to the end, and then over the log once more."""
        run_at_once(self._live())
        if self.tools.truth.broken is not None:
            raise self.tools.truth.broken
        if any(SECRET.encode() in part for sealed in self.sealed for part in (sealed.header, sealed.payload or b"")):
            raise BrokenRule(1, "the text of a secret stands in the log")
        for event in self.log:
            self.watch.see(event)
        self.state = fold(self.plan, self.state, self.log)
        self.watch.ended(self.state)
        Replay(self.plan, self._values(), self._packer()).verify(self.log, self.state, self.dice)

    def next_run(self) -> None:
        """What continues an ended run is simulated on the core."""

    async def _live(self) -> None:
        async with self.store:
            try:
                await self._until_the_end()
                await self._look_at_the_store()
            finally:
                self.log = await self.store.read(TENANT, RUN)
                self.sealed = await self.store.read_sealed(TENANT, RUN)
                self._key = await self.store.blob_key(TENANT)

    async def _look_at_the_store(self) -> None:
        """What is derived from the log is what the log says, and the log verifies by the engine's own means."""
        before = await self._derived()
        await self.store.rebuild(TENANT, RUN, status=before[0].status, due=before[0].due)
        if await self._derived() != before:
            raise BrokenRule(7, "the rows that are derived from the log differ from those that were kept")
        if before[0].waiting or before[0].due is not None:
            raise BrokenRule(2, f"the run has ended, and the store still shows {before}")
        await self._look_for_leftovers()
        replayed = await replay_run(self._engine(self.store), RUN)
        if replayed.verdict != "same":
            raise BrokenRule(7, f"the engine finds that the log diverges: {replayed}")

    async def _look_for_leftovers(self) -> None:
        """An ended run has nothing beside its log, once what came too late was dropped."""
        await drop_leftovers(self._engine(self.store))
        signals = await self.store.unread_signals(TENANT, run=RUN)
        offers = await self.store.queue.offers(TENANT, RUN)
        records = [record for kind in OF_LIVING_RUNS for record in await self.store.records.listed(TENANT, kind)]
        if signals or offers or records:
            raise BrokenRule(2, f"the run has ended, and this is left of it: {signals} {offers} {records}")

    async def _derived(self) -> tuple[RunRow, list[LedgerRow], list[QuestionRow], list[OutboxRow]]:
        store = self.store
        row = await store.get_run(TENANT, RUN)
        return row, await store.ledger(TENANT, RUN), await store.questions(TENANT), await store.outbox(TENANT)

    async def _until_the_end(self) -> None:
        processes = asyncio.ensure_future(self._processes())
        people = asyncio.ensure_future(self._people())
        try:
            await asyncio.wait((processes, people), return_when=asyncio.FIRST_EXCEPTION)
            for task in (processes, people):
                if task.done():
                    task.result()
        finally:
            for task in (processes, people):
                task.cancel()
            await asyncio.wait((processes, people))

    # --- processes ---

    def _is_running(self, owner: LeaseOwner) -> bool:
        return owner.id == self.alive

    async def _processes(self) -> None:
        """One process after another, until the run has ended."""
        while not await self._has_ended():
            await self._until_it_can_move()
            self.processes += 1
            await self._process(f"process {self.processes}")

    async def _process(self, name: str) -> None:
        """One process: it starts the run or takes it up, and drives it until it ends, fails, leaves or dies."""
        door = ProcessDoor(self.store, self.dice, blobs=self.blobs)

        async def drop_lease(run: str) -> None:
            if run in worker.drivers:
                await self.store.release_lease(worker.drivers[run].run.lease)

        def deliver(run: str, result: r.Result) -> None:
            worker.note_late(run, result)

        process = FaultyProcess(
            faults=self._faults(),
            clock=self.clock,
            drop_lease=drop_lease,
            deliver=deliver,
            kill=lambda later: self._kill(door, later),
        )
        tools = ToolDoor(
            clock=self.clock,
            secrets=SecretSource({"token": SecretText(SECRET)}),
            on_late=lambda call, outcome: worker.note_late(RUN, late_result(call, outcome)),
        )
        engine = self._engine(FaultyStore(door.as_store(), process).as_store())
        world = FaultyWorld(self._world(tools), process)
        worker = Worker(
            engine, world, self.clock, owner=LeaseOwner(name, "here", 1, 1), new_id=lambda: RUN, placing=self._place()
        )
        self.alive = name
        async with worker:
            self.worker = worker
            try:
                await self._drive(worker, door.dead)
            except (StoreError, EngineError):
                pass
            finally:
                self.worker = None
        self.alive = ""

    async def _until_it_can_move(self) -> None:
        """The next process comes at once: none of them gives the run back."""

    def _place(self) -> Placing:
        """What a process performs itself, and whether it gives back what rests."""
        return Placing({})

    def _world(self, tools: ToolDoor) -> LiveWorld:
        """Where effects go."""
        return LiveWorld(self.tools.toolbox(), tools, tenant=TENANT)

    def _faults(self) -> list[Fault]:
        """What goes wrong in a process. Some are killed a while after they began, and some just after another fault."""
        if self.processes > DEATHS_MAX:
            return []
        tools = [contract.name for contract in TOOLS]
        name = f"{self.seed} {self.processes}"
        faults = drawn(name, tools=tools, often=self.faults, among=FAULTS_AMONG, kills=True)
        ends = [each.at for each in faults if isinstance(each, AnswerLost | LeaseDropped) and self.dice.random() < 0.6]
        killed = [Killed(at, "append", later="1ms") for at in ends]
        if self.lifetime is not None and self.dice.random() < 0.6:
            killed.append(Killed(1, "append", later=f"{self.dice.randint(1, round(self.lifetime * 1000))}ms"))
        return [*faults, *killed]

    def _kill(self, door: ProcessDoor, later: Micros) -> None:
        """A process that is killed here is one of which nothing more is heard."""
        self.clock.call_at(self.clock.now() + later, door.dead.set)
        if not later:
            door.dead.set()

    def _engine(self, store: EventStore) -> Engine:
        return self.engine_kind(
            store, tenant=TENANT, now=self.clock.now, judge=JUDGE, snapshot_events=self.snapshot_events
        )

    async def _look_at_the_snapshot(self) -> None:
        """Wherever the last process left it, a snapshot and what lies behind it is what the whole log says."""
        _, resumed = await self._engine(self.store).view(RUN)
        folded = fold(self.plan, RunState(RUN, TENANT), await self.store.read(TENANT, RUN))
        if encode_state(resumed) != encode_state(folded):
            raise BrokenRule(1, f"a snapshot leads to another state at event {folded.seq} than the log does")

    async def _drive(self, worker: Worker, dead: asyncio.Event) -> None:
        """Drive the run on. A process whose time is over leaves in good order."""
        assert self.compiled.bundle is not None
        await worker.engine.keep_bundle(self.plan, self.compiled.bundle.bytes)
        if await self.store.find_run(TENANT, RUN) is None:
            driver = await worker.start(self.plan, RUN, r.StartRun(inputs=self.graph.inputs))
        else:
            await self._look_at_the_snapshot()
            driver = await worker.take_up(RUN)
        driven, dies = asyncio.ensure_future(worker.driven(driver)), asyncio.ensure_future(dead.wait())
        try:
            await asyncio.wait((driven, dies), timeout=self._time_to_live(), return_when=asyncio.FIRST_COMPLETED)
            if driven.done():
                driven.result()
        finally:
            driven.cancel()
            dies.cancel()

    def _time_to_live(self) -> float | None:
        if self.lifetime is None or self.processes > DEATHS_MAX:
            return None
        return self.dice.random() * self.lifetime

    async def _has_ended(self) -> bool:
        row = await self.store.find_run(TENANT, RUN)
        return row is not None and row.status in RUN_ENDED

    # --- people ---

    async def _people(self) -> None:
        """People look at what is on record now and then, and ask."""
        for look in range(LOOKS_MAX):
            await asyncio.sleep(self.dice.choice((0.1, 1, 7)) if look < LOOKS else self.dice.choice((1, 5, 30)))
            if await self._has_ended():
                return
            self.people.is_eager = look >= LOOKS
            asked = await self._wish(look)
            if asked is not None:
                await self._bring(*asked)
        raise BrokenRule(10, f"the run has not ended although people looked at it {LOOKS_MAX} times")

    async def _wish(self, look: int) -> Asked | None:
        if await self.store.find_run(TENANT, RUN) is None:
            return None
        state = fold(self.plan, RunState(RUN, TENANT), await self.store.read(TENANT, RUN))
        if look in CANCELS:
            return r.CancelRun(), "ada"
        wishes = self.people.could_say(state)
        chance = self.dice.random()
        if self.people.is_eager or chance < 0.6:
            return self.dice.choice(wishes) if wishes else None
        if chance < 0.6 + self.cancels:
            return self.people.some_cancel(state)
        return self.dice.choice((self.people.any_event(), self.people.some_mode(), (r.PauseRun(), "ben")))

    async def _bring(self, request: r.Request, by: str) -> None:
        """Through the process that drives the run, or as a signal that it finds."""
        if isinstance(request, r.GiveRemedy) and request.act == "edit":
            self.tools.truth.is_asked_for_anew(request.path)
        if self.worker is None or self.dice.random() < 0.3:
            kind, body = kind_of(request), encode_request(request)
            await self.store.send_signal(TENANT, RUN, kind=kind, body=body, sender=by)
            return
        try:
            await submit(self.worker, RUN, request, by=by)
        except (StoreError, EngineError):
            return

    # --- afterwards ---

    def _packer(self) -> Packer:
        return (
            Packer(self._key, inline_bytes_max=INLINE_SMALL) if self.engine_kind is SmallEngine else Packer(self._key)
        )

    def _values(self) -> dict[str, Value]:
        return {digest: decode(data) for digest, data in self.blobs.items()}
