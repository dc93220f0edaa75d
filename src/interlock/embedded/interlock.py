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
from typing import TYPE_CHECKING, Any, Self

from interlock.agents.collecting import AgentSource
from interlock.artifacts import ArtifactShelf
from interlock.bootstrap import LIVE, TENANT
from interlock.core.values import Ref, Value
from interlock.embedded.beginning import NewRun, begin
from interlock.embedded.compiling_apart import Apart
from interlock.embedded.duties import Duties
from interlock.embedded.effects import Effects
from interlock.embedded.equipment import equip
from interlock.embedded.finding import find_run_of_key, get_row, open_run, take_up_run
from interlock.embedded.fleet import Fleet
from interlock.embedded.given_secrets import Secrets
from interlock.embedded.graph_registry import GraphRegistry
from interlock.embedded.graphs import CheckedGraph, GraphShelf, GraphSource
from interlock.embedded.handle import RunHandle
from interlock.embedded.jobs.records import JobRecords
from interlock.embedded.migrating import migrate, version_meant, why_not_migrate
from interlock.embedded.model_calls import CallGraphs, ModelCalls
from interlock.embedded.own_loop import in_own_loop, refuse_running_loop
from interlock.embedded.plugged_in import tools_and_agents_of
from interlock.embedded.publishing import publish_checked
from interlock.embedded.registered_policies import RegisteredPolicies
from interlock.embedded.result import RunResult
from interlock.embedded.retention import RunRetention
from interlock.embedded.run_files import RunFiles
from interlock.embedded.selection import Selection
from interlock.embedded.served import GivenWorker, Served
from interlock.embedded.serving import serve
from interlock.embedded.shared_worker import SharedWorker
from interlock.embedded.sinks import Sinks
from interlock.embedded.triggers import Triggers
from interlock.embedded.webhooks import Webhooks
from interlock.embedded.workspace_files import WorkspaceFiles
from interlock.engine.releasing.migrating import Obstacle
from interlock.engine.releasing.preflight import Preflight, preflight
from interlock.engine.releasing.releases import Published, Release, ReleaseHistory, all_released, go_back, released
from interlock.engine.run_filter import RunFilter, runs_page
from interlock.engine.serving.roster import WorkerCard
from interlock.engine.submitting import Submitted
from interlock.engine.telling.cost_groups import CostReport
from interlock.engine.worker import Worker
from interlock.faults import Fault
from interlock.governance import Policy
from interlock.models.declaring import ModelServer, ModelsSettings
from interlock.settings import Configured, LimitSettings, RetentionSettings, SlotSettings, WorkerSettings
from interlock.sinks.declaring import SinkSettings
from interlock.store.claims import RunLimit
from interlock.store.event_store import LIST_LIMIT
from interlock.store.lease import LEASE_MICROS
from interlock.store.places import StorePlace
from interlock.store.rows import QuestionRow, RunRow
from interlock.tenancy import ApiKeys
from interlock.tools.clock import Clock
from interlock.tools.secrets import NO_SECRETS, read_secrets
from interlock.tools.toolbox import ToolSource
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
        self._folder = folder or Path()
        equipment = equip(
            store, tools=tools, agents=agents, graphs=graphs, policies=policies, models=models,
            model_server=model_server, secrets=secrets, limits=limits, slots=slots, sandbox=sandbox, search=search,
            packaged=packaged, clock=clock, new_id=new_id, world=world, record=record, adds_to_record=adds_to_record,
            faults=faults, sinks=sinks, webhooks=webhooks, pools=pools, lease_seconds=lease_seconds,
            folder=self._folder,
        )  # fmt: skip
        self.toolbox, self.agents, self.graphs = equipment.toolbox, equipment.agents, equipment.graphs
        self._sandbox, self._workspaces, self._parts = equipment.sandbox, equipment.workspaces, equipment.parts
        self._sinks, self._hooks = equipment.sinks, equipment.hooks
        self._in_force = self._parts.policies.of(TENANT)
        self._compiled_hooks, self._call_graphs = CompiledWebhooks(), CallGraphs(self._parts.models)
        self._apart, self._turn = Apart(), threading.Lock()
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
        tools, agents = tools_and_agents_of(settings)
        return cls(
            settings.store, tools=tools, agents=agents, graphs=settings.graphs, policies=settings.policies,
            models=settings.models, model_server=settings.model, secrets=read_secrets(environment, settings.secrets),
            limits=settings.limits, slots=settings.slots, sandbox=settings.sandbox.tiers, search=settings.search.url,
            packaged=settings.packaged, world=world, record=record, adds_to_record=adds_to_record,
            sinks=settings.sinks, webhooks=settings.webhooks, pools=settings.pools,
            lease_seconds=settings.lease_seconds, folder=configured.project,
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        await self._shared.enter()
        return self

    async def __aexit__(self, *_: object) -> None:
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

        Threads that call this on one `Interlock` take turns; each on its own, they do not.
        """
        refuse_running_loop()
        with self._turn:
            return in_own_loop(self.run_async(graph, inputs, key=key, labels=labels, session=session, draft=draft))

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
        await serve(
            self._parts,
            worker or WorkerSettings(),
            limits=limits,
            duties=Duties(self._parts, sinks=self._sinks, folder=self._folder, retention=retention),
            until=until,
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

    @property
    def has_sandbox(self) -> bool | None:
        """Whether programs can run here that models write; None as long as none was to."""
        return self._sandbox.holds

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
        worker = self._shared.open_for("start")
        new = NewRun(
            graph=graph,
            inputs=inputs,
            key=key,
            labels=labels,
            session=session,
            by=by,
            draft=draft,
            priority=priority,
            workspace=workspace,
            tainted=tainted,
        )
        return await begin(
            worker, new, graphs=self.graphs, workspaces=self._workspaces, artifacts=self.artifacts, detach=detach
        )

    async def open(self, run: str) -> RunHandle:
        """A handle on a run, wherever it is driven. It is not driven here because of that."""
        return await open_run(self._shared.open_for("open"), run)

    async def take_up(self, run: str) -> RunHandle:
        """Drive a run on from where its log ends; raises `LeaseHeldError` if a live process drives it."""
        return await take_up_run(self._shared.open_for("take_up"), run)

    async def runs(
        self,
        *,
        status: str | None = None,
        graph: str | None = None,
        before: str | None = None,
        limit: int = LIST_LIMIT,
    ) -> list[RunRow]:
        """Runs, the newest first; `before` is the last run of the page before."""
        engine = self._shared.open_for("runs").engine
        return await engine.store.list_runs(engine.tenant, status=status, graph=graph, before=before, limit=limit)

    async def runs_page(
        self, chosen: RunFilter, *, before: str | None, limit: int, looked_at_max: int
    ) -> tuple[list[RunRow], str | None]:
        """Some of the runs that a filter means, the newest first, and the run behind which there may be more."""
        engine = self._shared.open_for("runs_page").engine
        return await runs_page(
            engine.store, engine.tenant, chosen, before=before, limit=limit, looked_at_max=looked_at_max
        )

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
        worker = self._shared.open_for("selected")
        upto = worker.engine.now() - (older_than or timedelta()) // timedelta(microseconds=1)
        chosen = RunFilter(
            graph=graph, statuses=frozenset(statuses), labels=dict(labels or {}), started_upto=upto, limit=limit
        )
        return Selection(worker, chosen)

    def chosen(self, chosen: RunFilter) -> Selection:
        """The runs that a filter means, also those that are started from now on unless it says otherwise."""
        return Selection(self._shared.open_for("chosen"), chosen)

    async def these(self, runs: Iterable[str]) -> Selection:
        """Runs by their ids, each once."""
        worker = self._shared.open_for("these")
        rows = [await get_row(worker, run) for run in dict.fromkeys(runs)]
        return Selection(worker, RunFilter(), at_hand=rows)

    async def costs(self, *, by: str = "graph", graph: str | None = None) -> CostReport:
        """What all runs, or those of a graph, have cost together; `selected(…).costs()` chooses them more finely."""
        return await self.selected(graph=graph).costs(by=by)

    async def find_by_key(self, key: str) -> RunHandle | None:
        """The run that was started under a key."""
        return await find_run_of_key(self._shared.open_for("find_by_key"), key)

    async def files_of(self, run: str) -> WorkspaceFiles:
        """The files that a run has made in its workspace on this machine."""
        worker = self._shared.open_for("files_of")
        await get_row(worker, run)
        return WorkspaceFiles(self._workspaces, run)

    async def value(self, digest: str) -> Value:
        """A large value by the digest under which it is kept. Raises `MissingError`."""
        return await self._shared.open_for("value").engine.whole(Ref(digest, 0))

    async def questions(self) -> list[QuestionRow]:
        """What waits for people, in all runs, the longest waiting first."""
        worker = self._shared.open_for("questions")
        return await worker.engine.store.questions(worker.engine.tenant)

    async def migrate(self, run: str, to: str | CheckedGraph, *, by: str = "", why: str = "") -> Submitted:
        """Let a run in flight go on on another bundle of its graph: a version's number, a hash, a name, file or graph.

        Raises `RequestRefusedError` where what was decided so far is not what the other would have decided.
        """
        return await migrate(self._shared.open_for("migrate"), self.graphs, run, to, by=by, why=why)

    async def why_not_migrate(self, run: str, to: str | CheckedGraph) -> Obstacle | None:
        """What keeps a run from going on on another bundle; None if nothing does. Nothing is changed."""
        return await why_not_migrate(self._shared.open_for("why_not_migrate"), self.graphs, run, to)

    async def version_meant(self, run: str, to: str | CheckedGraph) -> str:
        """What `to` means where a run is to migrate: `version 3`, or `draft`. Of versions with one hash, the newest."""
        return await version_meant(self._shared.open_for("version_meant"), self.graphs, run, to)

    # --- releases, while it is open ---

    async def release(self, graph: GraphSource, *, by: str = "", why: str = "") -> Published:
        """Put a version of a graph in force behind its name. Runs in flight stay on theirs."""
        return await publish_checked(self._shared.open_for("release").engine, self.graphs.check(graph), by=by, why=why)

    async def preflight(self, graph: GraphSource) -> Preflight:
        """What releasing a graph would change, and which runs in flight could go on on it; nothing is published."""
        worker = self._shared.open_for("preflight")
        plan, bundle = self.graphs.check(graph).accepted()
        return await preflight(worker.engine, worker.performer, plan, bundle.bytes)

    async def release_before(self, graph: str, *, by: str = "", why: str = "") -> Release:
        """Return to the version before the one in force; raises `NoReleaseError` if there is none."""
        return await go_back(self._shared.open_for("release_before").engine, graph, by=by, why=why)

    async def releases(self) -> list[ReleaseHistory]:
        """What was ever released, graph by graph."""
        return await all_released(self._shared.open_for("releases").engine)

    async def releases_of(self, graph: str) -> ReleaseHistory:
        """What was ever released of one graph; an empty history if nothing was."""
        return await released(self._shared.open_for("releases_of").engine, graph)

    # --- what else the store holds, while it is open ---

    @property
    def triggers(self) -> Triggers:
        """What starts runs of released graphs by itself."""
        return Triggers(self._shared.open_for("triggers"))

    @property
    def fleet(self) -> Fleet:
        """The workers of the store, and what waits for them."""
        return Fleet(self._shared.open_for("fleet").engine)

    @property
    def effects(self) -> Effects:
        """The effects of all runs."""
        return Effects(self._shared.open_for("effects").engine)

    @property
    def sinks(self) -> Sinks:
        """Where events leave for: how each sink stands, and telling it on by hand."""
        return Sinks(self._shared.open_for("sinks"), self._sinks, secrets=self._parts.secrets, folder=self._folder)

    @property
    def known_models(self) -> list[ListedModel]:
        """The models that can be asked, by pool, and how each is as seen from here."""
        from interlock.embedded.known_models import models_behind  # noqa: PLC0415 - prices come with it, and few ask

        return models_behind(self._shared.open_for("known_models").performer.models)

    @property
    def registry(self) -> GraphRegistry:
        """The graphs of the tenant: what is known by name, drafts, versions, and texts that are checked beside them."""
        return GraphRegistry(self._shared.open_for("registry"), self.graphs, self._apart)

    @property
    def registered_policies(self) -> RegisteredPolicies:
        """Policies that the tenant has registered beside those of the project's files."""
        return RegisteredPolicies(self._shared.open_for("registered_policies").engine, self._parts.policies)

    @property
    def model_calls(self) -> ModelCalls:
        """Models asked from outside, without an agent; each call is a run."""
        return ModelCalls(self._shared.open_for("model_calls"), self._call_graphs)

    @property
    def keys(self) -> ApiKeys:
        """The API keys in the store, by which programs elsewhere are recognised."""
        engine = self._shared.open_for("keys").engine
        return ApiKeys(engine.store.records, now=engine.now)

    @property
    def run_files(self) -> RunFiles:
        """Runs as signed files: exported here, verified and kept where they arrive."""
        return RunFiles(self._shared.open_for("run_files").engine)

    @property
    def artifacts(self) -> ArtifactShelf:
        """Files that inputs of runs may name."""
        engine = self._shared.open_for("artifacts").engine
        return ArtifactShelf(self._parts.store, engine.tenant, now=self._parts.clock.now)

    @property
    def webhooks(self) -> Webhooks:
        """What other systems send and sign: it starts runs, or is an event."""
        engine = self._shared.open_for("webhooks").engine
        registry = WebhookRegistry(engine.store.records, self._hooks, self._compiled_hooks, now=engine.now)
        return Webhooks(registry, tenant=engine.tenant, source=self._parts.secrets, now=engine.now())

    @property
    def job_records(self) -> JobRecords:
        """Long work that was asked for: exports, imports, verification of many runs."""
        engine = self._shared.open_for("job_records").engine
        return JobRecords(engine.store.records, engine.tenant, now=engine.now)

    @property
    def retention(self) -> RunRetention:
        """What is kept of runs, and giving up what is old."""
        return RunRetention(self._shared.open_for("retention").engine, self._workspaces)
