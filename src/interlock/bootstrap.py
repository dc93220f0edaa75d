"""Putting the parts together: where each port meets its adapter, and where clock, chance and process come in.

Decides nothing else: which store, which tools and how many slots is said by the caller, from settings or from code.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from interlock.agents.collecting import Agents
from interlock.agents.passing_on import PASSED_ON
from interlock.artifacts import ArtifactShelf
from interlock.core.plan import DEFAULT_POOL, Micros
from interlock.core.requests import Result
from interlock.engine.agents.memory.keeping import KeptMemories
from interlock.engine.agents.model_door import ModelDoor, NoModels
from interlock.engine.engine import Engine
from interlock.engine.performing import LiveWorld, Performer, late_result
from interlock.engine.relaying.relay import FeedRelay
from interlock.engine.serving.duties import Duty
from interlock.engine.serving.roster import WorkerCard
from interlock.engine.serving.service import Service
from interlock.engine.sharing.placing import Hands, Placing
from interlock.engine.triggers.event_triggers import EventTriggers
from interlock.engine.triggers.schedules import Schedules
from interlock.engine.worker import Worker
from interlock.engine.worlds.cassette_files import Recording, read_cassette, write_cassette
from interlock.engine.worlds.cassettes import Cassette, CassetteError
from interlock.engine.worlds.taped_worlds import PlayingWorld, RecordingWorld
from interlock.faults.clock import JumpingClock
from interlock.faults.process import FaultyProcess
from interlock.faults.store import FaultyStore
from interlock.faults.switches import Fault
from interlock.faults.world import FaultyWorld
from interlock.governance.tenant_policies import TenantPolicies
from interlock.models.declaring import ModelServer, ModelsSettings, ProviderSettings
from interlock.packaged.places import PACKAGED
from interlock.sinks.declaring import SinkSettings
from interlock.sinks.errors import SinkUnusableError
from interlock.sinks.making import make_sink
from interlock.store.claims import RunLimit
from interlock.store.errors import PlaceError
from interlock.store.event_store import EventStore
from interlock.store.lease import LEASE_MICROS
from interlock.store.memory.store import MemoryEventStore
from interlock.store.places import StorePlace
from interlock.store.postgres.address import PostgresAddress
from interlock.store.processes import this_process
from interlock.store.schema import StoreSchema
from interlock.store.sqlite.migrating import SqliteSchema
from interlock.store.sqlite.store import SqliteEventStore
from interlock.tools.clock import Clock, LoopClock
from interlock.tools.door import ToolDoor, slots_for
from interlock.tools.outcome import ToolCall, ToolOutcome
from interlock.tools.secrets import NO_SECRETS, MissingSecret, SecretSource
from interlock.tools.slots import Slots
from interlock.tools.tool import Runs, Tool
from interlock.tools.toolbox import Toolbox
from interlock.tools.workspace.workspaces import Workspaces

if TYPE_CHECKING:
    from interlock.models.gateway import ModelGateway
    from interlock.models.standing import ModelStanding
    from interlock.tools.standard import SandboxFoundOnce
    from interlock.tools.standard.web import WebSearch

TENANT: Final = "local"
"""Who owns every run before there are tenants."""

LIVE: Final = "live"
"""The world itself: tools are called."""

_ID_LETTERS: Final = "abcdefghjkmnpqrstvwxyz"
_ID_SYMBOLS: Final = _ID_LETTERS + "23456789"
_ID_LENGTH: Final = 12


@dataclass(frozen=True, kw_only=True)
class DeclaredModels:
    """The models that a project declares, the server that may stand in for all of them, and the project's folder."""

    models: ModelsSettings = field(default_factory=ModelsSettings)
    server: ModelServer = field(default_factory=ModelServer)
    folder: Path = Path()

    scripts: Path | None = None
    """What the agents that come along answer where no model is declared; None: nothing."""

    @property
    def has_any(self) -> bool:
        """Whether any model can be asked."""
        return bool(self.models.providers) or bool(self.server.url)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a worker is put together from. `slots` is asked anew for each worker: slots belong to one event loop."""

    store: EventStore
    place: StorePlace | None = None
    """The store's file, if it has one: its folder is made when the store is opened, and not before."""
    toolbox: Toolbox
    policies: TenantPolicies
    """What is asked before each movement: nothing moves without one."""
    agents: Agents | None = None
    models: DeclaredModels = field(default_factory=DeclaredModels)
    secrets: SecretSource = NO_SECRETS
    slots: Callable[[], Mapping[Runs, Slots]] = slots_for
    clock: Clock = field(default_factory=LoopClock)
    plays: Cassette | None = None
    """What answers in the tools' place, however often the worker is opened."""
    records: Recording | None = None
    """Where what the tools answer is kept."""
    faults: Sequence[Fault] = ()
    """What is put in the way of calls and appends, for tests."""
    workspaces: Workspaces | None = None
    """Where the workspaces of its runs are."""
    new_id: Callable[[], str] | None = None
    """What names runs; left out, chance."""
    pools: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many calls of a pool are performed at once, by all workers of the store."""

    def placing(
        self,
        *,
        pools: frozenset[str] | None = None,
        tags: frozenset[str] = frozenset(),
        hands: Hands | None = None,
        is_shared: bool = False,
    ) -> Placing:
        """What a worker with these parts performs itself."""
        names = self.agents.names() if self.agents else ()
        agents = dict.fromkeys((PASSED_ON, *names), DEFAULT_POOL)
        tools = agents | self.toolbox.pools()
        return Placing(tools, pools=pools, tags=tags, limits=self.pools, hands=hands, is_shared=is_shared)


@dataclass(frozen=True, kw_only=True)
class Serving:
    """What a worker that serves takes on. Without `pools` it is of the pool of what says nothing of pools."""

    pools: frozenset[str] = frozenset({DEFAULT_POOL})
    tags: frozenset[str] = frozenset()
    concurrency: int
    runs_max: int
    limits: Sequence[RunLimit] = ()
    duties: Callable[[Engine], Sequence[Duty]] = lambda _: ()


def cassette_of(world: str) -> Cassette | None:
    """The cassette that a world is played from: `cassette:FILE`. None: the world itself, `live`."""
    kind, _, file = world.partition(":")
    if kind == "cassette" and file:
        return read_cassette(Path(file))
    if world != LIVE:
        raise CassetteError(f"there is no world {world!r}: there are `live` and `cassette:FILE`")
    return None


def make_store(place: StorePlace | None, *, clock: Clock, lease_micros: int = LEASE_MICROS) -> EventStore:
    """The store at a place, which is not touched before it is opened; without a place, one in memory."""
    match place:
        case None:
            return MemoryEventStore(clock=clock.now, lease_micros=lease_micros)
        case Path():
            return SqliteEventStore(place, clock=clock.now, lease_micros=lease_micros)
        case PostgresAddress():
            with _driver_needed(place):
                # The driver is an extra, and takes longer to load than most commands take as a whole.
                from interlock.store.postgres.store import PostgresEventStore  # noqa: PLC0415
            return PostgresEventStore(place, clock=clock.now, lease_micros=lease_micros)


@contextmanager
def _driver_needed(place: PostgresAddress) -> Generator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        what = "PostgreSQL needs a package that is not installed: pip install 'interlock[postgres]'"
        raise PlaceError(place.shown, "no_driver", what) from error


def schema_of(place: StorePlace) -> StoreSchema:
    """The schema of the store that is at a place."""
    if isinstance(place, Path):
        return SqliteSchema(place)
    with _driver_needed(place):
        from interlock.store.postgres.migrating import PostgresSchema  # noqa: PLC0415 - as above
    return PostgresSchema(place)


def make_relay(
    name: str,
    declared: SinkSettings,
    *,
    store: EventStore,
    secrets: SecretSource,
    folder: Path,
    now: Callable[[], int],
) -> FeedRelay:
    """What tells a sink on; `SinkUnusableError` if it is declared in a way that cannot work."""
    secret = None if declared.secret is None else secrets.find(declared.secret)
    if declared.secret is not None and secret is None:
        raise SinkUnusableError(f"the sink {name} cannot sign: {MissingSecret(declared.secret)}")
    sink = make_sink(name, declared, folder=folder, key=None if secret is None else secret.reveal())
    return FeedRelay(store, tenant=TENANT, sink_name=name, sink=sink, now=now)


def sandbox_of(tiers: Sequence[str] | None = None) -> SandboxFoundOnce:
    """Where programs run, looked for when one is to run first. `tiers`: the sandboxes that may be used."""
    from interlock.tools.sandbox import find_sandbox  # noqa: PLC0415 - who runs nothing needs none
    from interlock.tools.standard import SandboxFoundOnce  # noqa: PLC0415

    return SandboxFoundOnce(find_sandbox if tiers is None else partial(find_sandbox, tiers=tiers))


def default_tools(
    workspaces: Workspaces,
    sandbox: SandboxFoundOnce | None = None,
    *,
    web: WebSearch | None = None,
    artifacts: Callable[[str], ArtifactShelf] | None = None,
) -> Sequence[Tool]:
    """The tools that every project has, in the workspaces of its runs. `artifacts` gives those of a tenant."""
    # Twenty tools with their schemas: who runs nothing needs none of them.
    from interlock.tools.outgoing import fetch  # noqa: PLC0415
    from interlock.tools.standard import ToolEnvironment, standard_tools  # noqa: PLC0415

    environment = ToolEnvironment(
        workspaces=workspaces,
        sandbox=sandbox_of() if sandbox is None else sandbox,
        fetch=partial(fetch, allowed_hosts=("*",)),  # which host may be called is for the policy to say
        web=web,
        artifacts=artifacts,
    )
    return standard_tools(environment)


def packaged_tools(workspaces: Workspaces) -> Sequence[Tool]:
    """The tools of the packaged examples."""
    from interlock.packaged.example_tools import example_tools  # noqa: PLC0415 - where examples are known

    return example_tools(workspaces)


def find_web_search(endpoint: str | None, *, packaged: bool) -> WebSearch | None:
    """What searches the web: the endpoint that the settings name, else the packaged texts, else nothing."""
    if endpoint is not None:
        from interlock.tools.standard.search_endpoint import endpoint_search  # noqa: PLC0415 - where one is named

        return endpoint_search(endpoint)
    if packaged:
        from interlock.packaged.corpus_search import corpus_search  # noqa: PLC0415 - where nothing else is searched

        return corpus_search()
    return None


def make_models(declared: DeclaredModels, *, secrets: SecretSource, clock: Clock) -> ModelGateway:
    """The gateway to the models that a project declares. It belongs to one event loop."""
    # Its limits and breakers take 0.2 s to import, and most commands ask no model.
    from interlock.models.making import make_gateway  # noqa: PLC0415

    def find_key(name: str) -> str | None:
        secret = secrets.find(name)
        return None if secret is None else secret.reveal()

    async def sleep(micros: Micros) -> None:
        woken = asyncio.Event()
        timer = clock.call_at(clock.now() + micros, woken.set)
        try:
            await woken.wait()
        finally:
            timer.cancel()

    return make_gateway(
        declared.models, declared.server, folder=declared.folder, now=clock.now, sleep=sleep, find_key=find_key
    )


@dataclass(frozen=True)
class _OpenedModels:
    """Where agents ask models, and how those stand that were asked."""

    door: ModelDoor
    standings: Callable[[], Sequence[ModelStanding]]


@asynccontextmanager
async def _opened_models(parts: Parts) -> AsyncGenerator[_OpenedModels]:
    """Where agents ask models; in the end its connections are closed."""
    if not parts.models.has_any and parts.models.scripts is None:
        yield _OpenedModels(NoModels(), standings=list)
        return
    # Who asks no model needs none of what asks them.
    from interlock.engine.agents.gateway_door import GatewayDoor  # noqa: PLC0415

    gateway = make_models(_declared_or_scripted(parts.models), secrets=parts.secrets, clock=parts.clock)
    door = GatewayDoor(gateway, parts.secrets.redaction())
    try:
        asked = door if parts.models.has_any or parts.agents is None else _stand_in(door, parts.agents)
        yield _OpenedModels(asked, standings=gateway.standings)
    finally:
        await gateway.close()


def _declared_or_scripted(declared: DeclaredModels) -> DeclaredModels:
    """The models that a project declares; of one that declares none, the scripts that come along."""
    if declared.has_any or declared.scripts is None:
        return declared
    scripted = ProviderSettings(kind="scripted", path=str(declared.scripts))
    return replace(declared, models=ModelsSettings(providers={PACKAGED: scripted}))


def _stand_in(scripts: ModelDoor, agents: Agents) -> ModelDoor:
    """Only agents that come along are answered by scripts: whoever wrote an agent wants a model for it."""
    from interlock.engine.agents.stand_in_door import StandInDoor  # noqa: PLC0415 - where no model is declared

    return StandInDoor(scripts, comes_along=agents.comes_along)


def trigger_duties(engine: Engine) -> list[Duty]:
    """What starts runs of released graphs by itself, on an engine's store."""
    owner = this_process(secrets.token_hex(8))
    return [
        Schedules(engine, owner=owner, new_id=new_run_id),
        EventTriggers(engine, owner=owner, new_id=new_run_id),
    ]


@asynccontextmanager
async def running_worker(parts: Parts) -> AsyncGenerator[Worker]:
    """A worker on its opened store; in the end its runs are let go and the store is closed."""
    if isinstance(parts.place, Path):
        _make_folder(parts.place)
    async with parts.store, _kept_servers(parts), _opened_models(parts) as models, parts.policies.kept_current():
        in_force = await parts.policies.load(TENANT)
        clock = JumpingClock(parts.clock) if parts.faults else parts.clock
        process = _faulty(parts, clock, lambda: worker) if isinstance(clock, JumpingClock) else None
        store = parts.store if process is None else FaultyStore(parts.store, process).as_store()
        engine = Engine(store, tenant=TENANT, now=clock.now, judge=in_force.judge)

        def note_late(call: ToolCall, outcome: ToolOutcome) -> None:
            worker.note_late(call.run, late_result(call, outcome))

        door = ToolDoor(clock=clock, secrets=parts.secrets, slots=parts.slots(), on_late=note_late)
        memory = KeptMemories(store, tenant=TENANT)
        live = LiveWorld(parts.toolbox, door, tenant=TENANT, models=models.door, agents=parts.agents, memory=memory)
        owner = this_process(secrets.token_hex(8))
        with _world(parts, live) as sound:
            world = sound if process is None else FaultyWorld(sound, process)
            worker = Worker(
                engine,
                world,
                clock,
                owner=owner,
                new_id=parts.new_id or new_run_id,
                placing=parts.placing(),
                workspaces=parts.workspaces,
            )
            async with worker:
                yield worker


@asynccontextmanager
async def running_service(parts: Parts, serving: Serving) -> AsyncGenerator[Service]:
    """A worker that serves its opened store, for all tenants."""
    if isinstance(parts.place, Path):
        _make_folder(parts.place)
    owner = this_process(secrets.token_hex(8))
    hands = Hands(serving.concurrency)
    placing = parts.placing(pools=serving.pools, tags=serving.tags, hands=hands, is_shared=True)
    workers: dict[str, Worker] = {}

    def note_late(call: ToolCall, outcome: ToolOutcome) -> None:
        if call.tenant in workers:
            workers[call.tenant].note_late(call.run, late_result(call, outcome))

    @asynccontextmanager
    async def worker_of(tenant: str) -> AsyncGenerator[Worker]:
        in_force = await parts.policies.load(tenant)
        engine = Engine(parts.store, tenant=tenant, now=parts.clock.now, judge=in_force.judge)
        memory = KeptMemories(parts.store, tenant=tenant)
        world = LiveWorld(parts.toolbox, door, tenant=tenant, models=models.door, agents=parts.agents, memory=memory)
        workers[tenant] = Worker(
            engine,
            world,
            parts.clock,
            owner=owner,
            new_id=parts.new_id or new_run_id,
            placing=placing,
            workspaces=parts.workspaces,
        )
        async with workers[tenant] as worker:
            yield worker

    async with parts.store, _kept_servers(parts), _opened_models(parts) as models, parts.policies.kept_current():
        door = ToolDoor(clock=parts.clock, secrets=parts.secrets, slots=parts.slots(), on_late=note_late)
        card = WorkerCard(
            owner=owner,
            pools=tuple(sorted(serving.pools)),
            tags=tuple(sorted(serving.tags)),
            concurrency=serving.concurrency,
            started_at=parts.clock.now(),
            tools=len(parts.toolbox),
        )
        yield Service(
            parts.store,
            parts.clock,
            card=card,
            placing=placing,
            worker_of=worker_of,
            limits=serving.limits,
            runs_max=serving.runs_max,
            duties=serving.duties,
            models=models.standings,
        )


@asynccontextmanager
async def _kept_servers(parts: Parts) -> AsyncGenerator[None]:
    """In the end the servers are let go that calls of tools have opened connections to."""
    try:
        yield
    finally:
        await parts.toolbox.close()


def _faulty(parts: Parts, clock: JumpingClock, worker: Callable[[], Worker]) -> FaultyProcess:
    """What faults are put into: the process that works here."""

    async def drop_lease(run: str) -> None:
        driver = worker().drivers.get(run)
        if driver is not None:
            await parts.store.release_lease(driver.run.lease)

    def deliver(run: str, result: Result) -> None:
        worker().note_late(run, result)

    return FaultyProcess(faults=parts.faults, clock=clock, drop_lease=drop_lease, deliver=deliver)


@contextmanager
def _world(parts: Parts, live: Performer) -> Generator[Performer]:
    """Where effects go. What was recorded is written in the end, when nothing is in flight any more."""
    if parts.plays is not None:
        yield PlayingWorld(parts.plays, parts.toolbox, parts.secrets.redaction(), agents=parts.agents)
    elif parts.records is not None:
        redaction = parts.secrets.redaction()
        try:
            yield RecordingWorld(live, parts.records.cassette, redaction)
        finally:
            write_cassette(parts.records, redaction)
    else:
        yield live


def _make_folder(place: Path) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"its folder cannot be made ({error.strerror}): name another place, or make {place.parent} yourself"
        raise PlaceError(str(place), "no_access", what) from error


def new_run_id() -> str:
    """A name for a new run: short enough to be typed, and no two are alike."""
    rest = (secrets.choice(_ID_SYMBOLS) for _ in range(_ID_LENGTH - 1))
    return secrets.choice(_ID_LETTERS) + "".join(rest)
