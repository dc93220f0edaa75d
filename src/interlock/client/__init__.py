"""The Python face: `Interlock` runs graphs, a `RunHandle` is one run, a `RunResult` what it came to."""

from interlock.client.errors import (
    InvalidGraphError,
    NotOpenError,
    OtherLoopError,
    RunningLoopError,
    TwoGraphsError,
    UnknownGraphError,
    UnreadableFolderError,
    UnreadableGraphError,
)
from interlock.client.graphs import BuiltGraph, CheckedGraph, GraphShelf, GraphSource
from interlock.client.handle import RunHandle
from interlock.client.interlock import Interlock
from interlock.client.result import RunResult
from interlock.core.errors import InterlockError
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
