"""Graphs: what is wrong with one and what it looks like; those that are known by name, their drafts and versions."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from interlock.wire.problems import Place
from interlock.wire.values import Value

GraphSource: TypeAlias = Literal["released", "project", "packaged", "draft"]
"""Where a graph of a name is: published, among the files of the project, coming along, or kept as a draft."""


class DrawnNode(Struct, frozen=True, kw_only=True):
    """A node as a page draws it."""

    node: str
    """Its path in the graph, as summaries of runs have it: `refine/draft`."""
    name: str
    kind: str
    what: str
    """What it does, in a few words: `tool run_tests`."""
    notes: list[str]
    """What is worth knowing besides: joins, retries, undo."""
    inside: str = ""
    """The node that holds it; empty at the top."""


class DrawnEdge(Struct, frozen=True, kw_only=True):
    """An edge that says something: one that a longer way implies is left out."""

    source: str
    target: str
    label: str
    """Its condition, where it has one."""


class Drawing(Struct, frozen=True, kw_only=True):
    """The nodes of a graph in the order of its text, and the edges between them."""

    nodes: list[DrawnNode]
    edges: list[DrawnEdge]


class GraphCheck(Struct, frozen=True, kw_only=True):
    """A graph with everything that is wrong with it. What follows `problems` is there once it could be run."""

    graph: str
    valid: bool
    problems: list[Place]
    hash: str | UnsetType = UNSET
    """The same for graphs that mean the same, however they are written."""
    drawing: Drawing | UnsetType = UNSET
    inputs: Value | UnsetType = UNSET
    """A JSON Schema of what a run is given; null: nothing is said of it."""
    outputs: list[str] | UnsetType = UNSET
    ours: Value | UnsetType = UNSET
    """The graph of Interlock that it means, where it is written for another system."""
