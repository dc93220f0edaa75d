"""The tool door: Python functions as tools, called with care.

A tool is declared (`tool`), collected (`collect_tools`) and performed (`perform`): checked both ways, stopped at its
deadline, with its steps journaled and its secrets filled in and struck out. Which tool is called when, and whether a
call is repeated, is decided elsewhere.
"""

from interlock.core.plan import Permissions
from interlock.tools.clock import Clock, LoopClock, Timer
from interlock.tools.context import AsyncToolContext, ToolContext
from interlock.tools.door import ToolDoor, slots_for
from interlock.tools.errors import (
    BadTool,
    SecretsNotRead,
    StepFailed,
    ToolError,
    ToolFailed,
    ToolsNotLoaded,
    ToolStopped,
)
from interlock.tools.in_flight import InFlight
from interlock.tools.journal import Journal, JournaledStep, StepEvent
from interlock.tools.outcome import Done, Failed, Labelled, ToolCall, ToolOutcome, Unknown
from interlock.tools.perform import perform
from interlock.tools.reconciling import (
    CannotTell,
    DidNotTakePlace,
    Reconciled,
    TookPlace,
    ask_reconcile,
    cannot_tell,
    done,
    not_done,
)
from interlock.tools.secrets import SecretSource, SecretText, read_secrets
from interlock.tools.slots import Slots
from interlock.tools.tool import Tool, tool, tool_of
from interlock.tools.toolbox import Toolbox, ToolSource, collect_tools

__all__ = [
    "AsyncToolContext",
    "BadTool",
    "CannotTell",
    "Clock",
    "DidNotTakePlace",
    "Done",
    "Failed",
    "InFlight",
    "Journal",
    "JournaledStep",
    "Labelled",
    "LoopClock",
    "Permissions",
    "Reconciled",
    "SecretSource",
    "SecretText",
    "SecretsNotRead",
    "Slots",
    "StepEvent",
    "StepFailed",
    "Timer",
    "TookPlace",
    "Tool",
    "ToolCall",
    "ToolContext",
    "ToolDoor",
    "ToolError",
    "ToolFailed",
    "ToolOutcome",
    "ToolSource",
    "ToolStopped",
    "Toolbox",
    "ToolsNotLoaded",
    "Unknown",
    "ask_reconcile",
    "cannot_tell",
    "collect_tools",
    "done",
    "not_done",
    "perform",
    "read_secrets",
    "slots_for",
    "tool",
    "tool_of",
]
