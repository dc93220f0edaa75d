"""Interlock: declare a graph of agents, tools, gates and people; run it durably; know why each step was taken.

    from interlock import Interlock, tool

    @tool
    def greet(name: str) -> str:
        return f"Hello {name}"

    result = Interlock(tools=[greet]).run("graphs/hello.yaml", {"name": "Ada"})

What stands in `__all__` is public; everything else may be renamed on any afternoon.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlock.artifacts import Artifact, ArtifactShelf
    from interlock.audit.exporting import RunExport
    from interlock.audit.importing import ImportedRun
    from interlock.audit.run_file import VerifiedFile
    from interlock.authoring.building.builder import GraphBuilder, graph
    from interlock.authoring.building.references import Node, Reference
    from interlock.authoring.building.scopes import Scope
    from interlock.core.events import Event
    from interlock.embedded import (
        CheckedGraph,
        GraphSource,
        Interlock,
        InterlockError,
        InvalidGraphError,
        RequestRefusedError,
        RunHandle,
        RunNotFoundError,
        RunPrunedError,
        RunResult,
        UnknownGraphError,
    )
    from interlock.embedded.fleet import Fleet
    from interlock.embedded.graphs import Named
    from interlock.embedded.jobs.records import JobRecords
    from interlock.embedded.retention import RunRetention
    from interlock.embedded.run_files import RunFiles
    from interlock.embedded.selection import Selection
    from interlock.embedded.served import Served
    from interlock.embedded.sinks import Sinks
    from interlock.embedded.triggers import Triggers
    from interlock.embedded.webhooks import Webhooks
    from interlock.embedded.workspace_files import WorkspaceFile, WorkspaceFiles
    from interlock.engine.asking import Asked
    from interlock.engine.courses.differing import RunDifference
    from interlock.engine.courses.forking import PreparedFork
    from interlock.engine.courses.redeciding import OnAnotherGraph
    from interlock.engine.courses.verifying import Replayed
    from interlock.engine.live_words import Progress, Words
    from interlock.engine.prompting import Prompt
    from interlock.engine.relaying.sink_reports import SinkReport
    from interlock.engine.releasing.migrating import Obstacle
    from interlock.engine.releasing.preflight import Preflight
    from interlock.engine.releasing.releases import Published, Release, ReleaseHistory
    from interlock.engine.retaining.pruned_run import PrunedRun
    from interlock.engine.retaining.pruning import Pruned, PrunePlan
    from interlock.engine.run_filter import RunFilter
    from interlock.engine.serving.roster import WorkerCard, WorkerRow
    from interlock.engine.submitting import Submitted
    from interlock.engine.telling.causes import Cause
    from interlock.engine.telling.choices import Choice, ChoiceFilter
    from interlock.engine.telling.cost_groups import CostReport
    from interlock.engine.telling.history import NodeView, RunView
    from interlock.engine.telling.spending import CallCost, Costs
    from interlock.engine.telling.way_taken import WayTaken
    from interlock.engine.triggers.event_triggers import Offered
    from interlock.engine.triggers.trigger_requests import TriggerView
    from interlock.engine.waits import Wait
    from interlock.settings import LimitSettings, RetentionSettings, SlotSettings, WorkerSettings
    from interlock.sinks.declaring import SinkSettings
    from interlock.store.claims import RunLimit, RunsWaiting
    from interlock.store.effect_queue import EffectsWaiting
    from interlock.store.errors import LeaseHeldError
    from interlock.store.retention import RunSize
    from interlock.store.rows import LedgerRow, QuestionRow, RunRow
    from interlock.store.sealing import Header
    from interlock.tools import (
        AsyncToolContext,
        Labelled,
        StepFailed,
        ToolContext,
        ToolFailed,
        cannot_tell,
        done,
        not_done,
        tool,
    )
    from interlock.webhooks.declaring import WebhookSettings

__all__ = [
    "Artifact",
    "ArtifactShelf",
    "Asked",
    "AsyncToolContext",
    "CallCost",
    "Cause",
    "CheckedGraph",
    "Choice",
    "ChoiceFilter",
    "CostReport",
    "Costs",
    "EffectsWaiting",
    "Event",
    "Fleet",
    "GraphBuilder",
    "GraphSource",
    "Header",
    "ImportedRun",
    "Interlock",
    "InterlockError",
    "InvalidGraphError",
    "JobRecords",
    "Labelled",
    "LeaseHeldError",
    "LedgerRow",
    "LimitSettings",
    "Named",
    "Node",
    "NodeView",
    "Obstacle",
    "Offered",
    "OnAnotherGraph",
    "Preflight",
    "PreparedFork",
    "Progress",
    "Prompt",
    "PrunePlan",
    "Pruned",
    "PrunedRun",
    "Published",
    "QuestionRow",
    "Reference",
    "Release",
    "ReleaseHistory",
    "Replayed",
    "RequestRefusedError",
    "RetentionSettings",
    "RunDifference",
    "RunExport",
    "RunFiles",
    "RunFilter",
    "RunHandle",
    "RunLimit",
    "RunNotFoundError",
    "RunPrunedError",
    "RunResult",
    "RunRetention",
    "RunRow",
    "RunSize",
    "RunView",
    "RunsWaiting",
    "Scope",
    "Selection",
    "Served",
    "SinkReport",
    "SinkSettings",
    "Sinks",
    "SlotSettings",
    "StepFailed",
    "Submitted",
    "ToolContext",
    "ToolFailed",
    "TriggerView",
    "Triggers",
    "UnknownGraphError",
    "VerifiedFile",
    "Wait",
    "WayTaken",
    "WebhookSettings",
    "Webhooks",
    "Words",
    "WorkerCard",
    "WorkerRow",
    "WorkerSettings",
    "WorkspaceFile",
    "WorkspaceFiles",
    "cannot_tell",
    "done",
    "graph",
    "not_done",
    "tool",
]

_HOMES = {
    "interlock.artifacts": ("Artifact", "ArtifactShelf"),
    "interlock.embedded.jobs.records": ("JobRecords",),
    "interlock.embedded.webhooks": ("Webhooks",),
    "interlock.embedded.workspace_files": ("WorkspaceFile", "WorkspaceFiles"),
    "interlock.engine.telling.choices": ("Choice", "ChoiceFilter"),
    "interlock.engine.telling.way_taken": ("WayTaken",),
    "interlock.webhooks.declaring": ("WebhookSettings",),
    "interlock.audit.exporting": ("RunExport",),
    "interlock.audit.importing": ("ImportedRun",),
    "interlock.audit.run_file": ("VerifiedFile",),
    "interlock.authoring.building.builder": ("GraphBuilder", "graph"),
    "interlock.authoring.building.references": ("Node", "Reference"),
    "interlock.authoring.building.scopes": ("Scope",),
    "interlock.core.events": ("Event",),
    "interlock.embedded.fleet": ("Fleet",),
    "interlock.embedded.graphs": ("Named",),
    "interlock.embedded.retention": ("RunRetention",),
    "interlock.embedded.run_files": ("RunFiles",),
    "interlock.embedded.selection": ("Selection",),
    "interlock.embedded.served": ("Served",),
    "interlock.embedded.sinks": ("Sinks",),
    "interlock.embedded.triggers": ("Triggers",),
    "interlock.engine.asking": ("Asked",),
    "interlock.engine.courses.differing": ("RunDifference",),
    "interlock.engine.live_words": ("Progress", "Words"),
    "interlock.engine.triggers.event_triggers": ("Offered",),
    "interlock.engine.courses.forking": ("PreparedFork",),
    "interlock.engine.prompting": ("Prompt",),
    "interlock.engine.telling.causes": ("Cause",),
    "interlock.engine.telling.cost_groups": ("CostReport",),
    "interlock.engine.telling.spending": ("CallCost", "Costs"),
    "interlock.engine.telling.history": ("NodeView", "RunView"),
    "interlock.engine.releasing.migrating": ("Obstacle",),
    "interlock.engine.releasing.preflight": ("Preflight",),
    "interlock.engine.retaining.pruned_run": ("PrunedRun",),
    "interlock.engine.retaining.pruning": ("PrunePlan", "Pruned"),
    "interlock.engine.courses.redeciding": ("OnAnotherGraph",),
    "interlock.engine.releasing.releases": ("Published", "Release", "ReleaseHistory"),
    "interlock.engine.run_filter": ("RunFilter",),
    "interlock.engine.serving.roster": ("WorkerCard", "WorkerRow"),
    "interlock.engine.relaying.sink_reports": ("SinkReport",),
    "interlock.engine.submitting": ("Submitted",),
    "interlock.engine.triggers.trigger_requests": ("TriggerView",),
    "interlock.engine.courses.verifying": ("Replayed",),
    "interlock.engine.waits": ("Wait",),
    "interlock.settings": ("LimitSettings", "RetentionSettings", "SlotSettings", "WorkerSettings"),
    "interlock.sinks.declaring": ("SinkSettings",),
    "interlock.store.claims": ("RunLimit", "RunsWaiting"),
    "interlock.store.effect_queue": ("EffectsWaiting",),
    "interlock.store.errors": ("LeaseHeldError",),
    "interlock.store.retention": ("RunSize",),
    "interlock.store.rows": ("LedgerRow", "QuestionRow", "RunRow"),
    "interlock.store.sealing": ("Header",),
    "interlock.tools": (
        "AsyncToolContext",
        "Labelled",
        "StepFailed",
        "ToolContext",
        "ToolFailed",
        "cannot_tell",
        "done",
        "not_done",
        "tool",
    ),
}
"""Where the public names are made; those that are not listed, in `interlock.embedded`."""

_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


# Loaded when first asked for: `import interlock` costs nothing, and the command line answers `--help` at once.
def __getattr__(name: str) -> Any:  # noqa: ANN401 - the public names, each of its own type
    if name not in __all__:
        raise AttributeError(f"module 'interlock' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF.get(name, "interlock.embedded")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
