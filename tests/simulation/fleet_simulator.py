"""Several processes at once, on virtual time: each drives runs that nobody drives and performs what is offered.

They have different pools, tags and hands, so that part of what a run does is performed where it is driven and part
elsewhere. They leave in good order, are killed, are stopped and woken again; appends and calls meet faults. Everything
that holds of one process after another holds here too, and in the end nothing is left on offer and no hand is taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Any, Final, cast

from interlock.core import requests as r
from interlock.core.compile import Compiled
from interlock.engine.engine import Engine
from interlock.engine.performing import LiveWorld, late_result
from interlock.engine.serving.roster import WorkerCard
from interlock.engine.serving.service import Service
from interlock.engine.sharing.placing import Hands, Placing
from interlock.engine.worker import Worker
from interlock.faults import ClockJumped, Fault, LeaseDropped
from interlock.faults.process import FaultyProcess
from interlock.faults.store import FaultyStore
from interlock.faults.world import FaultyWorld
from interlock.store.event_store import EventStore
from interlock.store.lease import LEASE_MICROS, LeaseOwner
from interlock.store.memory.store import MemoryEventStore
from interlock.tools.door import ToolDoor
from interlock.tools.secrets import SecretSource, SecretText
from tests.simulation.broken_rule import BrokenRule
from tests.simulation.contracts import TOOLS
from tests.simulation.engine_simulator import DEATHS_MAX, RUN, SECRET, TENANT, EngineSimulation, StoreMaker
from tests.simulation.fleet_life import Life, LivingDoor, LivingTools
from tests.simulation.people import People
from tests.simulation.process_door import ProcessDoor
from tests.simulation.simulated_tools import SimulatedTools
from tests.simulation.watched_queue import WatchedQueue

POOLS: Final = ("default", "gpu", "bench")
TAGS: Final = ("eu", "large")
HOLDS_NODES: Final = ("nodes", "loop", "finally")
"""Under which keys of a document nodes stand by their names."""
LEASE_SECONDS: Final = LEASE_MICROS / 1_000_000
AFTER_THE_END: Final = 3 * LEASE_SECONDS
"""How long what is still under way after a run's end may take to come to rest."""


class ToolsOfAll(SimulatedTools):
    """What the tools of all processes did. People do not wait until a tool has said what became of its effect."""

    def is_looked_for(self, effect: str) -> bool:  # noqa: ARG002 - it is as if people did not know
        """Whether its tool is asked just now."""
        return False


class Process:
    """One process that serves: what it is, and how it is told to leave."""

    def __init__(self, service: Service, hands: Hands, life: Life, door: LivingDoor, workers: Sequence[Worker]) -> None:
        """`workers` are those that it has made so far."""
        self.service = service
        self.hands = hands
        self.life = life
        self.door = door
        self.leaves = asyncio.Event()
        self.workers = workers


class FleetSimulation(EngineSimulation):
    """One run of one graph, and several processes that serve it at the same time."""

    def __init__(self, seed: int, *, make_store: StoreMaker = MemoryEventStore) -> None:
        super().__init__(seed, make_store=make_store)
        tools = ToolsOfAll(self.dice, self.tools.temper)
        self.tools, self.people = tools, People(self.dice, self.plan, tools)
        roll = Random(f"fleet {seed}")  # noqa: S311 - a schedule has to be the same again
        self.roll = roll
        self.pool_of = {contract.name: roll.choice(("default", "default", *POOLS)) for contract in TOOLS}
        self.limits = roll.choice(({}, {}, {"bench": 1}, {"gpu": 1, "bench": 2}))
        self.at_once = roll.choice((2, 2, 3))
        self.living: dict[str, Process] = {}
        self.queue = WatchedQueue(self.store.queue, tenant=TENANT, run=RUN)

    def _compiled(self) -> Compiled:
        roll = Random(f"pools {self.seed}")  # noqa: S311 - a graph has to be the same again
        for node in tool_nodes([self.graph.document, *self.graph.graphs.values()]):
            if roll.random() < 0.3:
                tags = [tag for tag in TAGS if roll.random() < 0.3]
                node["pool"] = {"name": roll.choice(POOLS), "tags": tags} if tags else roll.choice(POOLS)
        return super()._compiled()

    def _is_running(self, owner: LeaseOwner) -> bool:
        return owner.id in self.living or owner.id == "starter"

    async def _processes(self) -> None:
        """So many at the same time, each followed by another, until the run has ended and nothing is under way."""
        await self._start()
        slots = [asyncio.ensure_future(self._slot(number)) for number in range(self.at_once)]
        try:
            await asyncio.wait(slots, return_when=asyncio.FIRST_EXCEPTION)
            for slot in slots:
                if slot.done():
                    slot.result()
        finally:
            for slot in slots:
                slot.cancel()
            await asyncio.wait(slots)

    async def _start(self) -> None:
        """Somebody starts the run and goes: it is for the fleet to take it up."""
        assert self.compiled.bundle is not None
        engine = self._engine(ProcessDoor(self.store, self.dice, blobs=self.blobs).as_store())
        await engine.keep_bundle(self.plan, self.compiled.bundle.bytes)
        world = LiveWorld(self.tools.toolbox(), ToolDoor(clock=self.clock), tenant=TENANT)
        placing = Placing({}, pools=frozenset(), is_shared=True)
        owner = LeaseOwner("starter", "elsewhere", 1, 1)
        async with Worker(engine, world, self.clock, owner=owner, new_id=lambda: RUN, placing=placing) as worker:
            await worker.start(self.plan, RUN, r.StartRun(inputs=self.graph.inputs))

    async def _slot(self, number: int) -> None:
        while not await self._has_ended():
            self.processes += 1
            await self._serve(f"process {self.processes} of {number}")

    # --- one process ---

    async def _serve(self, name: str) -> None:
        """From its start to its end: it leaves in good order, dies, or sees the run end."""
        process = self._made(name)
        self.living[name] = process
        grace = self.roll.choice((0.5, 20.0))
        serving = asyncio.ensure_future(process.service.serve(TENANT, until=process.leaves, grace_seconds=grace))
        living = asyncio.ensure_future(self._live_through(process))
        dying = asyncio.ensure_future(process.door.dead.wait())
        ending = asyncio.ensure_future(self._end_of_run())
        try:
            await asyncio.wait((serving, living, dying, ending), return_when=asyncio.FIRST_COMPLETED)
            if not process.door.dead.is_set() and not serving.done():
                process.leaves.set()
                await asyncio.wait((serving, dying), return_when=asyncio.FIRST_COMPLETED)
            if serving.done() and not process.door.dead.is_set():
                serving.result()
                self._check_hands(name, process)
        finally:
            process.life.die()
            process.door.dead.set()
            del self.living[name]
            for task in (serving, living, dying, ending):
                task.cancel()
            await asyncio.wait((serving, living, dying, ending))

    def _check_hands(self, name: str, process: Process) -> None:
        if process.hands.busy:
            raise BrokenRule(10, f"{name} has left in good order, and {process.hands.busy} of its hands are taken")

    async def _live_through(self, process: Process) -> None:
        """What befalls it while it works; returns when it is to leave."""
        if self._is_late:
            await asyncio.Event().wait()
        for _ in range(self.roll.randint(0, 3)):
            await asyncio.sleep(self.roll.choice((0.1, 2.0, 15.0)))
            await process.life.stop_for(self.roll.choice((0.3, 5.0, 1.5 * LEASE_SECONDS, 3 * LEASE_SECONDS)))
        await asyncio.sleep(self.roll.choice((0.5, 5.0, 40.0, 200.0)))
        if self.roll.random() < 0.5:
            self._kill(process.door, 0)
            await asyncio.Event().wait()

    @property
    def _is_late(self) -> bool:
        """Whether enough has befallen the fleet: from now on each of its processes works until the run has ended."""
        return self.processes > DEATHS_MAX

    async def _end_of_run(self) -> None:
        """Return some time after the run's end: what is still under way comes to rest meanwhile."""
        while not await self._has_ended():  # noqa: ASYNC110 - it is looked at from outside, as anybody would
            await asyncio.sleep(1)
        await asyncio.sleep(AFTER_THE_END)

    def _made(self, name: str) -> Process:
        life = Life(long_seconds=LEASE_SECONDS / 3)
        door = LivingDoor(self.store, self.queue, self.dice, life, blobs=self.blobs)
        workers: list[Worker] = []

        def deliver(run: str, result: r.Result) -> None:
            for worker in workers:
                worker.note_late(run, result)

        async def keep_lease(run: str) -> None:
            raise AssertionError(f"no lease of {run} is dropped here: what it held would go on beside its heir")

        faulty = FaultyProcess(
            faults=self._faults(),
            clock=self.clock,
            drop_lease=keep_lease,
            deliver=deliver,
            kill=lambda later: self._kill(door, later),
        )
        tools = ToolDoor(
            clock=self.clock,
            secrets=SecretSource({"token": SecretText(SECRET)}),
            on_late=lambda call, outcome: deliver(RUN, late_result(call, outcome)),
        )
        store = FaultyStore(door.as_store(), faulty).as_store()
        hands = Hands(None if self._is_late else self.roll.choice((1, 2, 5, None)))
        placing = self._placing(hands)
        owner = LeaseOwner(name, self.roll.choice(("here", "there")), self.processes, 1)
        living = LivingTools(self.dice, self.tools, life)

        def worker_of(tenant: str) -> Worker:
            world = FaultyWorld(LiveWorld(living.toolbox(), tools, tenant=tenant), faulty)
            worker = Worker(
                self._engine_of(store, tenant), world, self.clock, owner=owner, new_id=lambda: RUN, placing=placing
            )
            workers.append(worker)
            return worker

        card = WorkerCard(owner=owner, pools=tuple(sorted(placing.pools or ())), started_at=self.clock.now())
        service = Service(store, self.clock, card=card, placing=placing, worker_of=worker_of)
        return Process(service, hands, life, door, workers)

    def _placing(self, hands: Hands) -> Placing:
        if self._is_late:
            return Placing(
                self.pool_of,
                pools=frozenset(POOLS),
                tags=frozenset(TAGS),
                limits=self.limits,
                hands=hands,
                is_shared=True,
            )
        roll = self.roll
        tools = {name: pool for name, pool in self.pool_of.items() if roll.random() < 0.8}
        pools = frozenset(pool for pool in POOLS if roll.random() < 0.6)
        tags = frozenset(tag for tag in TAGS if roll.random() < 0.6)
        return Placing(tools, pools=pools, tags=tags, limits=self.limits, hands=hands, is_shared=True)

    def _engine_of(self, store: EventStore, tenant: str) -> Engine:
        assert tenant == TENANT
        return self._engine(store)

    def _faults(self) -> list[Fault]:
        """Without those by which a process goes on with what is somebody else's by then, and does not know it."""
        return [fault for fault in super()._faults() if not isinstance(fault, LeaseDropped | ClockJumped)]

    # --- people ---

    async def _bring(self, request: r.Request, by: str) -> None:
        """Through a process that drives the run, or as a signal."""
        drivers = [worker for one in self.living.values() for worker in one.workers if RUN in worker.drivers]
        self.worker = self.roll.choice(drivers) if drivers else None
        await super()._bring(request, by)

    # --- afterwards ---

    async def _look_at_the_store(self) -> None:
        if self.queue.broken is not None:
            raise self.queue.broken
        # A question about an effect may outlive its run, where whoever ended the run was killed that very moment.
        offers = [offer for offer in await self.store.queue.offers(TENANT, RUN) if not offer.path.endswith("?")]
        if offers:
            raise BrokenRule(10, f"the run has ended, and these are still on offer: {offers}")
        await super()._look_at_the_store()


def tool_nodes(parts: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Every node of a document that calls a tool."""
    for part in parts:
        inner = cast("dict[str, Any]", part) if isinstance(part, dict) else {}
        for key, value in inner.items():
            nodes: list[Any] = [value] if key == "do" else list(value.values()) if key in HOLDS_NODES else []
            yield from (node for node in nodes if isinstance(node, dict) and "tool" in node)
        yield from tool_nodes(cast("list[Any]", part) if isinstance(part, list) else inner.values())
