"""The toolbox: tools by name, collected from files, folders, modules and functions. Two tools never share a name.

Everything that is wrong with the sources is told at once. Calls no tool, and asks no server what it offers: of tools
that somebody else defines, those are here that a person has approved, and the others only to be refused when called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, TypeAlias

from interlock.authoring.places import shown
from interlock.core.plan import ToolContract
from interlock.core.problems import nearest
from interlock.tools.declared.reading import SUFFIXES
from interlock.tools.errors import ToolError, ToolsNotLoaded
from interlock.tools.loading import load_file, load_module
from interlock.tools.mcp.clients import McpClients
from interlock.tools.pinning import NOT_APPROVED, Quarantine, lock_file_of, read_pins
from interlock.tools.sources import Surroundings, source_files, tools_of_file
from interlock.tools.tool import Tool, tool_of

ToolSource: TypeAlias = str | Path | ModuleType | Tool | EntryPoint | Callable[..., Any]
"""A file, a folder of files, a module or its name, a tool, what an installed package declares, or a function."""


class Toolbox:
    """Tools by name. One in quarantine is found by its name, which a call of it was given; else it is not there."""

    def __init__(self, tools: dict[str, Tool], around: Surroundings | None = None) -> None:
        self._tools = dict(sorted(tools.items()))
        self._around = around

    def find(self, name: str) -> Tool | None:
        """The tool of that name, also if it will only refuse."""
        found = self._tools.get(name)
        why = "" if found is None else self._why(found)
        return found if found is None or found.quarantined == why else replace(found, quarantined=why)

    def why_kept_away(self, name: str) -> str:
        """Why graphs and agents do not find a tool that is there, or may be; nothing of one that nobody offers."""
        if name in self._tools:
            why = self._why(self._tools[name])
            return f"the tool `{name}` is in quarantine: {why}" if why else ""
        source = "" if self._around is None else self._around.quarantine.source_of(name)
        return f"no tool `{name}` of {source} {NOT_APPROVED}" if source else ""

    def unseen(self) -> list[str]:
        """Sources of which nothing is known, since nobody has approved any of their tools."""
        known = {tool.source for tool in self._tools.values()}
        asked = [] if self._around is None else self._around.quarantine.asked_sources
        return [source for source in asked if source not in known]

    def beside(self, others: Iterable[Tool]) -> Toolbox:
        """These tools and others. Of two with one name, the one that is here already is meant."""
        return Toolbox({tool.name: tool for tool in others} | self._tools, self._around)

    async def close(self) -> None:
        """End the connections to servers that calls have opened. They open again if they are needed."""
        if self._around is not None:
            await self._around.clients.close()

    def get(self, name: str) -> Tool:
        """The tool of that name; a `ToolError` suggests the nearest one."""
        found = self._tools.get(name)
        if why := self.why_kept_away(name):
            raise ToolError(why)
        if found is None:
            near = nearest(name, self._tools)
            raise ToolError(f"there is no tool `{name}`" + (f": did you mean `{near}`?" if near else ""))
        return found

    def everything(self) -> list[Tool]:
        """All tools there are, those in quarantine as well: to be looked at."""
        return [found for name in self._tools if (found := self.find(name)) is not None]

    def contracts(self) -> dict[str, ToolContract]:
        """What graphs may know of these tools."""
        return {tool.name: tool.contract for tool in self}

    def pools(self) -> dict[str, str]:
        """The pool of each of these tools."""
        return {tool.name: tool.pool for tool in self}

    def __iter__(self) -> Iterator[Tool]:
        return iter([tool for tool in self._tools.values() if not self._why(tool)])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        return name in self._tools and not self._why(self._tools[str(name)])

    def _why(self, tool: Tool) -> str:
        return tool.quarantined or ("" if self._around is None else self._around.quarantine.why(tool.name))


def collect_tools(sources: Iterable[ToolSource]) -> Toolbox:
    """The tools of all sources, or `ToolsNotLoaded` with everything that is wrong with them.

    Text is a file or folder if it looks like one (ends in `.py` or `.yaml`, has a slash, or exists), a module's name
    otherwise. A file or module that was named must hold a tool; in a folder, files without tools are what the others
    import. Files of YAML declare tools of somebody else (see `declared`).
    """
    tools: dict[str, Tool] = {}
    problems: list[str] = []
    around = Surroundings(McpClients(), Quarantine())
    for source in sources:
        try:
            for found in _tools_of(source, around):
                problems.extend(_added(tools, found))
        except ToolsNotLoaded as error:
            problems.extend(error.problems)
        except ToolError as error:
            problems.append(str(error))
    if problems:
        raise ToolsNotLoaded(list(dict.fromkeys(problems)))
    return Toolbox(tools, around)


def _added(tools: dict[str, Tool], found: Tool) -> list[str]:
    """Put a tool in, unless another has its name. The same tool found twice (imported by a neighbour) is one."""
    known = tools.setdefault(found.name, found)
    if known is found:
        return []
    return [f"{found.place}: the tool `{found.name}` is also defined at {known.place}: rename one of them"]


def _tools_of(source: ToolSource, around: Surroundings) -> list[Tool]:
    match source:
        case Tool():
            return [source]
        case ModuleType():
            return _named(_tools_in(source), source.__name__)
        case EntryPoint():
            return _installed(source)
        case Path():
            return _tools_at(source, around)
        case str() if source.endswith((".py", *SUFFIXES)) or "/" in source or Path(source).exists():
            return _tools_at(Path(source), around)
        case str():
            return _named(_tools_in(load_module(source)), f"module {source}")
        case _:
            found = tool_of(source)
            if found is None:
                raise ToolsNotLoaded([f"{source!r} is no tool: mark the function with @tool"])
            return [found]


def _installed(declared: EntryPoint) -> list[Tool]:
    """What an installed package declares: a module of tools, or one function that carries one."""
    found: Any = load_module(declared.module)
    for name in filter(None, (declared.attr or "").split(".")):
        found = getattr(found, name, None)
    what = f"the entry point {declared.name} ({declared.value})"
    tools = _named(_tools_in(found), what) if isinstance(found, ModuleType) else [tool_of(found)]
    package = declared.dist.name if declared.dist is not None else declared.module
    made = [replace(each, source=f"plugin:{package}") for each in tools if each is not None]
    if not made:
        raise ToolsNotLoaded([f"{what} is neither a tool nor a module of tools"])
    return made


def _tools_at(path: Path, around: Surroundings) -> list[Tool]:
    if not path.is_dir():
        declares = path.suffix in SUFFIXES
        return _declared([path], around) if declares else _named(_tools_in(load_file(path)), str(path))
    tools: list[Tool] = []
    problems: list[str] = []
    for file in _python_files(path):
        try:
            tools.extend(_tools_in(load_file(file)))
        except ToolError as error:
            problems.extend(error.problems if isinstance(error, ToolsNotLoaded) else [str(error)])
    try:
        tools.extend(_declared(source_files(path), around))
    except ToolsNotLoaded as error:
        problems.extend(error.problems)
    if problems:
        raise ToolsNotLoaded(problems)
    return tools


def _declared(files: Sequence[Path], around: Surroundings) -> list[Tool]:
    """The tools that files of one folder declare."""
    if not files:
        return []
    pins = read_pins(lock_file_of(files[0].parent))
    tools: list[Tool] = []
    problems: list[str] = []
    for file in files:
        try:
            tools.extend(tools_of_file(file, pins, around))
        except ToolsNotLoaded as error:
            problems.extend(error.problems)
    if problems:
        raise ToolsNotLoaded(problems)
    return tools


def _python_files(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if file.suffix == ".py")
    except OSError as error:
        raise ToolsNotLoaded([f"{shown(str(folder))}: the folder cannot be read: {error.strerror}"]) from error


def _tools_in(module: ModuleType) -> list[Tool]:
    found = (tool_of(candidate) for candidate in vars(module).values() if isinstance(candidate, FunctionType))
    return [made for made in found if made is not None]


def _named(tools: list[Tool], source: str) -> list[Tool]:
    if not tools:
        raise ToolsNotLoaded([f"{source} holds no tool: mark the functions with @tool"])
    return tools
