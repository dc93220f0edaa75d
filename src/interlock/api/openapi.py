"""The OpenAPI document: routes as FastAPI knows them, shapes as msgspec does, and the problems that any route tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from inspect import isclass
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from interlock.api.answers import JSON, REF
from interlock.api.examples.showing import show_examples
from interlock.api.problems import PROBLEM_TYPE
from interlock.wire.problems import Problem

SHAPES: Final = "interlock.wire"
PROBLEMS: Final = {
    "description": "It was not done; `code` says why.",
    "content": {PROBLEM_TYPE: {"schema": {"$ref": REF + Problem.__name__}}},
}
DESCRIPTION: Final = """\
Runs of graphs of agents, tools, gates and people: started, followed, asked, continued.

Instants are microseconds since 1970 in UTC, money is in millionths of a US dollar. What was accepted with 202 is on
record. Lists are read page by page: give `next` of one page as `cursor` of the following. Every answer has the header
`X-Request-Id`, and whatever is not done is told as a problem (RFC 9457) with a stable `code`.
"""
TAGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "runs": "Runs: started, looked at, asked to pause or stop, answered, continued, compared, explained.",
        "streams": "Events while they happen, as server-sent events; a WebSocket at `/v1/stream` carries the same.",
        "questions": "What only a person can move on.",
        "artifacts": "Files, kept under their SHA-256.",
        "jobs": "Long work, answered at once and looked at later.",
        "webhooks": "What other systems send and sign.",
        "graphs": "Graphs: checked, drafted, published, drawn, compared.",
        "registry": "What graphs can name: agents, tools, models; and the policy that judges them.",
        "schedules": "What starts runs by itself, by the clock and by events.",
        "workers": "Who works on runs, and what waits for them.",
        "sinks": "Where events leave for.",
        "costs": "What was paid, for what.",
        "keys": "API keys.",
        "metrics": "Figures for Prometheus.",
        "health": "Whether it is well. Asked without a key.",
        "problems": "What each code of a problem means.",
        "other systems": "Requests as other systems take them, for programs that were written against those.",
    }
)
"""What each group of operations is about."""


def openapi_of(app: FastAPI, version: str) -> dict[str, Any]:
    """The document of everything that the app takes."""
    document = get_openapi(title="Interlock", version=version, description=DESCRIPTION, routes=app.routes)
    schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
    _, shapes = msgspec.json.schema_components(_shapes(), ref_template=REF + "{name}")
    schemas |= shapes
    for gone in ("HTTPValidationError", "ValidationError"):
        schemas.pop(gone, None)
    document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "A key."}}
    document["security"] = [{"key": []}, {}]
    document["tags"] = [{"name": name, "description": about} for name, about in TAGS.items()]
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
            _leave_out_assumed(operation["responses"])
            operation["responses"]["default"] = PROBLEMS
    show_examples(document["paths"])
    return document


def _leave_out_assumed(responses: Mapping[str, Any]) -> None:
    """The framework takes every answer for JSON, also where the route says that it is something else."""
    for response in responses.values():
        content = response.get("content", {})
        if len(content) > 1 and content.get(JSON) == {"schema": {}}:
            del content[JSON]


def _shapes() -> Iterable[type[msgspec.Struct]]:
    """Every shape there is, each under a name of its own."""
    modules = [import_module(f"{SHAPES}.{module.name}") for module in iter_modules(import_module(SHAPES).__path__)]
    for module in modules:
        for name, each in vars(module).items():
            if isclass(each) and issubclass(each, msgspec.Struct) and each.__module__ == module.__name__:
                yield each
                assert each.__name__ == name, "a shape has one name"
