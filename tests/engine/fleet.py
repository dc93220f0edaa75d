"""Processes that serve one store at the same time, on virtual time: started, told to leave, killed as a test says.

The store is in memory, its leases are short, and nothing else is in anybody's place.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import wraps
from random import Random
from types import TracebackType
from typing import Any, Final, Self

from interlock.bootstrap import TENANT
from interlock.core import requests as r
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.events import Event
from interlock.engine.engine import Engine
from interlock.engine.performing import LiveWorld
from interlock.engine.serving.duties import Duty
from interlock.engine.serving.roster import WorkerCard
from interlock.engine.serving.service import Service
from interlock.engine.sharing.placing import Hands, Placing
from interlock.engine.signals import encode_request, kind_of
from interlock.engine.starting import start_detached
from interlock.engine.worker import Worker
from interlock.store.claims import RunLimit
from interlock.store.effect_queue import OfferRow
from interlock.store.lease import LeaseOwner
from interlock.store.memory.store import MemoryEventStore
from interlock.store.rows import RunRow
from interlock.tools.door import ToolDoor
from interlock.tools.toolbox import collect_tools
from tests.policies import JUDGE
from tests.simulation.process_door import ProcessDoor
from tests.simulation.virtual_time import VirtualClock, run_at_once

LEASE_SECONDS: Final = 3
MINUTE: Final = 60.0


def on_virtual_time(story: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """A test whose time passes at once."""

    @wraps(story)
    def test() -> None:
        run_at_once(story())

    return test


class Serving:
    """One process that serves."""

    def __init__(self, service: Service, hands: Hands, leaves: asyncio.Event, door: ProcessDoor) -> None:
        self.service = service
        self.hands = hands
        self.task: asyncio.Task[None] | None = None
        self._leaves = leaves
        self._door = door
        self.is_alive = True

    async def leave(self) -> None:
        """It is told to leave, and does so in good order."""
        assert self.task is not None
        self._leaves.set()
        await self.task
        self.is_alive = False

    def kill(self) -> None:
        """Nothing more is heard of it."""
        assert self.task is not None
        self.is_alive = False
        self._door.dead.set()
        self.task.cancel()


class Fleet:
    """One store, and who serves it. `tools` are those that graphs may name."""

    def __init__(self, *tools: Any) -> None:  # noqa: ANN401 - whatever `collect_tools` takes
        self.clock = VirtualClock()
        self.tools = tools
        self.serving: dict[str, Serving] = {}
        self.store = MemoryEventStore(
            clock=self.clock.now,
            lease_micros=LEASE_SECONDS * 1_000_000,
            is_running=lambda owner: owner.id not in self.serving or self.serving[owner.id].is_alive,
        )
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self.store)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self.serving.values():
            if one.is_alive and kind is None:
                await one.leave()
            else:
                one.kill()
        await self._open.aclose()

    def serve(
        self,
        name: str,
        *,
        tools: Sequence[Any] | None = None,
        pools: frozenset[str] = frozenset({"default"}),
        tags: frozenset[str] = frozenset(),
        hands: int | None = None,
        pool_limits: Mapping[str, int] | None = None,
        run_limits: Sequence[RunLimit] = (),
        runs_max: int = 100,
        duties: Sequence[Duty] = (),
        host: str = "here",
        grace_seconds: float = MINUTE,
    ) -> Serving:
        """Another process."""
        toolbox = collect_tools(self.tools if tools is None else tools)
        door = ProcessDoor(self.store, Random(0), blobs={})  # noqa: S311 - every schedule has to be the same again
        store, held = door.as_store(), Hands(hands)
        owner = LeaseOwner(name, host, 1, 1)
        pool_of = {tool.name: tool.pool for tool in toolbox}
        placing = Placing(pool_of, pools=pools, tags=tags, limits=pool_limits, hands=held, is_shared=True)

        def worker_of(tenant: str) -> Worker:
            world = LiveWorld(toolbox, ToolDoor(clock=self.clock), tenant=tenant)
            engine = Engine(store, tenant=tenant, now=self.clock.now, judge=JUDGE)
            return Worker(engine, world, self.clock, owner=owner, new_id=lambda: "", placing=placing)

        service = Service(
            store,
            self.clock,
            card=WorkerCard(owner=owner, pools=tuple(sorted(pools)), concurrency=hands, started_at=self.clock.now()),
            placing=placing,
            worker_of=worker_of,
            limits=run_limits,
            runs_max=runs_max,
            duties=lambda _: duties,
        )
        leaves = asyncio.Event()
        one = self.serving[name] = Serving(service, held, leaves, door)
        one.task = asyncio.ensure_future(service.serve(TENANT, until=leaves, grace_seconds=grace_seconds))
        return one

    def kill(self, names: Sequence[str]) -> None:
        """Nothing more is heard of these."""
        for name in names:
            self.serving[name].kill()

    @asynccontextmanager
    async def alone(self, *, pool_limits: Mapping[str, int] | None = None) -> AsyncGenerator[Worker]:
        """A process that serves nobody but its own runs."""
        toolbox = collect_tools(self.tools)
        placing = Placing({tool.name: tool.pool for tool in toolbox}, limits=pool_limits)
        world = LiveWorld(toolbox, ToolDoor(clock=self.clock), tenant=TENANT)
        owner = LeaseOwner("alone", "here", 2, 1)
        async with Worker(self.engine(), world, self.clock, owner=owner, new_id=lambda: "", placing=placing) as worker:
            yield worker

    def engine(self, tenant: str = TENANT) -> Engine:
        """What reads and writes the runs of a tenant."""
        return Engine(self.store, tenant=tenant, now=self.clock.now, judge=JUDGE)

    async def start(
        self,
        nodes: Mapping[str, Any],
        run: str = "run",
        *,
        tenant: str = TENANT,
        graph: str = "g",
        **request: Any,  # noqa: ANN401 - fields of the request
    ) -> str:
        """A run for whoever takes it up."""
        document = {"graph": graph, "nodes": dict(nodes)}
        compiled = compile_graph(document, Catalogue(collect_tools(self.tools).contracts()))
        assert compiled.plan is not None, compiled.errors
        assert compiled.bundle is not None
        engine = self.engine(tenant)
        await engine.keep_bundle(compiled.plan, compiled.bundle.bytes)
        starter = LeaseOwner("starter", "elsewhere", 1, 1)
        started = r.StartRun(inputs={}, tenant=tenant, **request)
        return await start_detached(engine, compiled.plan, run, started, owner=starter)

    async def asked(self, request: r.Request, run: str = "run", *, by: str = "ada") -> None:
        """Somebody asks something of a run."""
        await self.store.send_signal(TENANT, run, kind=kind_of(request), body=encode_request(request), sender=by)

    # --- what is on record ---

    async def ended(self, run: str = "run", *, tenant: str = TENANT, within: float = 10 * MINUTE) -> RunRow:
        """The run's row, once it has ended."""
        return await self.until(lambda row: row.ended_at is not None, run, tenant=tenant, within=within)

    async def until(
        self, is_so: Callable[[RunRow], bool], run: str = "run", *, tenant: str = TENANT, within: float = 10 * MINUTE
    ) -> RunRow:
        """The run's row, once something holds of it."""
        async with asyncio.timeout(within):
            while not is_so(row := await self.store.get_run(tenant, run)):  # noqa: ASYNC110 - as anybody would look
                await asyncio.sleep(0.05)
        return row

    async def offers(self, run: str = "run") -> list[OfferRow]:
        """What is on the queue of a run."""
        return await self.store.queue.offers(TENANT, run)

    async def log(self, run: str = "run") -> list[Event]:
        """Its events."""
        return await self.store.read(TENANT, run)

    async def outputs(self, run: str = "run") -> dict[str, Any]:
        """What its nodes gave, by their paths."""
        _, state = await self.engine().view(run)
        assert state.outcome is not None
        return state.outcome.out or {}
