"""Which installed packages offer tools or agents, by the entry points that they declare. Imports none of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from msgspec import Struct

from interlock.core.problems import nearest
from interlock.tools.errors import ToolsNotLoaded

TOOLS_GROUP: Final = "interlock.tools"
AGENTS_GROUP: Final = "interlock.agents"


class Plugin(Struct, frozen=True, kw_only=True):
    """A package, and where in it its tools and agents are."""

    name: str
    version: str
    summary: str
    tools: tuple[EntryPoint, ...] = ()
    agents: tuple[EntryPoint, ...] = ()


def installed_plugins() -> list[Plugin]:
    """The packages that offer something, by name."""
    points = [point for group in (TOOLS_GROUP, AGENTS_GROUP) for point in entry_points(group=group)]
    of_package: dict[str, list[EntryPoint]] = {}
    for point in sorted(points, key=lambda each: (each.group, each.name, each.value)):
        if point.dist is not None:
            of_package.setdefault(normal_name(point.dist.name), []).append(point)
    return [_plugin(name, of_package[name]) for name in sorted(of_package)]


def enabled_plugins(names: Sequence[str], installed: Iterable[Plugin]) -> list[Plugin]:
    """The plugins that a project names; `ToolsNotLoaded` if one is not there."""
    known = {plugin.name: plugin for plugin in installed}
    wanted = list(dict.fromkeys(map(normal_name, names)))
    problems = [_missing(name, known) for name in wanted if name not in known]
    if problems:
        raise ToolsNotLoaded(problems)
    return [known[name] for name in wanted]


def normal_name(name: str) -> str:
    """A package's name as all its spellings mean it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _plugin(name: str, points: Sequence[EntryPoint]) -> Plugin:
    package = points[0].dist
    assert package is not None
    return Plugin(
        name=name,
        version=package.version,
        summary=next(iter(package.metadata.get_all("Summary") or ()), ""),
        tools=tuple(point for point in points if point.group == TOOLS_GROUP),
        agents=tuple(point for point in points if point.group == AGENTS_GROUP),
    )


def _missing(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    told = f"the plugin `{name}` is not installed, or offers neither tools nor agents"
    return told + (f": did you mean `{near}`?" if near else ": `interlock plugins` lists those that do")
