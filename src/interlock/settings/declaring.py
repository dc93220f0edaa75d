"""What may be set: the settings as models, each with its default.

Nothing is listed here that has no effect. They are not read or applied here; secrets themselves are no settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

from interlock.authoring.limits import Limits as DocumentLimits
from interlock.core.limits import Limits as GraphLimits
from interlock.core.plan import POOL_PATTERN
from interlock.engine.serving.service import RUNS_MAX
from interlock.models.declaring import DECLARING, ModelServer, ModelsSettings
from interlock.sinks.declaring import SinkName, SinkSettings
from interlock.store.claims import RunLimit
from interlock.store.lease import LEASE_MICROS
from interlock.store.places import StorePlace, parse_place
from interlock.store.postgres.address import AddressError, PostgresAddress
from interlock.tools.door import PROCESSES_MAX, TASKS_MAX, THREADS_MAX
from interlock.webhooks.declaring import WebhookName, WebhookSettings

WRONG_ADDRESS: Final = "store_address"
"""What Pydantic calls the mistake of a store's address: what was given may hold a password."""

Positive: TypeAlias = Annotated[int, Field(gt=0)]
PoolName: TypeAlias = Annotated[str, Field(pattern=POOL_PATTERN)]
HANDS_MAX: Final = 100
"""How many effects a worker performs at once, unless it is told otherwise."""
Age: TypeAlias = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}[hdwy]$")]
ToolPlace: TypeAlias = Annotated[str, Field(min_length=1)]


class Strict(BaseModel):
    """A part of the settings: it refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LimitSettings(Strict):
    """How large documents and graphs may be."""

    document_bytes: Positive = DocumentLimits().document_bytes
    depth: Positive = DocumentLimits().depth
    alias_expansions: Positive = DocumentLimits().alias_expansions
    values: Positive = DocumentLimits().values
    nodes_max: Positive = GraphLimits().nodes_max
    unfolded_max: Positive = GraphLimits().unfolded_max
    depth_max: Positive = GraphLimits().depth_max
    expressions_max: Positive = GraphLimits().expressions_max
    reach_max: Positive = GraphLimits().reach_max

    def of_documents(self) -> DocumentLimits:
        """The bounds of reading a document."""
        return DocumentLimits(
            document_bytes=self.document_bytes,
            depth=self.depth,
            alias_expansions=self.alias_expansions,
            values=self.values,
            are_settings=True,
        )

    def of_graphs(self) -> GraphLimits:
        """The bounds of compiling a graph."""
        return GraphLimits(
            nodes_max=self.nodes_max,
            unfolded_max=self.unfolded_max,
            depth_max=self.depth_max,
            expressions_max=self.expressions_max,
            reach_max=self.reach_max,
        )


class SlotSettings(Strict):
    """How many tool calls run at once: async ones, blocking ones in threads, and those in processes of their own."""

    tasks: Positive = TASKS_MAX
    threads: Positive = THREADS_MAX
    processes: Positive = PROCESSES_MAX


def _checked_place(named: object) -> StorePlace:
    match named:
        case Path() | PostgresAddress():
            return named
        case str():
            try:
                return parse_place(named)
            except AddressError as error:
                raise PydanticCustomError(WRONG_ADDRESS, "{why}", {"why": str(error)}) from error
        case _:
            raise PydanticCustomError("path_type", "a path")


def _shown_place(place: StorePlace) -> Path | str:
    return place if isinstance(place, Path) else place.shown


Place: TypeAlias = Annotated[StorePlace, PlainValidator(_checked_place), PlainSerializer(_shown_place)]
"""Where runs are kept. Wherever settings are shown, no password is."""


SandboxTier: TypeAlias = Literal["gvisor", "bubblewrap", "landlock"]


class SandboxSettings(Strict):
    """Where programs may run that models write: in the first of these tiers that holds here, else nowhere."""

    tiers: tuple[SandboxTier, ...] = get_args(SandboxTier)


def _checked_search_url(url: str | None) -> str | None:
    if url is None:
        return None
    from interlock.tools.outgoing import OutgoingRefused, parse_target  # noqa: PLC0415 - only where one is given

    try:
        parse_target(url)
    except OutgoingRefused as refused:
        told = "is no address to search at, such as `https://host/search`: {why}"
        raise PydanticCustomError(DECLARING, told, {"why": str(refused)}) from refused
    return url


class SearchSettings(Strict):
    """What the tool `web_search` searches: an endpoint that answers as SearXNG does, else texts that come along."""

    url: Annotated[str | None, AfterValidator(_checked_search_url)] = None


class RetentionSettings(Strict):
    """How long what ended runs have left is kept: `90d`, `1y`. What is not said is kept for ever."""

    payloads: Age | None = None
    runs: Age | None = None


class WorkerSettings(Strict):
    """What a worker takes on: of which pools it is, what it is besides, and how much it does at once."""

    pools: tuple[PoolName, ...] = ()
    tags: tuple[PoolName, ...] = ()
    concurrency: Positive = HANDS_MAX
    runs: Positive = RUNS_MAX
    grace_seconds: Positive = 30


class ServerSettings(Strict):
    """Where requests are taken, and how much of them. Without `require_key` only this machine may ask, as its owner."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    require_key: bool = False
    public_url: Annotated[str, Field(pattern=r"^(https?://[^\s?#]+)?$", max_length=500)] = ""
    """Where others reach the server, as cards of A2A agents say; left out, where it listens."""
    requests: Positive = 256
    """How many requests may be under way; more are told to come again."""
    listeners: Positive = 4_000
    """How many streams may be open."""
    chat_wait_seconds: Annotated[float, Field(gt=0, le=86_400)] = 300
    """How long a chat waits for a run that it has started; the run goes on all the same."""
    runs_waiting: Positive = 10_000
    """How many runs may wait for a worker before no more are started."""
    body_bytes: Positive = 16 * 1024 * 1024
    upload_bytes: Positive = 1024 * 1024 * 1024
    webhook_bytes: Positive = 1024 * 1024
    """How large a delivery to a webhook may be: whoever sends it has no key."""


class ConcurrencySettings(Strict):
    """How many runs of a graph workers drive at once: of all, and of those with the same value of the label `by`."""

    runs: Positive | None = None
    by: str = ""
    each: Positive | None = None


class Settings(Strict):
    """Everything that can be set. Paths are absolute once they were read by `read_settings`."""

    store: Place = Path(".interlock/interlock.db")
    graphs: Path = Path("graphs")
    tools: tuple[ToolPlace, ...] = ("tools",)
    agents: tuple[ToolPlace, ...] = ("agents",)
    plugins: tuple[ToolPlace, ...] = ()
    """The installed packages whose tools and agents are used: see `interlock plugins`."""
    policies: Path = Path("policies")
    """A folder of rules. Without a file in it the default set holds."""
    secrets: Path = Path(".interlock/secrets.toml")
    limits: LimitSettings = LimitSettings()
    slots: SlotSettings = SlotSettings()
    sandbox: SandboxSettings = SandboxSettings()
    lease_seconds: Positive = LEASE_MICROS // 1_000_000
    """How long what a process holds is left to it without a word from it: a run it drives, a call it performs."""
    retention: RetentionSettings = RetentionSettings()
    sinks: dict[SinkName, SinkSettings] = {}
    """Where events leave for, by names of one's own. They stand in the file alone, as do those of the next two."""
    webhooks: dict[WebhookName, WebhookSettings] = {}
    """What other systems send and sign, by names of one's own; they stand in the file alone."""
    worker: WorkerSettings = WorkerSettings()
    server: ServerSettings = ServerSettings()
    pools: dict[PoolName, Positive] = {}
    """How many calls of a pool are performed at once, by all workers."""
    concurrency: dict[str, ConcurrencySettings] = {}
    """By graph."""
    model: ModelServer = ModelServer()
    """A server that answers in place of every pool of models."""
    models: ModelsSettings = ModelsSettings()
    """Providers and pools of models; they stand in the file alone."""
    search: SearchSettings = SearchSettings()
    packaged: bool = True
    """Whether the packaged examples are known: their graphs and tools, and scripts where no model is declared."""

    @property
    def store_shown(self) -> str:
        """Where runs are kept, as it may be shown."""
        return str(_shown_place(self.store))

    def run_limits(self) -> list[RunLimit]:
        """How many runs are driven at once, as the store is asked to keep to it."""
        return [
            RunLimit(graph=graph, runs=limit.runs, by=limit.by, each=limit.each)
            for graph, limit in self.concurrency.items()
        ]


def _names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, info in model.model_fields.items():
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _names(inner, f"{prefix}{name}.")
        else:
            yield prefix + name


OWN_NAMES: Final = ("sinks", "webhooks", "pools", "concurrency", "models")
"""The tables in which whoever writes them chooses the names."""
SETTING_NAMES: Final = tuple(name for name in _names(Settings) if name.partition(".")[0] not in OWN_NAMES)
"""Every setting by its dotted name, as it stands in the file: `limits.nodes_max` is `nodes_max` under `[limits]`."""
