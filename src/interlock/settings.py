"""Settings: what may be set, from where each value came, and what is wrong with those that were given.

A flag wins over the environment (`INTERLOCK_…`), that over the project's `interlock.toml`, that over the default.
Nothing is listed here that has no effect. Settings are read and not applied here; secrets themselves are no settings.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, ValidationError
from pydantic_core import PydanticCustomError

from interlock.authoring.limits import Limits as DocumentLimits
from interlock.core.errors import InterlockError
from interlock.core.limits import Limits as GraphLimits
from interlock.core.plan import POOL_PATTERN
from interlock.core.problems import nearest
from interlock.core.values import is_map
from interlock.engine.serving.service import RUNS_MAX
from interlock.models.declared_wrongly import told_wrongly
from interlock.models.declaring import ModelServer, ModelsSettings
from interlock.sinks.declaring import SinkName, SinkSettings
from interlock.store.claims import RunLimit
from interlock.store.lease import LEASE_MICROS
from interlock.store.places import StorePlace, parse_place
from interlock.store.postgres.address import AddressError, PostgresAddress
from interlock.tools.door import PROCESSES_MAX, TASKS_MAX, THREADS_MAX

PROJECT_FILE: Final = "interlock.toml"
ENVIRONMENT_PREFIX: Final = "INTERLOCK_"
_WRONG_ADDRESS: Final = "store_address"
_SECRETS_PREFIX: Final = "INTERLOCK_SECRET_"

Positive: TypeAlias = Annotated[int, Field(gt=0)]
PoolName: TypeAlias = Annotated[str, Field(pattern=POOL_PATTERN)]
HANDS_MAX: Final = 100
"""How many effects a worker performs at once, unless it is told otherwise."""
Age: TypeAlias = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}[hdwy]$")]
ToolPlace: TypeAlias = Annotated[str, Field(min_length=1)]
Source: TypeAlias = Literal["flag", "environment", "file", "default"]


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
                raise PydanticCustomError(_WRONG_ADDRESS, "{why}", {"why": str(error)}) from error
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
    worker: WorkerSettings = WorkerSettings()
    pools: dict[PoolName, Positive] = {}
    """How many calls of a pool are performed at once, by all workers."""
    concurrency: dict[str, ConcurrencySettings] = {}
    """By graph."""
    model: ModelServer = ModelServer()
    """A server that answers in place of every pool of models."""
    models: ModelsSettings = ModelsSettings()
    """Providers and pools of models; they stand in the file alone."""

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


@dataclass(frozen=True)
class Origin:
    """Where a value came from: `where` is the flag, the variable, or the file and line."""

    source: Source
    where: str = ""

    def __str__(self) -> str:
        return self.where or self.source


@dataclass(frozen=True)
class Configured:
    """The settings that are in force, where each came from, and the project they belong to."""

    settings: Settings
    project: Path
    """The project's folder; without an `interlock.toml`, the folder one stands in."""
    file: Path | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict[str, Origin])

    def listed(self) -> Iterator[tuple[str, Any, Origin]]:
        """Each setting by its dotted name, its value, and where that came from."""
        values = _flattened(self.settings.model_dump())
        for name in SETTING_NAMES:
            yield name, values[name], self.origins.get(name, Origin("default"))
        for name, shown in self._own_names():
            yield name, shown, self.origins.get(name, Origin("default"))

    def _own_names(self) -> Iterator[tuple[str, Any]]:
        """What stands under names that the project's authors have chosen."""
        settings = self.settings
        yield from ((f"sinks.{name}", sink.shown) for name, sink in settings.sinks.items())
        yield from ((f"pools.{name}", limit) for name, limit in settings.pools.items())
        yield from (
            (f"concurrency.{name}", limit.model_dump(exclude_defaults=True))
            for name, limit in settings.concurrency.items()
        )
        yield from ((f"models.providers.{name}", each.shown) for name, each in settings.models.providers.items())
        yield from ((f"models.pools.{name}", each.shown) for name, each in settings.models.pools.items())


class SettingsError(InterlockError):
    """Settings that cannot be used. Every problem that was found is listed, each with its place."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def _names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, info in model.model_fields.items():
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _names(inner, f"{prefix}{name}.")
        else:
            yield prefix + name


_OWN_NAMES: Final = ("sinks", "pools", "concurrency", "models")
"""The tables in which whoever writes them chooses the names."""
SETTING_NAMES: Final = tuple(name for name in _names(Settings) if name.partition(".")[0] not in _OWN_NAMES)
"""Every setting by its dotted name, as it stands in the file: `limits.nodes_max` is `nodes_max` under `[limits]`."""

_OTHER_FLAGS: Final = {"worker.pools": "--pool", "worker.tags": "--tag", "worker.grace_seconds": "--grace"}
"""The flags that are not called as their settings: those that are given again and again, and one that is short."""
_LISTS: Final = ("tools", "agents", "plugins", "sandbox.tiers", "worker.pools", "worker.tags")
_BY_VARIABLE: Final = {f"{ENVIRONMENT_PREFIX}{name.replace('.', '_').upper()}": name for name in SETTING_NAMES}


def read_settings(
    flags: Mapping[str, Any] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Configured:
    """The settings in force for who stands in a folder. `flags` are by dotted name; those that are None were not given.

    Paths in the file are relative to the project, others to the folder. Raises `SettingsError` with all problems.
    """
    here = (folder or Path.cwd()).absolute()
    file = find_project_file(here)
    project = file.parent if file else here
    layers = [_from_file(file), _from_environment(os.environ if environment is None else environment, here)]
    layers.append(_from_flags(flags or {}, here))
    problems = [problem for layer in layers for problem in layer.problems]
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for layer in layers:
        values |= layer.values
        origins |= layer.origins
    settings, wrong = _checked(values, origins)
    if settings is None or problems:
        raise SettingsError([*problems, *wrong])
    return Configured(_absolute(settings, project, here, origins), project, file, origins)


def find_project_file(folder: Path) -> Path | None:
    """The nearest `interlock.toml`, from a folder upwards."""
    candidates = (each / PROJECT_FILE for each in (folder, *folder.parents))
    return next((file for file in candidates if file.is_file()), None)


# --- one layer after the other ---------------------------------------------------------------------------------------


@dataclass
class _Layer:
    """What one place says, by dotted name, and what is wrong with it."""

    values: dict[str, Any] = field(default_factory=dict[str, Any])
    origins: dict[str, Origin] = field(default_factory=dict[str, Origin])
    problems: list[str] = field(default_factory=list[str])


def _from_file(file: Path | None) -> _Layer:
    layer = _Layer()
    if file is None:
        return layer
    try:
        text = file.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        layer.problems.append(f"{file} cannot be read: {error}")
        return layer
    except tomllib.TOMLDecodeError as error:
        layer.problems.append(f"{file} is not TOML: {error}")
        return layer
    for own in (name for name in _OWN_NAMES if name in table):
        named = layer.values[own] = table.pop(own)
        for name in _origin_names(own, named):
            layer.origins[name] = Origin("file", f"{file}:{line_of(text, name)}")
    for name, value in _flattened(table).items():
        where = f"{file}:{line_of(text, name)}"
        if name in SETTING_NAMES:
            layer.values[name] = value
            layer.origins[name] = Origin("file", where)
        else:
            layer.problems.append(f"{where}: {_unknown(name, SETTING_NAMES)}")
    return layer


def _origin_names(own: str, named: object) -> list[str]:
    """What of a table with names of one's own has a place: each of them, or of models each provider and pool."""
    if not is_map(named):
        return [own]
    parts = [f"{own}.{each}" for each in named]
    if own != "models":
        return parts
    inner = [f"{own}.{each}.{name}" for each, table in named.items() if is_map(table) for name in table]
    return [*inner, *parts, own]


def _from_environment(environment: Mapping[str, str], here: Path) -> _Layer:
    layer = _Layer()
    for variable, text in sorted(environment.items()):
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable.startswith(_SECRETS_PREFIX) or not text:
            continue
        name = _BY_VARIABLE.get(variable)
        if name is None:
            layer.problems.append(f"the environment: {_unknown(variable, _BY_VARIABLE)}")
        else:
            layer.values[name] = text.split(os.pathsep) if name in _LISTS else text
            layer.origins[name] = Origin("environment", variable)
    return layer


def _from_flags(flags: Mapping[str, Any], here: Path) -> _Layer:
    given = {name: value for name, value in flags.items() if value is not None}
    return _Layer(given, {name: Origin("flag", _flag(name)) for name in given})


def _flag(name: str) -> str:
    """How a setting is given on a command line."""
    return _OTHER_FLAGS.get(name) or f"--{name.rpartition('.')[2].replace('_', '-')}"


def _unknown(name: str, known: Mapping[str, str] | tuple[str, ...]) -> str:
    meant = nearest(name, known)
    return f"`{name}` is no setting" + (f"; did you mean `{meant}`?" if meant else f"; there are: {', '.join(known)}")


def _flattened(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if is_map(value) and value:
            flat |= _flattened(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


_TABLE_LINE: Final = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")


def line_of(text: str, name: str) -> int:
    """The line on which a setting stands in the text of a TOML file; 1 if it is written in a way not looked for."""
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        header = _TABLE_LINE.match(line)
        if header and header[1] == name:
            return number
        if header:
            section = f"{header[1]}."
        elif name.startswith(section) and _is_key(line, name.removeprefix(section)):
            return number
    return 1


def _is_key(line: str, name: str) -> bool:
    written = line.partition("=")[0].strip().replace('"', "").replace("'", "").replace(" ", "")
    # An inline table stands under its first key: `limits = {nodes_max = 5}`.
    return bool(written) and (name == written or name.startswith(f"{written}."))


# --- together --------------------------------------------------------------------------------------------------------


def _checked(values: Mapping[str, Any], origins: Mapping[str, Origin]) -> tuple[Settings | None, list[str]]:
    try:
        return Settings.model_validate(_nested(values)), []
    except ValidationError as error:
        return None, [_told(each["loc"], each["type"], each["msg"], each["input"], origins) for each in error.errors()]


def _told(place: tuple[str | int, ...], wrong: str, why: str, given: object, origins: Mapping[str, Origin]) -> str:
    name = next((name for name in origins if name == ".".join(map(str, place[: name.count(".") + 1]))), str(place[0]))
    where = origins.get(name, Origin("default"))
    if wrong == _WRONG_ADDRESS:
        return f"{where}: `{name}` cannot be used: {why}"  # what was given may hold a password
    if place[0] in {"model", "models"}:
        return f"{where}: {told_wrongly(place, wrong, why, given)}"
    if place[0] == "sinks":
        return f"{where}: {_told_of_sink(place, wrong)}, not {given!r}"
    if wrong == "string_pattern_mismatch" and place[0] in {"worker", "pools"}:
        return f"{where}: `{name}` wants names of letters, digits, `.`, `_` and `-`, and was given {given!r}"
    return f"{where}: `{name}` is {_WANTED.get(wrong, 'a whole number above 0')}, not {given!r}"


_WANTED: Final = {
    "tuple_type": "a list of files, folders and modules",
    "string_type": "a file, a folder or a module",
    "string_too_short": "a file, a folder or a module",
    "path_type": "a path",
    "string_pattern_mismatch": "an age such as `12h`, `90d` or `1y`",
    "model_type": "a table of settings",
    "model_attributes_type": "a table of settings",
}
"""What a setting is, by what was found wrong with it; most are numbers."""

_ANY_SINK: Final = 'an address such as `file:events.jsonl`, or a table `{to = "https://…", secret = "NAME"}`'
_WANTED_OF_SINK: Final = {
    "extra_forbidden": "no key of a sink (there are: to, secret, timeout_seconds)",
    "dict_type": "a table of sinks",
    "greater_than": "a time above 0 s",
    "less_than_equal": "a time up to 300 s",
    "float_parsing": "a number of seconds",
    "float_type": "a number of seconds",
    "missing": "needed: the sink's address",
}


def _told_of_sink(place: tuple[str | int, ...], wrong: str) -> str:
    if place[-1] == "[key]":
        return f"`{place[1]}` is no name of a sink: lower-case letters, digits, `-` and `_`"
    return f"`{'.'.join(map(str, place))}` is {_WANTED_OF_SINK.get(wrong, _ANY_SINK)}"


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        section, dot, key = name.partition(".")
        if dot:
            nested.setdefault(section, {})[key] = value
        else:
            nested[name] = value
    return nested


def _absolute(settings: Settings, project: Path, here: Path, origins: Mapping[str, Origin]) -> Settings:
    def base(name: str) -> Path:
        return here if origins.get(name, Origin("default")).source in {"flag", "environment"} else project

    return settings.model_copy(
        update={
            "store": _absolute_place(settings.store, base("store")),
            "graphs": base("graphs") / settings.graphs,
            "policies": base("policies") / settings.policies,
            "secrets": base("secrets") / settings.secrets,
            "tools": _sources(settings.tools, base("tools"), is_default="tools" not in origins),
            "agents": _sources(settings.agents, base("agents"), is_default="agents" not in origins),
        }
    )


def _absolute_place(place: StorePlace, base: Path) -> StorePlace:
    return base / place if isinstance(place, Path) else place


def _sources(named: tuple[str, ...], base: Path, *, is_default: bool) -> tuple[str, ...]:
    """Files and folders as absolute paths, modules by their names. A project without such a folder has none of them."""
    if is_default:
        return tuple(str(base / each) for each in named if (base / each).is_dir())
    return tuple(str(base / each) if _is_path(each, base) else each for each in named)


def _is_path(source: str, base: Path) -> bool:
    return source.endswith((".py", ".yaml", ".yml")) or "/" in source or (base / source).exists()
