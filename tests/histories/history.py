"""A recorded run as a file: what it is pinned to, its events as they were stored, and what it came to in plain words.

The stored bytes stand in it as they are. What the run came to is told in the words that its users see, and not as the
state that a release happens to hold: that may change, what it means may not.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from interlock.core.events import Event
from interlock.core.plan import Plan
from interlock.core.values import Ref, Value
from interlock.engine.telling.history import NodeView, run_view
from interlock.store.sealing import Sealed

FOLDER = Path(__file__).parent


class History(Struct, frozen=True, kw_only=True):
    """One recorded run."""

    name: str
    what: str
    run: str
    bundle: bytes
    blob_key: bytes
    blobs: dict[str, bytes]
    events: tuple[Sealed, ...]
    head: bytes
    came_to: dict[str, Any]


def write_history(history: History) -> None:
    """Write it to its file."""
    data = {
        "what": history.what,
        "run": history.run,
        "came_to": history.came_to,
        "bundle": _text(history.bundle),
        "blob_key": _text(history.blob_key),
        "blobs": {digest: _text(data) for digest, data in sorted(history.blobs.items())},
        "head": _text(history.head),
        "events": [" ".join(map(_text, (one.header, one.salt, one.payload or b""))) for one in history.events],
    }
    file_of(history.name).write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_history(name: str) -> History:
    """Read it from its file."""
    data = json.loads(file_of(name).read_text(encoding="utf-8"))
    return History(
        name=name,
        what=data["what"],
        run=data["run"],
        bundle=_bytes(data["bundle"]),
        blob_key=_bytes(data["blob_key"]),
        blobs={digest: _bytes(text) for digest, text in data["blobs"].items()},
        events=tuple(Sealed(*map(_bytes, line.split(" "))) for line in data["events"]),
        head=_bytes(data["head"]),
        came_to=data["came_to"],
    )


def names() -> list[str]:
    """Every history there is."""
    return sorted(file.stem for file in FOLDER.glob("*.json"))


def file_of(name: str) -> Path:
    """The file of a history."""
    return FOLDER / f"{name}.json"


def came_to(plan: Plan, run: str, events: Sequence[Event]) -> dict[str, Any]:
    """What a run came to by these events, as its users are told it."""
    view = run_view(plan, run, events)
    told = {
        "status": view.status,
        "outputs": _plain(view.outputs),
        "error": view.error and f"{view.error.kind}: {view.error.message}",
        "not_undone": list(view.not_undone),
        "left_standing": list(view.left_standing),
        "events_left": view.events_left,
        "mode": view.mode,
        "waits": [f"{wait.path} for {wait.reason}" for wait in view.waits],
    }
    return {key: value for key, value in told.items() if value} | {
        "nodes": {path: _node(node) for path, node in view.nodes.items()}
    }


def _node(node: NodeView) -> dict[str, Any]:
    told = {
        "status": node.status,
        "attempts": node.attempts,
        "output": _plain(node.output),
        "labels": list(node.labels),
        "error": node.error and f"{node.error.kind}: {node.error.message}",
        "compensated": node.is_compensated,
        "adopted": node.adopted,
    }
    return {key: value for key, value in told.items() if value}


def _plain(value: Value) -> Any:  # noqa: ANN401 - JSON data
    return msgspec.to_builtins(value, enc_hook=_leaf)


def _leaf(leaf: object) -> str:
    return f"a value of {leaf.size} bytes" if isinstance(leaf, Ref) else repr(leaf)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)
