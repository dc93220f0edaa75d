"""Agents by name, collected from folders, files, modules, installed packages and code. Two never share a name.

Everything that is wrong with the sources is told at once. An agent that comes with the product yields to one of the
sources that has its name, for graphs and for all agents that may call it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Final, TypeAlias

from interlock.agents.agent import Agent
from interlock.agents.built_in_agents import built_in_agent, built_in_names
from interlock.agents.contracts.reading import ReadContract, read_contract
from interlock.agents.errors import AgentsNotLoaded, UnknownAgent
from interlock.agents.fingerprint import Fingerprint, fingerprint_of
from interlock.agents.loading import load_file, load_module
from interlock.authoring.report import render_problems
from interlock.core.agent_contract import AgentContract

AgentSource: TypeAlias = str | Path | ModuleType | Agent | EntryPoint
"""A folder, a contract, a Python file, a module or its name, an agent, or what an installed package declares."""

CONTRACT_SUFFIXES: Final = (".yaml", ".yml")


class Agents:
    """Agents by name, and what they were made of. One that comes with the product is read when it is asked for."""

    def __init__(self, agents: Iterable[Agent], sources: Sequence[AgentSource], fingerprint: Fingerprint) -> None:
        self._take(agents)
        self._sources = tuple(sources)
        self._fingerprint = fingerprint

    def _take(self, agents: Iterable[Agent]) -> None:
        self._own = {each.name: each for each in sorted(agents, key=lambda each: each.name)}
        self._built_in: dict[str, Agent | None] = {name: None for name in built_in_names() if name not in self._own}

    def find(self, name: str) -> Agent | None:
        """The agent of that name."""
        if name not in self._built_in:
            return self._own.get(name)
        read = self._built_in[name] or built_in_agent(name)
        self._built_in[name] = read
        return read

    def get(self, name: str) -> Agent:
        """The agent of that name; `UnknownAgent` suggests the nearest one."""
        found = self.find(name)
        if found is None:
            raise UnknownAgent(name, self.names())
        return found

    def names(self) -> list[str]:
        """The names of all."""
        return sorted([*self._own, *self._built_in])

    def own(self) -> list[Agent]:
        """Those of the sources, without the ones that come with the product."""
        return list(self._own.values())

    def comes_along(self, name: str) -> bool:
        """Whether that name means an agent that comes with the product: no source has one of its name."""
        return name in self._built_in

    def contracts(self) -> Mapping[str, AgentContract]:
        """What graphs and other agents may know of them."""
        return _Contracts(self)

    def renew(self) -> None:
        """Take in what has changed since: whoever holds these agents has the new ones from here on.

        What is wrong with them now is told as by `collect_agents`, and nothing is taken in.
        """
        now = fingerprint_of(self._sources)
        if now != self._fingerprint:
            self._take(collect_agents(self._sources).own())
            self._fingerprint = now

    @property
    def fingerprint(self) -> Fingerprint:
        """Another one whenever something that these agents are made of has changed and was taken in."""
        return self._fingerprint

    def __iter__(self) -> Iterator[Agent]:
        return map(self.get, self.names())

    def __len__(self) -> int:
        return len(self._own) + len(self._built_in)

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self._built_in


class _Contracts(Mapping[str, AgentContract]):
    """The contracts of agents: of those that come with the product, only the ones that are looked at are read."""

    def __init__(self, agents: Agents) -> None:
        self._agents = agents

    def __getitem__(self, name: str) -> AgentContract:
        found = self._agents.find(name)
        if found is None:
            raise KeyError(name)
        return found.contract

    def __contains__(self, name: object) -> bool:
        return name in self._agents

    def __iter__(self) -> Iterator[str]:
        return iter(self._agents.names())

    def __len__(self) -> int:
        return len(self._agents)


def collect_agents(sources: Iterable[AgentSource]) -> Agents:
    """The agents of all sources and the built-in ones, or `AgentsNotLoaded` with everything that is wrong with them.

    Text is a file or folder if it looks like one (ends in `.py` or `.yaml`, has a slash, or exists), else a module.
    """
    given = tuple(sources)
    agents: dict[str, Agent] = {}
    problems: list[str] = []
    # Before anything is read: what changes meanwhile is then seen as changed.
    fingerprint = fingerprint_of(given)
    for source in given:
        try:
            for found in _agents_of(source):
                problems += _added(agents, found)
        except AgentsNotLoaded as error:
            problems += error.problems
    if problems:
        raise AgentsNotLoaded(list(dict.fromkeys(problems)))
    return Agents(agents.values(), given, fingerprint)


def _added(agents: dict[str, Agent], found: Agent) -> list[str]:
    """Put an agent in, unless another has its name. The same one found twice is one."""
    known = agents.setdefault(found.name, found)
    if known is found:
        return []
    return [f"{found.place}: the agent `{found.name}` is also declared at {known.place}: rename one of them"]


def _agents_of(source: AgentSource) -> list[Agent]:
    match source:
        case Agent():
            return [source]
        case ModuleType():
            return _named(_agents_in_package(source), source.__name__)
        case EntryPoint():
            return _installed(source)
        case Path():
            return _agents_at(source)
        case str() if _is_path(source):
            return _agents_at(Path(source))
        case str():
            return _named(_agents_in_package(load_module(source)), f"module {source}")


def _is_path(source: str) -> bool:
    return source.endswith((".py", *CONTRACT_SUFFIXES)) or "/" in source or Path(source).exists()


def _installed(declared: EntryPoint) -> list[Agent]:
    """What an installed package declares: a module, with the contracts beside it, or one agent."""
    found: object = load_module(declared.module)
    for name in filter(None, (declared.attr or "").split(".")):
        found = getattr(found, name, None)
    match found:
        case Agent():
            return [found]
        case ModuleType():
            return _named(_agents_in_package(found), f"the entry point {declared.name} ({declared.value})")
        case _:
            what = f"the entry point {declared.name} ({declared.value})"
            raise AgentsNotLoaded([f"{what} is neither an agent nor a module of agents"])


def _agents_in_package(module: ModuleType) -> list[Agent]:
    """The agents of a module and, of a package, the contracts in its folder."""
    folders = [Path(each) for each in getattr(module, "__path__", ())]
    return [*_agents_in(module), *(found for folder in folders for found in _contracts_in(folder))]


def _agents_in(module: ModuleType) -> list[Agent]:
    found = [each for each in vars(module).values() if isinstance(each, Agent)]
    return list({id(each): each for each in found}.values())


def _agents_at(path: Path) -> list[Agent]:
    if path.is_dir():
        return _agents_in_folder(path)
    if not path.is_file():
        raise AgentsNotLoaded([f"{path}: there is no such file or folder"])
    if path.suffix in CONTRACT_SUFFIXES:
        return [_agent_of(path)]
    return _named(_agents_in(load_file(path)), str(path))


def _agents_in_folder(folder: Path) -> list[Agent]:
    agents: list[Agent] = []
    problems: list[str] = []
    for file in _files_in(folder, (".py",)):
        try:
            agents += _agents_in(load_file(file))
        except AgentsNotLoaded as error:
            problems += error.problems
    try:
        agents += _contracts_in(folder)
    except AgentsNotLoaded as error:
        problems += error.problems
    if problems:
        raise AgentsNotLoaded(problems)
    return agents


def _contracts_in(folder: Path) -> list[Agent]:
    agents: list[Agent] = []
    problems: list[str] = []
    for file in _files_in(folder, CONTRACT_SUFFIXES):
        try:
            agents.append(_agent_of(file))
        except AgentsNotLoaded as error:
            problems += error.problems
    if problems:
        raise AgentsNotLoaded(problems)
    return agents


def _files_in(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if file.suffix in suffixes and file.is_file())
    except OSError as error:
        raise AgentsNotLoaded([f"{folder}: the folder cannot be read: {error.strerror}"]) from error


def _agent_of(file: Path) -> Agent:
    read = contract_at(file)
    if read.contract is None:
        raise AgentsNotLoaded([render_problems(read.problems, read.document).rstrip()])
    return Agent(contract=read.contract, place=str(file))


def contract_at(file: Path) -> ReadContract:
    """The contract in a file, as far as it can be read; `AgentsNotLoaded` if the file itself cannot be."""
    try:
        return read_contract(file)
    except OSError as error:
        raise AgentsNotLoaded([f"{file}: the file cannot be read: {error.strerror or error}"]) from error


def _named(agents: list[Agent], source: str) -> list[Agent]:
    if not agents:
        raise AgentsNotLoaded([f"{source} holds no agent: declare one with `agent(…)`, or as YAML"])
    return agents
