"""What a graph is, as bytes: the hash of what it means, and the bundle that a run is pinned to.

What a node is *for* (`description`) is no part of what a graph means, and so not of its hash; the bundle holds it, so
that a run can be shown as it was written. Opening a bundle is compiling it, and done there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from interlock.core.agent_contract import AgentContract
from interlock.core.compiling.canonical_document import sorted_maps, undescribed
from interlock.core.compiling.json_data import JsonMap
from interlock.core.plan import LANGUAGE, ToolContract

_BUNDLE_FORMAT: Final = 1


class Bundle(Struct, frozen=True):
    """What a run means, and the name of it. The bytes are kept as they are: hashes are over stored bytes."""

    hash: str
    bytes: bytes


class BundleProblem(ValueError):
    """Bytes that are no bundle this release can open."""


class BundleContent(Struct, frozen=True):
    """What a bundle holds: enough to compile the same plan anywhere."""

    format: int
    language: int
    document: dict[str, Any]
    graphs: dict[str, dict[str, Any]]
    tools: dict[str, ToolContract]
    agents: dict[str, AgentContract] = {}


class Meaning(Struct, frozen=True):
    """A graph with all that it names, each in its canonical spelling."""

    document: JsonMap
    graphs: dict[str, JsonMap]


def make_bundle(meaning: Meaning, tools: Iterable[ToolContract], agents: Iterable[AgentContract] = ()) -> Bundle:
    """The bundle of a graph, the graphs it names, and the tools and agents they use."""
    data = msgspec.msgpack.encode(
        {
            "format": _BUNDLE_FORMAT,
            "language": LANGUAGE,
            "document": meaning.document,
            "graphs": {name: meaning.graphs[name] for name in sorted(meaning.graphs)},
            "tools": {tool.name: _written(tool) for tool in sorted(tools, key=lambda tool: tool.name)},
        }
        | _agents(sorted(agents, key=lambda agent: agent.name))
    )
    return Bundle(hashlib.sha256(data).hexdigest(), data)


def _written(tool: ToolContract) -> JsonMap:
    """A tool as bundles hold it: of one on the plain terms they are the bytes that they were before there were any."""
    written: JsonMap = msgspec.to_builtins(tool)
    if tool.terms is None:
        del written["terms"]
    return {name: sorted_maps(item) for name, item in sorted(written.items())}


def _agents(agents: Sequence[AgentContract]) -> JsonMap:
    return {"agents": {agent.name: sorted_maps(msgspec.to_builtins(agent)) for agent in agents}} if agents else {}


def read_bundle(data: bytes) -> BundleContent:
    """What a bundle holds, or a `BundleProblem`."""
    try:
        content = msgspec.msgpack.decode(data, type=BundleContent)
    except msgspec.DecodeError as error:
        raise BundleProblem(f"these {len(data)} bytes are no bundle: {error}") from error
    if content.format != _BUNDLE_FORMAT or content.language > LANGUAGE:
        raise BundleProblem(
            f"the bundle has format {content.format} and language {content.language}: open it with a newer release"
        )
    return content


def graph_hash(meaning: Meaning) -> str:
    """The name of what a graph means, with all that it names: the same however and wherever it was written."""
    graphs = {name: undescribed(meaning.graphs[name]) for name in sorted(meaning.graphs)}
    data = msgspec.msgpack.encode([LANGUAGE, undescribed(meaning.document), graphs])
    return hashlib.sha256(data).hexdigest()
