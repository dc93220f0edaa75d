"""Agents on a real engine, on virtual time: a store that counts its commits, workers that leave or die, tools, models.

The models are scripted, the policy says what a test wants it to, and nothing else is in anybody's place.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any, Final, Self, TypeVar

from interlock.agents import Agent, collect_agents
from interlock.bootstrap import TENANT
from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.plan import Plan
from interlock.core.state import RunState
from interlock.core.values import Value
from interlock.core.verdicts import Judge, Movement, Verdict
from interlock.engine.agents.memory.keeping import KeptMemories
from interlock.engine.agents.model_door import ModelDoor
from interlock.engine.courses.verifying import replay_run
from interlock.engine.driving import RunDriver
from interlock.engine.engine import Engine
from interlock.engine.performing import LiveWorld
from interlock.engine.serving.roster import WorkerCard
from interlock.engine.serving.service import Service
from interlock.engine.sharing.placing import Hands, Placing
from interlock.engine.signals import encode_request, kind_of
from interlock.engine.starting import start_detached
from interlock.engine.worker import Worker
from interlock.store.event_store import Append
from interlock.store.lease import LeaseOwner
from interlock.store.memory.store import MemoryEventStore
from interlock.tools.door import ToolDoor
from interlock.tools.toolbox import collect_tools
from tests.engine.fleet import Serving
from tests.simulation.process_door import ProcessDoor
from tests.simulation.virtual_time import VirtualClock

B = TypeVar("B", bound=e.Body)

LEASE_SECONDS: Final = 3
RUN: Final = "run"


def allow(movement: Movement) -> Verdict:
    """A policy that allows everything."""
    return Verdict("allow", "all", "policy-1")


def rule(verdict: Verdict, *names: str) -> Judge:
    """A policy that says one thing of some tools or models, and allows the rest."""
    return lambda movement: verdict if movement.name in names else allow(movement)


class CountingStore(MemoryEventStore):
    """A store that remembers what was appended."""

    def __init__(self, clock: VirtualClock) -> None:
        self.serving: dict[str, ProcessDoor] = {}
        super().__init__(
            clock=clock.now,
            lease_micros=LEASE_SECONDS * 1_000_000,
            is_running=lambda owner: owner.id in self.serving and not self.serving[owner.id].dead.is_set(),
        )
        self.appends: list[Append] = []

    async def append(self, append: Append) -> None:
        """Append, and remember it."""
        await super().append(append)
        self.appends.append(append)


class Life:
    """A worker, from its coming to its leaving or its death."""

    def __init__(self, worker: Worker, door: ProcessDoor) -> None:
        self.worker = worker
        self._door = door
        self.is_dead = False

    def die(self) -> None:
        """Nothing that it still does is heard of."""
        self.is_dead = True
        self._door.dead.set()

    def leave(self) -> None:
        """It ends in good order, as each does of itself where its life is over."""


class Workbench:
    """One store, agents, tools and models."""

    def __init__(
        self,
        *agents: Agent,
        tools: Sequence[Any] = (),
        models: ModelDoor,
        judge: Judge = allow,
        graphs: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.clock = VirtualClock()
        self.store = CountingStore(self.clock)
        self.agents = collect_agents(agents)
        self.toolbox = collect_tools(tools)
        self.models = models
        self.judge = judge
        self._graphs = graphs or {}
        self._lives = 0
        self._drivers: list[tuple[Life, RunDriver]] = []

    async def __aenter__(self) -> Self:
        await self.store.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.store.__aexit__(None, None, None)

    def engine(self) -> Engine:
        """What reads and writes the runs."""
        return Engine(self.store, tenant=TENANT, now=self.clock.now, judge=self.judge)

    def plan(self, nodes: Mapping[str, Any], **keys: Any) -> tuple[Plan, bytes]:  # noqa: ANN401 - keys of a graph
        """A graph of these nodes, and its bundle."""
        document = {"graph": "g", "nodes": dict(nodes), **keys}
        catalogue = Catalogue(self.toolbox.contracts(), self._graphs, self.agents.contracts())
        compiled = compile_graph(document, catalogue)
        assert compiled.plan is not None, compiled.errors
        assert compiled.bundle is not None
        return compiled.plan, compiled.bundle.bytes

    @asynccontextmanager
    async def life(self) -> AsyncGenerator[Life]:
        """A worker on this store."""
        self._lives += 1
        door = ProcessDoor(self.store, Random(0), blobs={})  # noqa: S311 - the same again each time
        engine = Engine(door.as_store(), tenant=TENANT, now=self.clock.now, judge=self.judge)
        world = LiveWorld(
            self.toolbox,
            ToolDoor(clock=self.clock),
            tenant=TENANT,
            models=self.models,
            agents=self.agents,
            memory=KeptMemories(door.as_store(), tenant=TENANT),
        )
        owner = LeaseOwner(f"worker {self._lives}", "here", self._lives, 1)
        worker = Worker(engine, world, self.clock, owner=owner, new_id=lambda: RUN)
        life = Life(worker, door)
        async with worker:
            yield life

    def serve(self, name: str, *, pool: str = "default", runs_max: int = 100) -> Serving:
        """A process that serves the store: it drives runs, and performs what is on offer of its pool."""
        door, held = ProcessDoor(self.store, Random(0), blobs={}), Hands(10)  # noqa: S311 - as above
        owner = LeaseOwner(name, "here", 1, 1)
        self.store.serving[name] = door
        tools = {each.name: "default" for each in self.agents} | {each.name: each.pool for each in self.toolbox}
        placing = Placing(tools, pools=frozenset({pool}), hands=held, is_shared=True)
        store = door.as_store()

        def worker_of(tenant: str) -> Worker:
            world = LiveWorld(
                self.toolbox, ToolDoor(clock=self.clock), tenant=tenant, models=self.models, agents=self.agents
            )
            engine = Engine(store, tenant=tenant, now=self.clock.now, judge=self.judge)
            return Worker(engine, world, self.clock, owner=owner, new_id=lambda: "", placing=placing)

        card = WorkerCard(owner=owner, pools=(pool,), concurrency=10, started_at=self.clock.now())
        service = Service(
            store, self.clock, card=card, placing=placing, worker_of=worker_of, limits=(), runs_max=runs_max
        )
        leaves = asyncio.Event()
        one = Serving(service, held, leaves, door)
        one.task = asyncio.ensure_future(service.serve(TENANT, until=leaves, grace_seconds=5))
        return one

    async def offer(self, nodes: Mapping[str, Any], **keys: Any) -> None:  # noqa: ANN401 - as above
        """A run for whoever takes it up."""
        plan, bundle = self.plan(nodes, **keys)
        engine = self.engine()
        await engine.keep_bundle(plan, bundle)
        starter = LeaseOwner("starter", "elsewhere", 1, 1)
        await start_detached(engine, plan, RUN, r.StartRun(inputs={}, tenant=TENANT), owner=starter)

    async def asked(self, request: r.Request) -> None:
        """Somebody asks something of a run that is driven somewhere."""
        await self.store.send_signal(TENANT, RUN, kind=kind_of(request), body=encode_request(request), sender="ada")

    async def start(self, life: Life, nodes: Mapping[str, Any], **keys: Any) -> RunDriver:  # noqa: ANN401 - as above
        """A run of these nodes, driven by that worker."""
        plan, bundle = self.plan(nodes, **keys)
        await self.engine().keep_bundle(plan, bundle)
        driver = await life.worker.start(plan, RUN, r.StartRun(inputs={}, tenant=TENANT))
        self._drivers.append((life, driver))
        return driver

    async def run(self, nodes: Mapping[str, Any], **keys: Any) -> RunState:  # noqa: ANN401 - as above
        """A run of these nodes from its start to its end."""
        async with self.life() as life:
            await self.start(life, nodes, **keys)
            return await self.ended()

    async def go_on(self, life: Life) -> RunDriver:
        """The run is taken up by another worker, once nobody holds it any more."""
        await asyncio.sleep(2 * LEASE_SECONDS)
        driver = await life.worker.take_up(RUN)
        self._drivers.append((life, driver))
        return driver

    async def ended(self, *, within: float = 60) -> RunState:
        """The run, once it has ended. Its log is replayed: each decision in it comes out the same."""
        async with asyncio.timeout(within):
            while (await self.store.get_run(TENANT, RUN)).ended_at is None:
                await self._a_moment()
        replayed = await replay_run(self.engine(), RUN)
        assert replayed.verdict == "same", replayed
        return (await self.engine().view(RUN))[1]

    async def _a_moment(self) -> None:
        """Time passes. A driver that came to grief alive would be waited for in vain."""
        for life, driver in self._drivers:
            if driver.failure is not None and not life.is_dead:
                raise driver.failure
        await asyncio.sleep(0.05)

    async def goes_on_after_a_death(self) -> RunState:
        """Another worker takes the run up and brings it to its end."""
        async with self.life() as heir:
            await self.go_on(heir)
            return await self.ended()

    # --- what is on record ---

    async def log(self) -> list[e.Event]:
        """The run's events."""
        return await self.store.read(TENANT, RUN)

    async def bodies(self, kind: type[B], path: str | None = None) -> list[B]:
        """What the events of a kind say, those at one path if it is given."""
        return [
            event.body
            for event in await self.log()
            if isinstance(event.body, kind) and (path is None or event.path == path)
        ]

    async def until(self, is_so: Callable[[e.Event], bool], *, within: float = 60) -> e.Event:
        """The first event of which something holds, once it is on record."""
        async with asyncio.timeout(within):
            while True:
                for event in await self.log():
                    if is_so(event):
                        return event
                await self._a_moment()

    async def question(self, kind: str, number: int = 1) -> tuple[str, e.EffectIntended]:
        """Where the first (or a later) question of that kind is asked, and its intent, once it is on record."""
        seen: list[tuple[str, e.EffectIntended]] = []

        def is_meant(event: e.Event) -> bool:
            if isinstance(event.body, e.EffectIntended) and event.body.kind == kind:
                address = (f"{event.path}.{event.body.ordinal}", event.body)
                if address not in seen:
                    seen.append(address)
            return len(seen) >= number

        await self.until(is_meant)
        return seen[number - 1]

    async def tell(self, driver: RunDriver, request: r.Request) -> None:
        """Somebody asks something of the run."""
        refused = await driver.submit(request, by="ada")
        assert refused is None, refused


def outputs(state: RunState) -> Value:
    """What the nodes of a run gave, if it ended well."""
    assert state.outcome is not None
    assert state.outcome.status == "succeeded", state.outcome
    return state.outcome.out


def failure(state: RunState) -> tuple[str, str]:
    """How a run ended, and by which kind of error."""
    assert state.outcome is not None
    return state.outcome.status, "" if state.outcome.error is None else state.outcome.error.kind


async def wound_up(*lives: Life) -> None:
    """Whatever dead workers still hold is let go."""
    for life in lives:
        with suppress(Exception):
            await life.worker.close()
