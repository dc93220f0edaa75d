"""A run's log, or the view of it, with every value: for those who look into values that the state only passes on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from msgspec.structs import replace

from interlock.core.events import Event, ResultAdopted
from interlock.core.values import Value, has_parts
from interlock.engine.engine import Engine
from interlock.engine.telling.history import RunView

_VALUES: Final = ("inputs", "input", "out", "data", "form", "sent")
"""The fields of events under which values stand that may be kept elsewhere."""


async def whole_log(engine: Engine, events: Iterable[Event]) -> list[Event]:
    """The same events with everything loaded that is kept elsewhere."""
    return [await _whole(engine, event) for event in events]


async def _whole(engine: Engine, event: Event) -> Event:
    body: Any = event.body
    kept = {name: value for name in _VALUES if has_parts(value := getattr(body, name, None))}
    loaded: dict[str, Any] = {name: await engine.whole(value) for name, value in kept.items()}
    if isinstance(body, ResultAdopted) and body.undo is not None and has_parts(body.undo.input):
        loaded["undo"] = replace(body.undo, input=await engine.whole(body.undo.input))
    return replace(event, body=replace(body, **loaded)) if loaded else event


async def whole_view(engine: Engine, view: RunView) -> RunView:
    """The same view with every large value loaded, each of them once. Nodes without any are those of the view."""
    nodes: dict[str, Value] = {
        path: {"input": node.input, "output": node.output}
        for path, node in view.nodes.items()
        if has_parts(node.input) or has_parts(node.output)
    }
    whole = await engine.whole({"inputs": view.inputs, "outputs": view.outputs, "nodes": nodes})
    loaded = {path: replace(view.nodes[path], **values) for path, values in whole["nodes"].items()}
    return replace(view, inputs=whole["inputs"], outputs=whole["outputs"], nodes=view.nodes | loaded)
