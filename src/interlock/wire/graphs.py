"""Graphs: what is wrong with one and what it looks like; those that are known by name, their drafts and versions."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from interlock.wire.problems import Place
from interlock.wire.runs import Actions
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
    """Its name; empty where it says none."""
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


class DraftRow(Struct, frozen=True, kw_only=True):
    """A draft as lists show it."""

    tag: str
    """Its ETag, without the quotes."""
    saved_at: int
    by: str
    bytes: int
    errors: int
    """How much of it was wrong when it was saved."""


class GraphRow(Struct, frozen=True, kw_only=True):
    """A name with what it means."""

    graph: str
    description: str
    sources: list[GraphSource]
    """Where a graph of this name is; the first is what the name means."""
    version: int | None
    """The version in force."""
    released_at: int | None
    valid: bool | None
    """Whether it could be run; null: nobody has looked."""
    place: str | UnsetType = UNSET
    """Its file, among those of the project."""
    draft: DraftRow | UnsetType = UNSET


class GraphPage(Struct, frozen=True, kw_only=True):
    """Graphs by name. With a `next` there are more: give it as `cursor`."""

    graphs: list[GraphRow]
    next: str | None = None


class GraphTrigger(Struct, frozen=True, kw_only=True):
    """What starts runs of a graph by itself once it is released."""

    name: str
    kind: Literal["cron", "event"]
    what: str
    """Its cron expression, or the name of its event."""


class Graph(Struct, frozen=True, kw_only=True):
    """What a name means to a run that is started now."""

    row: GraphRow
    hash: str | UnsetType = UNSET
    bundle: str | UnsetType = UNSET
    """What a run of it is pinned to."""
    problems: list[Place] | UnsetType = UNSET
    """Of one that is not released: what is wrong with it."""
    inputs: Value | UnsetType = UNSET
    """A JSON Schema of what a run is given, as a form is made of; null: nothing is said of it."""
    outputs: list[str] | UnsetType = UNSET
    drawing: Drawing | UnsetType = UNSET
    triggers: list[GraphTrigger] | UnsetType = UNSET
    tools: list[str] | UnsetType = UNSET
    """The tools that it calls, and those that its agents may."""
    agents: list[str] | UnsetType = UNSET
    secrets: list[str] | UnsetType = UNSET
    """The names of the secrets that it needs."""
    actions: Actions


class Draft(Struct, frozen=True, kw_only=True):
    """A draft with its text, and what is wrong with it by now."""

    graph: str
    row: DraftRow
    text: str
    check: GraphCheck
    in_force: int | None
    """The version that the name means, which stays as it is until the draft is published."""
    differs: bool | None
    """Whether it means something else than that version; null where it cannot be run, or nothing is in force."""
    actions: Actions


class VersionRow(Struct, frozen=True, kw_only=True):
    """A version of a graph, as it was published."""

    graph: str
    version: int
    in_force: bool
    back_to: int | None
    """The version that it returns to, where it is no new one."""
    bundle: str
    graph_hash: str
    at: int
    by: str
    why: str


class VersionPage(Struct, frozen=True, kw_only=True):
    """Versions of a graph, the newest first. With a `next` there are more: give it as `cursor`."""

    versions: list[VersionRow]
    next: str | None = None


class Version(Struct, frozen=True, kw_only=True):
    """A version with what it means."""

    row: VersionRow
    text: str
    as_written: bool
    """Whether the text is the one that was published; otherwise it was written anew, without comments."""
    document: Value
    """What it means, in its canonical spelling."""
    drawing: Drawing
    inputs: Value
    outputs: list[str]


class Change(Struct, frozen=True, kw_only=True):
    """One thing that people care about, and that is another one in the other version."""

    about: Literal["input", "output", "question", "effect", "agent", "tool", "trigger"]
    name: str
    how: Literal["new", "gone", "changed"]


class Obstacle(Struct, frozen=True, kw_only=True):
    """The first event of a run that another graph would not have brought about."""

    seq: int
    path: str
    recorded: str
    instead: str


class RunOutlook(Struct, frozen=True, kw_only=True):
    """A run in flight, which stays on its version, and what would become of it on the new one."""

    run: str
    status: str
    version: str
    outlook: Literal["is on it", "could migrate", "would break"]
    obstacle: Obstacle | None
    missing: list[str]
    """The tools of its own version that are not there any more."""


class ReleasePlan(Struct, frozen=True, kw_only=True):
    """What publishing a graph would change; nothing is published yet."""

    graph: str
    in_force: int | None
    is_new: bool
    """Whether it means something else than the version in force: what is in force already is not released again."""
    changes: list[Change]
    runs: list[RunOutlook]
    clear: bool
    """Whether every run that was looked at could be moved and gone on with."""
    has_more_runs: bool = False
    """Whether there are more runs in flight than were looked at."""
    warnings: list[Place] | UnsetType = UNSET
    token: str | UnsetType = UNSET
    """What the call that publishes presents: it holds while the plan does."""


class Published(Struct, frozen=True, kw_only=True):
    """The version that is in force now."""

    version: VersionRow
    is_new: bool
    """False where it was in force already."""


class MigrationPlan(Struct, frozen=True, kw_only=True):
    """Whether a run in flight could go on on another version; nothing is changed yet."""

    run: str
    to: str
    """`version 3`, or `draft`."""
    could_migrate: bool
    obstacle: Obstacle | None


class NodeEdit(Struct, frozen=True, kw_only=True):
    """A node that only one of two graphs has, or that is written differently in the other."""

    node: str
    """Its path in the graph, as drawings have it."""
    how: Literal["new", "gone", "changed"]
    keys: list[str]
    """The keys that are not the same; `agents` where an agent that works there is another one."""
    before: Value | UnsetType = UNSET
    after: Value | UnsetType = UNSET


class TextHunk(Struct, frozen=True, kw_only=True):
    """Lines that follow one another. Each begins with what became of it: ` ` kept, `-` gone, `+` new."""

    before: int
    """The number of its first line in the earlier text, and in the later one."""
    after: int
    lines: list[str]


class GraphDifference(Struct, frozen=True, kw_only=True):
    """In what two versions of a graph differ: what they mean, and how they are written."""

    graph: str
    before: str
    """`version 3`, or `draft`."""
    after: str
    same: bool | None
    """Whether they mean the same; null where one of them has errors, and then only the text is compared."""
    keys: list[str]
    """Keys of the graph itself, besides its nodes."""
    nodes: list[NodeEdit]
    changes: list[Change]
    """The same as people care about it: inputs, outputs, questions, effects."""
    text: list[TextHunk]
