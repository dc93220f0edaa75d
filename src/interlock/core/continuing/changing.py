"""What another version of a graph asks, touches and gives otherwise, as people care about it. Pure.

It compares what is written, node by node, and says nothing about whether a run could go on on the other version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from interlock.core.bundle import BundleContent
from interlock.core.compiling.json_data import Json, JsonMap
from interlock.core.continuing.definitions import AGENTS, definitions

About: TypeAlias = Literal["input", "output", "question", "effect", "agent", "tool", "trigger"]

_KINDS: dict[str, About] = {"human": "question", "tool": "effect", "emit": "effect", "agent": "effect"}
_PROPERTIES = "properties"
_NOT_DONE = {"after", "join", "when", "description", AGENTS}
"""What says nothing of what a node asks or does itself; agents are told of by their names."""


class Change(Struct, frozen=True):
    """One thing that is new, gone or changed, by its name or its node's place."""

    about: About
    name: str
    how: Literal["new", "gone", "changed"]


def changes_between(before: BundleContent, after: BundleContent) -> tuple[Change, ...]:
    """Inputs, outputs, questions, effects, agents, contracts of tools and triggers in which two versions differ."""
    told = [
        *_changes("input", _inputs(before.document), _inputs(after.document)),
        *_changes("output", _map(before.document.get("outputs")), _map(after.document.get("outputs"))),
    ]
    mine, theirs = dict(definitions(before)), dict(definitions(after))
    for about in ("question", "effect"):
        told += _changes(about, _of_kind(about, mine), _of_kind(about, theirs))
    told += _changes("agent", _agents(before), _agents(after))
    shared = before.tools.keys() & after.tools.keys()
    told += [Change("tool", name, "changed") for name in sorted(shared) if before.tools[name] != after.tools[name]]
    told += _changes("trigger", _map(before.document.get("triggers")), _map(after.document.get("triggers")))
    return tuple(told)


def _changes(about: About, before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[Change]:
    for name in _in_order(before, after):
        if name not in after:
            yield Change(about, name, "gone")
        elif name not in before:
            yield Change(about, name, "new")
        elif before[name] != after[name]:
            yield Change(about, name, "changed")


def _in_order(before: Iterable[str], after: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*before, *after]))


def _of_kind(about: About, nodes: Mapping[str, JsonMap]) -> dict[str, Json]:
    """The nodes of a kind, each with what it asks or does and not with when."""
    return {
        place: {key: node[key] for key in node if key not in _NOT_DONE}
        for place, node in nodes.items()
        if any(_KINDS.get(key) == about for key in node)
    }


def _agents(content: BundleContent) -> dict[str, Json]:
    """Each agent that works in it, or may be called there, with its prompt."""
    return {name: msgspec.to_builtins(agent) for name, agent in content.agents.items()}


def _inputs(document: JsonMap) -> dict[str, Json]:
    """Each input by its name, with whether it is needed; of a whole JSON Schema as well."""
    written = _map(document.get("inputs"))
    properties = written.get(_PROPERTIES)
    if not isinstance(properties, dict):
        return written
    needed = written.get("required")
    names = needed if isinstance(needed, list) else []
    return {name: {"is": schema, "needed": name in names} for name, schema in properties.items()}


def _map(written: Json) -> dict[str, Json]:
    return dict(written) if isinstance(written, dict) else {}
