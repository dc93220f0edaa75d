"""The Python face: `Interlock` runs graphs, a `RunHandle` is one run, a `RunResult` what it came to."""

from interlock.core.errors import InterlockError
from interlock.embedded.errors import (
    InvalidGraphError,
    NotOpenError,
    OtherLoopError,
    RunningLoopError,
    TwoGraphsError,
    UnknownGraphError,
    UnreadableFolderError,
    UnreadableGraphError,
)
from interlock.embedded.graphs import BuiltGraph, CheckedGraph, GraphShelf, GraphSource
from interlock.embedded.handle import RunHandle
from interlock.embedded.interlock import Interlock
from interlock.embedded.result import RunResult
from interlock.engine.errors import EngineError, RequestRefusedError, RunNotFoundError, RunPrunedError

__all__ = [
    "BuiltGraph",
    "CheckedGraph",
    "EngineError",
    "GraphShelf",
    "GraphSource",
    "Interlock",
    "InterlockError",
    "InvalidGraphError",
    "NotOpenError",
    "OtherLoopError",
    "RequestRefusedError",
    "RunHandle",
    "RunNotFoundError",
    "RunPrunedError",
    "RunResult",
    "RunningLoopError",
    "TwoGraphsError",
    "UnknownGraphError",
    "UnreadableFolderError",
    "UnreadableGraphError",
]
