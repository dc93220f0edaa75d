"""What an `Interlock` works with, put together of what it is given. Nothing is opened yet, and nothing is run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlock.agents.collecting import Agents, AgentSource, collect_agents
from interlock.artifacts import ArtifactShelf
from interlock.bootstrap import (
    LIVE,
    TENANT,
    DeclaredModels,
    Parts,
    cassette_of,
    default_tools,
    find_web_search,
    make_store,
    packaged_tools,
    sandbox_of,
)
from interlock.embedded.given_secrets import Secrets, secret_source
from interlock.embedded.graphs import Graphs, GraphShelf
from interlock.embedded.kept_where import folder_beside, place_of_store
from interlock.engine.worlds.cassette_files import recording_to
from interlock.engine.worlds.cassettes import CassetteError
from interlock.faults import Fault
from interlock.governance import default_policy, project_policy
from interlock.governance.tenant_policies import TenantPolicies
from interlock.models.declaring import ModelServer, ModelsSettings
from interlock.packaged.places import GRAPHS, SCRIPTS
from interlock.settings import LimitSettings, SlotSettings
from interlock.sinks.declaring import SinkSettings
from interlock.store.places import StorePlace
from interlock.tools.clock import Clock, LoopClock
from interlock.tools.door import slots_for
from interlock.tools.toolbox import Toolbox, ToolSource, collect_tools
from interlock.tools.workspace import Workspaces
from interlock.webhooks.declaring import WebhookSettings

if TYPE_CHECKING:
    from interlock.tools.standard import SandboxFoundOnce


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """Of `parts` a worker is made; the rest is what graphs are checked against, and what is asked of it besides."""

    toolbox: Toolbox
    agents: Agents
    graphs: Graphs
    sandbox: SandboxFoundOnce
    workspaces: Workspaces
    sinks: Mapping[str, SinkSettings]
    hooks: Mapping[str, WebhookSettings]
    parts: Parts


def equip(
    store: str | StorePlace | None,
    *,
    tools: Iterable[ToolSource],
    agents: Iterable[AgentSource],
    graphs: str | GraphShelf | None,
    policies: str | Path | None,
    models: ModelsSettings | Mapping[str, Any] | None,
    model_server: ModelServer | None,
    secrets: Secrets,
    limits: LimitSettings | None,
    slots: SlotSettings | None,
    sandbox: Sequence[str] | None,
    search: str | None,
    packaged: bool,
    clock: Clock | None,
    new_id: Callable[[], str] | None,
    world: str,
    record: str | Path | None,
    adds_to_record: bool,
    faults: Sequence[Fault],
    sinks: Mapping[str, SinkSettings | str] | None,
    webhooks: Mapping[str, WebhookSettings | Mapping[str, Any]] | None,
    pools: Mapping[str, int] | None,
    lease_seconds: float,
    folder: Path,
) -> Equipment:
    """The equipment that was asked for; `Interlock` says what each word means."""
    if isinstance(tools, str):
        raise TypeError(f"`tools` is a list, also of one: write `tools=[{tools!r}]`")
    limits, slots, clock = limits or LimitSettings(), slots or SlotSettings(), clock or LoopClock()
    place = place_of_store(store)
    opened_later = make_store(place, clock=clock, lease_micros=round(lease_seconds * 1_000_000))
    workspaces = Workspaces(folder_beside(place, folder) / "workspaces")
    found_sandbox = sandbox_of(sandbox)
    web = find_web_search(search, packaged=packaged)
    come_along = (
        *(packaged_tools(workspaces) if packaged else ()),
        *default_tools(
            workspaces,
            found_sandbox,
            web=web,
            artifacts=lambda tenant: ArtifactShelf(opened_later, tenant, now=clock.now),
        ),
    )
    toolbox = collect_tools(tools).beside(come_along)
    known_agents = collect_agents(agents)
    of_files = default_policy() if policies is None else project_policy(Path(policies))
    tenant_policies = TenantPolicies(of_files, opened_later)
    known_graphs = Graphs(
        Path(graphs) if isinstance(graphs, str) else graphs,
        toolbox.contracts(),
        known_agents,
        pools=toolbox.pools(),
        kept_away=toolbox.why_kept_away,
        document_limits=limits.of_documents(),
        graph_limits=limits.of_graphs(),
        packaged=GRAPHS if packaged else None,
        policies=tenant_policies.of(TENANT).for_documents,
    )
    if world != LIVE and record is not None:
        raise CassetteError("what a cassette answers is recorded already: leave out `record`, or the cassette")
    parts = Parts(
        store=opened_later,
        place=place,
        toolbox=toolbox,
        policies=tenant_policies,
        agents=known_agents,
        models=DeclaredModels(
            models=ModelsSettings.model_validate(models or {}),
            server=model_server or ModelServer(),
            folder=folder,
            scripts=SCRIPTS if packaged else None,
        ),
        secrets=secret_source(secrets),
        slots=lambda: slots_for(tasks=slots.tasks, threads=slots.threads, processes=slots.processes),
        clock=clock,
        plays=cassette_of(world),
        records=None if record is None else recording_to(Path(record), adds=adds_to_record),
        faults=faults,
        workspaces=workspaces,
        new_id=new_id,
        pools=dict(pools or {}),
    )
    return Equipment(
        toolbox=toolbox,
        agents=known_agents,
        graphs=known_graphs,
        sandbox=found_sandbox,
        workspaces=workspaces,
        sinks={name: SinkSettings.model_validate(declared) for name, declared in (sinks or {}).items()},
        hooks={name: WebhookSettings.model_validate(declared) for name, declared in (webhooks or {}).items()},
        parts=parts,
    )
