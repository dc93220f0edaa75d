"""`Interlock`: graphs are run, runs are followed and moved on, from Python. The command line stands on the same class.

It knows tools, graphs, secrets and a place where runs are kept; it decides nothing about a run. Nothing is global: two
may be open at the same time, on one place or on two.
"""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from interlock.agents.collecting import Agents, AgentSource, collect_agents
from interlock.artifacts import ArtifactShelf, artifacts_named
from interlock.bootstrap import (
    LIVE,
    TENANT,
    DeclaredModels,
    Parts,
    Serving,
    cassette_of,
    default_tools,
    find_web_search,
    make_store,
    packaged_tools,
    sandbox_of,
)
from interlock.core.canonical import canonical
from interlock.core.lifecycle import RUN_ENDED
from interlock.core.plan import DEFAULT_POOL
from interlock.core.problems import nearest
from interlock.core.requests import MigrateRun, StartRun
from interlock.core.values import Ref, Value
from interlock.embedded.choosing import plan_to_move_to, plan_to_run
from interlock.embedded.compiling_apart import Apart
from interlock.embedded.duties import Duties
from interlock.embedded.effects import Effects
from interlock.embedded.errors import NotOpenError, RunningLoopError
from interlock.embedded.fleet import Fleet
from interlock.embedded.given_secrets import Secrets, secret_source
from interlock.embedded.graph_registry import GraphRegistry
from interlock.embedded.graph_texts import keep_text
from interlock.embedded.graphs import CheckedGraph, Graphs, GraphShelf, GraphSource
from interlock.embedded.handle import RunHandle
from interlock.embedded.jobs.records import JobRecords
from interlock.embedded.kept_where import folder_beside, place_of_store
from interlock.embedded.model_calls import CallGraphs, ModelCalls
from interlock.embedded.own_loop import in_own_loop
from interlock.embedded.registered_policies import RegisteredPolicies
from interlock.embedded.result import RunResult
from interlock.embedded.retention import RunRetention
from interlock.embedded.run_files import RunFiles
from interlock.embedded.selection import Selection
from interlock.embedded.served import GivenWorker, Served
from interlock.embedded.serving import serve
from interlock.embedded.sessions import labels_of
from interlock.embedded.shared_worker import SharedWorker
from interlock.embedded.sinks import Sinks
from interlock.embedded.triggers import Triggers
from interlock.embedded.webhooks import Webhooks
from interlock.embedded.workspace_files import WorkspaceFiles
from interlock.engine.errors import RunNotFoundError, RunPrunedError
from interlock.engine.releasing.migrating import Obstacle, obstacle_to
from interlock.engine.releasing.preflight import Preflight, preflight
from interlock.engine.releasing.releases import (
    Published,
    Release,
    ReleaseHistory,
    all_released,
    go_back,
    publish,
    released,
)
from interlock.engine.retaining.pruning import find_pruned
from interlock.engine.run_filter import RunFilter, runs_page
from interlock.engine.serving.roster import WorkerCard
from interlock.engine.starting import start_detached
from interlock.engine.submitting import Submitted, submit
from interlock.engine.telling.cost_groups import CostReport
from interlock.engine.worker import Worker
from interlock.engine.worlds.cassette_files import recording_to
from interlock.engine.worlds.cassettes import CassetteError
from interlock.faults import Fault
from interlock.governance import Policy, default_policy, project_policy
from interlock.governance.tenant_policies import TenantPolicies
from interlock.models.declaring import ModelServer, ModelsSettings
from interlock.packaged.places import GRAPHS, SCRIPTS
from interlock.settings import Configured, LimitSettings, RetentionSettings, SlotSettings, WorkerSettings
from interlock.sinks.declaring import SinkSettings
from interlock.store.claims import RunLimit
from interlock.store.errors import LeaseHeldError, RunKeyTakenError
from interlock.store.event_store import LIST_LIMIT
from interlock.store.lease import LEASE_MICROS
from interlock.store.places import StorePlace
from interlock.store.rows import QuestionRow, RunRow
from interlock.tenancy import ApiKeys
from interlock.tools.clock import Clock, LoopClock
from interlock.tools.door import slots_for
from interlock.tools.plugins import enabled_plugins, installed_plugins
from interlock.tools.secrets import NO_SECRETS, read_secrets
from interlock.tools.toolbox import Toolbox, ToolSource, collect_tools
from interlock.tools.workspace import Workspaces, seed_from_folder
from interlock.webhooks.compiled import CompiledWebhooks
from interlock.webhooks.declaring import WebhookSettings
from interlock.webhooks.registry import WebhookRegistry

if TYPE_CHECKING:
    from interlock.models.listing import ListedModel


class Interlock:
    """What runs graphs. `run` needs nothing else; to start and follow runs, open it: `async with Interlock(…)`."""

    def __init__(
        self,
        store: str | StorePlace | None = None,
        *,
        tools: Iterable[ToolSource] = (),
        agents: Iterable[AgentSource] = (),
        graphs: str | GraphShelf | None = None,
        policies: str | Path | None = None,
        models: ModelsSettings | Mapping[str, Any] | None = None,
        model_server: ModelServer | None = None,
        secrets: Secrets = NO_SECRETS,
        limits: LimitSettings | None = None,
        slots: SlotSettings | None = None,
        sandbox: Sequence[str] | None = None,
        search: str | None = None,
        packaged: bool = False,
        clock: Clock | None = None,
        new_id: Callable[[], str] | None = None,
        world: str = LIVE,
        record: str | Path | None = None,
        adds_to_record: bool = False,
        faults: Sequence[Fault] = (),
        sinks: Mapping[str, SinkSettings | str] | None = None,
        webhooks: Mapping[str, WebhookSettings | Mapping[str, Any]] | None = None,
        pools: Mapping[str, int] | None = None,
        lease_seconds: float = LEASE_MICROS / 1_000_000,
        folder: Path | None = None,
    ) -> None:
        """Nothing is opened yet. Without a `store`, runs are kept in memory, with this object.

        `store` is a file that is made if it is not there, or `postgresql://user:password@host/database`.

        `tools` are functions marked with `@tool`, modules, files or folders; `graphs` a folder, or documents by name;
        `agents` are contracts, folders of them, or agents declared in Python. `policies` is a folder of rules: without
        one the default set holds. `models` declares providers and pools as the settings do.
        `record` keeps what the tools answer as a cassette; with `world="cassette:FILE"` that answers in their place.
        A cassette is made anew, unless `adds_to_record` says that a run is gone on with which is on it so far.
        `sandbox` names the tiers in which programs may run that models write; left out, the best that holds here.
        `search` is the endpoint that `web_search` asks. With `packaged` the packaged examples are known by name, too.
        `new_id` names runs; left out, chance does.
        `faults` are put in the way of calls, for tests: see `interlock.faults`.
        `pools` says of how many calls of a pool are performed at once, by all who work on the store.
        `lease_seconds`: for so long what a process holds is left to it without a word from it; the same for all.
        `sinks` are where events leave for, by name; files among them are found from `folder`.
        `webhooks` are what other systems send and sign, by name, as the settings declare them.
        """
        if isinstance(tools, str):
            raise TypeError(f"`tools` is a list, also of one: write `tools=[{tools!r}]`")
        limits, slots, clock = limits or LimitSettings(), slots or SlotSettings(), clock or LoopClock()
        place = place_of_store(store)
        opened_later = make_store(place, clock=clock, lease_micros=round(lease_seconds * 1_000_000))
        self._workspaces = Workspaces(folder_beside(place, folder or Path()) / "workspaces")
        web = find_web_search(search, packaged=packaged)
        examples = packaged_tools(self._workspaces) if packaged else ()
        self._sandbox = sandbox_of(sandbox)
        come_along = (*examples, *default_tools(self._workspaces, self._sandbox, web=web, artifacts=self._artifacts_of))
        self.toolbox: Toolbox = collect_tools(tools).beside(come_along)
        self.agents: Agents = collect_agents(agents)
        of_files = default_policy() if policies is None else project_policy(Path(policies))
        tenant_policies = TenantPolicies(of_files, opened_later.records)
        self._in_force = tenant_policies.of(TENANT)
        self.graphs = Graphs(
            Path(graphs) if isinstance(graphs, str) else graphs,
            self.toolbox.contracts(),
            self.agents,
            pools=self.toolbox.pools(),
            kept_away=self.toolbox.why_kept_away,
            document_limits=limits.of_documents(),
            graph_limits=limits.of_graphs(),
            packaged=GRAPHS if packaged else None,
            policies=self._in_force.for_documents,
        )
        self._apart = Apart()
        if world != LIVE and record is not None:
            raise CassetteError("what a cassette answers is recorded already: leave out `record`, or the cassette")
        self._sinks = {name: SinkSettings.model_validate(declared) for name, declared in (sinks or {}).items()}
        self._hooks = {name: WebhookSettings.model_validate(declared) for name, declared in (webhooks or {}).items()}
        self._compiled_hooks = CompiledWebhooks()
        self._secrets = secret_source(secrets)
        self._folder = folder or Path()
        self._turn = threading.Lock()
        self._parts = Parts(
            store=opened_later,
            place=place,
            toolbox=self.toolbox,
            policies=tenant_policies,
            agents=self.agents,
            models=DeclaredModels(
                models=ModelsSettings.model_validate(models or {}),
                server=model_server or ModelServer(),
                folder=self._folder,
                scripts=SCRIPTS if packaged else None,
            ),
            secrets=self._secrets,
            slots=lambda: slots_for(tasks=slots.tasks, threads=slots.threads, processes=slots.processes),
            clock=clock,
            plays=cassette_of(world),
            records=None if record is None else recording_to(Path(record), adds=adds_to_record),
            faults=faults,
            workspaces=self._workspaces,
            new_id=new_id,
            pools=dict(pools or {}),
        )
        self._call_graphs = CallGraphs(self._parts.models)
        self._shared: SharedWorker | GivenWorker = SharedWorker(self._parts)

    @classmethod
    def of_project(
        cls,
        configured: Configured,
        environment: Mapping[str, str],
        *,
        world: str = LIVE,
        record: Path | None = None,
        adds_to_record: bool = False,
    ) -> Self:
        """What the settings of a project say; secrets come from the environment and from the project's file."""
        settings = configured.settings
        plugins = enabled_plugins(settings.plugins, installed_plugins()) if settings.plugins else []
        return cls(
            settings.store,
            tools=[*settings.tools, *(point for plugin in plugins for point in plugin.tools)],
            agents=[*settings.agents, *(point for plugin in plugins for point in plugin.agents)],
            graphs=settings.graphs,
            policies=settings.policies,
            models=settings.models,
            model_server=settings.model,
            secrets=read_secrets(environment, settings.secrets),
            limits=settings.limits,
            slots=settings.slots,
            sandbox=settings.sandbox.tiers,
            search=settings.search.url,
            packaged=settings.packaged,
            world=world,
            record=record,
            adds_to_record=adds_to_record,
            sinks=settings.sinks,
            webhooks=settings.webhooks,
            pools=settings.pools,
            lease_seconds=settings.lease_seconds,
            folder=configured.project,
        )

    async def __aenter__(self) -> Self:
        await self._shared.enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._shared.leave()

    # --- one line ---

    def run(
        self,
        graph: GraphSource,
        inputs: Mapping[str, object] | None = None,
        *,
        key: str = "",
        labels: Mapping[str, str] | None = None,
        session: str = "",
        draft: bool = False,
    ) -> RunResult:
        """Run a graph to its end, or to where only people or other systems can move it on, and give what it came to.

        Threads that call this on one client take turns; on clients of their own they do not.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            with self._turn:
                running = self.run_async(graph, inputs, key=key, labels=labels, session=session, draft=draft)
                return in_own_loop(running)
        raise RunningLoopError

    async def run_async(
        self,
        graph: GraphSource,
        inputs: Mapping[str, object] | None = None,
        *,
        key: str = "",
        labels: Mapping[str, str] | None = None,
        session: str = "",
        draft: bool = False,
    ) -> RunResult:
        """`run` where an event loop is running. If this is not open, it is for as long as that takes."""
        async with self:
            handle = await self.start(graph, inputs, key=key, labels=labels, session=session, draft=draft)
            return await handle.wait_while_moving()

    def check(self, graph: GraphSource) -> CheckedGraph:
        """A graph with all that is wrong with it; nothing is run."""
        return self.graphs.check(graph)

    async def serve(
        self,
        until: asyncio.Event,
        *,
        worker: WorkerSettings | None = None,
        limits: Sequence[RunLimit] = (),
        retention: RetentionSettings | None = None,
        on_ready: Callable[[WorkerCard], object] | None = None,
        face: Callable[[Served[Interlock]], Awaitable[None]] | None = None,
        works: bool = True,
    ) -> None:
        """Work for everybody until told to stop: drive runs that nobody drives, perform effects on offer, do duties.

        What was begun is then finished, for `worker.grace_seconds` at most. This need not be open, and is not by that.
        A store that cannot be worked on, as one that may only be read, is refused before `on_ready`.
        A `face` takes requests meanwhile: it is told to stop as well, and has ended before the work does. Without
        `works` there is nothing but the face: what it starts is left to other processes.
        """
        settings = worker or WorkerSettings()
        duties = Duties(self._parts, sinks=self._sinks, folder=self._folder, retention=retention)
        serving = Serving(
            pools=frozenset(settings.pools or {DEFAULT_POOL}),
            tags=frozenset(settings.tags),
            concurrency=settings.concurrency,
            runs_max=settings.runs,
            limits=limits,
            duties=duties.of,
        )
        async with duties:
            await serve(
                self._parts,
                serving,
                until=until,
                grace_seconds=settings.grace_seconds,
                on_ready=on_ready or (lambda _: None),
                works=works,
                face=face,
                through=self._through,
            )

    def _through(self, worker: Worker) -> Interlock:
        """The same, at work through a worker that is there already."""
        other = copy.copy(self)
        other._shared = GivenWorker(worker)  # noqa: SLF001 - it is one of our own
        other._in_force = self._parts.policies.of(worker.engine.tenant)  # noqa: SLF001 - as above
        other.graphs = self.graphs.under(other._in_force.for_documents)  # noqa: SLF001 - as above
        return other

    @property
    def policy(self) -> Policy:
        """What is in force: the policy of the project's files, with what was registered beside it, if it is open."""
        return self._in_force.policy

    # --- runs, while it is open ---

    async def start(
        self,
        graph: GraphSource,
        inputs: Mapping[str, object] | None = None,
        *,
        key: str = "",
        labels: Mapping[str, str] | None = None,
        session: str = "",
        by: str = "",
        draft: bool = False,
        priority: int = 0,
        workspace: str | Path | None = None,
        detach: bool = False,
        tainted: bool = False,
    ) -> RunHandle:
        """Start a run that is driven here, or with `detach` by whichever worker takes it. Returns once it is on record.

        Of two runs that wait for a worker, the one with the higher `priority` (from -1,000 to 1,000) goes first.
        A graph's name means what was released under it, if anything was; with `draft`, the graph that is known here.
        A `key` names at most one run: starting again under it gives the run there is, whatever its graph and inputs;
        `is_new` of the handle is then false. A `workspace` is a folder: the run's own begins as a copy of it.
        The agents of all runs of a `session` share its memory. Inputs that somebody outside may have written are
        `tainted`, which policies can ask about.
        """
        worker = self._open_worker("start")
        if key and (known := await worker.engine.store.find_by_key(worker.engine.tenant, key)) is not None:
            return await self._known(known, detach=detach)
        plan = await plan_to_run(worker.engine, self.graphs, graph, draft=draft)
        request = StartRun(
            inputs=canonical(inputs or {}, where="inputs"),
            tenant=worker.engine.tenant,
            key=key,
            labels=labels_of(session, labels),
            by=by,
            priority=priority,
            tainted=tainted,
        )
        run = worker.new_id()
        await self.artifacts.note_use(artifacts_named(request.inputs), run)
        if workspace is not None:
            await asyncio.to_thread(seed_from_folder, self._workspaces.of(run), Path(workspace))
        try:
            if detach:
                await start_detached(worker.engine, plan, run, request, owner=worker.owner)
                return RunHandle(worker, run, row=await self._row(worker, run), is_new=True)
            driver = await worker.start(plan, run, request)
        except RunKeyTakenError as taken:
            known = await worker.engine.store.get_run(worker.engine.tenant, taken.taken_by)
            return await self._known(known, detach=detach)
        return RunHandle(worker, driver.run_id, driver=driver, is_new=True)

    async def open(self, run: str) -> RunHandle:
        """A handle on a run, wherever it is driven. It is not driven here because of that."""
        worker = self._open_worker("open")
        return RunHandle(worker, run, row=await self._row(worker, run))

    async def take_up(self, run: str) -> RunHandle:
        """Drive a run on from where its log ends; raises `LeaseHeldError` if a live process drives it."""
        worker = self._open_worker("take_up")
        row = await self._row(worker, run)
        driver = None if row.status in RUN_ENDED else await worker.take_up(run)
        return RunHandle(worker, run, driver=driver, row=row)

    async def runs(
        self,
        *,
        status: str | None = None,
        graph: str | None = None,
        before: str | None = None,
        limit: int = LIST_LIMIT,
    ) -> list[RunRow]:
        """Runs, the newest first; `before` is the last run of the page before."""
        worker = self._open_worker("runs")
        return await worker.engine.store.list_runs(
            worker.engine.tenant, status=status, graph=graph, before=before, limit=limit
        )

    async def runs_page(
        self, chosen: RunFilter, *, before: str | None, limit: int, looked_at_max: int
    ) -> tuple[list[RunRow], str | None]:
        """Some of the runs that a filter means, the newest first, and the run behind which there may be more."""
        worker = self._open_worker("runs_page")
        return await runs_page(
            worker.engine.store, worker.engine.tenant, chosen, before=before, limit=limit, looked_at_max=looked_at_max
        )

    @property
    def fleet(self) -> Fleet:
        """The workers of the store, and what waits for them."""
        return Fleet(self._open_worker("fleet").engine)

    @property
    def has_sandbox(self) -> bool | None:
        """Whether programs can run here that models write; None as long as none was to."""
        return self._sandbox.holds

    @property
    def effects(self) -> Effects:
        """The effects of all runs."""
        return Effects(self._open_worker("effects").engine)

    @property
    def sinks(self) -> Sinks:
        """Where events leave for: how each sink stands, and telling it on by hand."""
        return Sinks(self._open_worker("sinks"), self._sinks, secrets=self._secrets, folder=self._folder)

    @property
    def known_models(self) -> list[ListedModel]:
        """The models that can be asked, by pool, and how each is as seen from here."""
        from interlock.embedded.known_models import models_behind  # noqa: PLC0415 - prices come with it, and few ask

        return models_behind(self._open_worker("known_models").performer.models)

    @property
    def registry(self) -> GraphRegistry:
        """The graphs of the tenant: what is known by name, drafts, versions, and texts that are checked beside them."""
        return GraphRegistry(self._open_worker("registry"), self.graphs, self._apart)

    @property
    def registered_policies(self) -> RegisteredPolicies:
        """Policies that the tenant has registered beside those of the project's files."""
        return RegisteredPolicies(self._open_worker("registered_policies").engine, self._parts.policies)

    @property
    def model_calls(self) -> ModelCalls:
        """Models asked from outside, without an agent; each call is a run."""
        return ModelCalls(self._open_worker("model_calls"), self._call_graphs)

    @property
    def keys(self) -> ApiKeys:
        """The API keys in the store, by which programs elsewhere are recognised."""
        engine = self._open_worker("keys").engine
        return ApiKeys(engine.store.records, now=engine.now)

    @property
    def run_files(self) -> RunFiles:
        """Runs as signed files: exported here, verified and kept where they arrive."""
        return RunFiles(self._open_worker("run_files").engine)

    @property
    def artifacts(self) -> ArtifactShelf:
        """Files that inputs of runs may name."""
        return self._artifacts_of(self._open_worker("artifacts").engine.tenant)

    def _artifacts_of(self, tenant: str) -> ArtifactShelf:
        return ArtifactShelf(self._parts.store, tenant, now=self._parts.clock.now)

    async def files_of(self, run: str) -> WorkspaceFiles:
        """The files that a run has made in its workspace on this machine."""
        worker = self._open_worker("files_of")
        await self._row(worker, run)
        return WorkspaceFiles(self._workspaces, run)

    @property
    def webhooks(self) -> Webhooks:
        """What other systems send and sign: it starts runs, or is an event."""
        engine = self._open_worker("webhooks").engine
        registry = WebhookRegistry(engine.store.records, self._hooks, self._compiled_hooks, now=engine.now)
        return Webhooks(registry, tenant=engine.tenant, source=self._secrets, now=engine.now())

    @property
    def job_records(self) -> JobRecords:
        """Long work that was asked for: exports, imports, verification of many runs."""
        engine = self._open_worker("job_records").engine
        return JobRecords(engine.store.records, engine.tenant, now=engine.now)

    @property
    def retention(self) -> RunRetention:
        """What is kept of runs, and giving up what is old."""
        return RunRetention(self._open_worker("retention").engine, self._workspaces)

    def selected(
        self,
        *,
        graph: str | None = None,
        statuses: Iterable[str] = (),
        labels: Mapping[str, str] | None = None,
        older_than: timedelta | None = None,
        limit: int | None = None,
    ) -> Selection:
        """The runs there are by now that have all of this in common: `selected(graph="ship").cancel(…)`."""
        worker = self._open_worker("selected")
        upto = worker.engine.now() - (older_than or timedelta()) // timedelta(microseconds=1)
        chosen = RunFilter(
            graph=graph,
            statuses=frozenset(statuses),
            labels=dict(labels or {}),
            started_upto=upto,
            limit=limit,
        )
        return Selection(worker, chosen)

    def chosen(self, chosen: RunFilter) -> Selection:
        """The runs that a filter means, also those that are started from now on unless it says otherwise."""
        return Selection(self._open_worker("chosen"), chosen)

    async def these(self, runs: Iterable[str]) -> Selection:
        """Runs by their ids, each once."""
        worker = self._open_worker("these")
        rows = [await self._row(worker, run) for run in dict.fromkeys(runs)]
        return Selection(worker, RunFilter(), at_hand=rows)

    async def costs(self, *, by: str = "graph", graph: str | None = None) -> CostReport:
        """What all runs, or those of a graph, have cost together; `selected(…).costs()` chooses them more finely."""
        return await self.selected(graph=graph).costs(by=by)

    async def find_by_key(self, key: str) -> RunHandle | None:
        """The run that was started under a key."""
        worker = self._open_worker("find_by_key")
        row = await worker.engine.store.find_by_key(worker.engine.tenant, key)
        return None if row is None else RunHandle(worker, row.run, row=row)

    async def value(self, digest: str) -> Value:
        """A large value by the digest under which it is kept. Raises `MissingError`."""
        return await self._open_worker("value").engine.whole(Ref(digest, 0))

    async def questions(self) -> list[QuestionRow]:
        """What waits for people, in all runs, the longest waiting first."""
        worker = self._open_worker("questions")
        return await worker.engine.store.questions(worker.engine.tenant)

    async def migrate(self, run: str, to: str | CheckedGraph, *, by: str = "", why: str = "") -> Submitted:
        """Let a run in flight go on on another bundle of its graph: a version's number, a hash, a name, file or graph.

        Raises `RequestRefusedError` where what was decided so far is not what the other would have decided.
        """
        worker = self._open_worker("migrate")
        row = await self._row(worker, run)
        plan = await plan_to_move_to(worker.engine, self.graphs, to, graph=row.graph)
        request = MigrateRun(bundle=plan.bundle_hash, graph_hash=plan.graph_hash, by=by, why=why)
        return await submit(worker, run, request, by=by, detach=True)

    async def why_not_migrate(self, run: str, to: str | CheckedGraph) -> Obstacle | None:
        """What keeps a run from going on on another bundle; None if nothing does. Nothing is changed."""
        worker = self._open_worker("why_not_migrate")
        row = await self._row(worker, run)
        plan = await plan_to_move_to(worker.engine, self.graphs, to, graph=row.graph)
        return await obstacle_to(worker.engine, plan, run)

    async def version_meant(self, run: str, to: str | CheckedGraph) -> str:
        """What `to` means where a run is to migrate: `version 3`, or `draft`. Of versions with one hash, the newest."""
        worker = self._open_worker("version_meant")
        row = await self._row(worker, run)
        plan = await plan_to_move_to(worker.engine, self.graphs, to, graph=row.graph)
        return (await released(worker.engine, row.graph)).told(plan.bundle_hash) or "draft"

    @property
    def triggers(self) -> Triggers:
        """What starts runs of released graphs by itself."""
        return Triggers(self._open_worker("triggers"))

    # --- releases, while it is open ---

    async def release(self, graph: GraphSource, *, by: str = "", why: str = "") -> Published:
        """Put a version of a graph in force behind its name. Runs in flight stay on theirs."""
        engine = self._open_worker("release").engine
        checked = self.graphs.check(graph)
        plan, bundle = checked.accepted()
        if checked.text is not None:
            await keep_text(engine, bundle.hash, checked.text)
        return await publish(engine, plan, bundle.bytes, by=by, why=why)

    async def preflight(self, graph: GraphSource) -> Preflight:
        """What releasing a graph would change, and which runs in flight could go on on it; nothing is published."""
        worker = self._open_worker("preflight")
        plan, bundle = self.graphs.check(graph).accepted()
        return await preflight(worker.engine, worker.performer, plan, bundle.bytes)

    async def release_before(self, graph: str, *, by: str = "", why: str = "") -> Release:
        """Return to the version before the one in force; raises `NoReleaseError` if there is none."""
        return await go_back(self._open_worker("release_before").engine, graph, by=by, why=why)

    async def releases(self) -> list[ReleaseHistory]:
        """What was ever released, graph by graph."""
        return await all_released(self._open_worker("releases").engine)

    async def releases_of(self, graph: str) -> ReleaseHistory:
        """What was ever released of one graph; an empty history if nothing was."""
        return await released(self._open_worker("releases_of").engine, graph)

    async def _known(self, row: RunRow, *, detach: bool) -> RunHandle:
        """A run that was started before: if nobody drives it, it is driven on here, unless it is left to others."""
        if detach:
            return await self.open(row.run)
        try:
            return await self.take_up(row.run)
        except LeaseHeldError:
            return await self.open(row.run)

    async def _row(self, worker: Worker, run: str) -> RunRow:
        row = await worker.engine.store.find_run(worker.engine.tenant, run)
        if row is None:
            if (pruned := await find_pruned(worker.engine, run)) is not None:
                raise RunPrunedError(pruned)
            known = [each.run for each in await worker.engine.store.list_runs(worker.engine.tenant)]
            raise RunNotFoundError(run, meant=nearest(run, known))
        return row

    def _open_worker(self, what: str) -> Worker:
        worker = self._shared.worker
        if worker is None:
            raise NotOpenError(what)
        return worker
