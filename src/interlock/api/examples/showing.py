"""Puts into the OpenAPI document what an example asks of each operation, and what was answered to it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

FOLDER: Final = "interlock.api.examples"


class Example(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request, and what was answered. What is no JSON is shown as its text, or left out where it has none."""

    path: Mapping[str, str | int] = {}
    query: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}
    body: Any = UNSET
    text: str | UnsetType = UNSET
    """A body that is no JSON."""
    answer: Any = UNSET


def examples() -> dict[str, Example]:
    """By operation, as `GET /v1/runs`."""
    found: dict[str, Example] = {}
    for file in sorted(files(FOLDER).iterdir(), key=lambda each: each.name):
        if file.name.endswith(".json"):
            found |= msgspec.json.decode(file.read_bytes(), type=dict[str, Example])
    return found


def show_examples(paths: Mapping[str, Mapping[str, Any]]) -> None:
    """Write each example beside the parameters, the body and the answer of its operation."""
    shown = examples()
    for path, operations in paths.items():
        for method, operation in operations.items():
            example = shown.get(f"{method.upper()} {path}")
            if example is not None:
                _show(example, operation)


def _show(example: Example, operation: Mapping[str, Any]) -> None:
    given = {**example.path, **example.query, **example.headers}
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in given:
            parameter["example"] = given[parameter["name"]]
    body = example.text if example.body is UNSET else example.body
    if body is not UNSET:
        _show_in(operation["requestBody"], body)
    if example.answer is not UNSET:
        _show_in(operation["responses"][done(operation)], example.answer)


def done(operation: Mapping[str, Any]) -> str:
    """The status with which an operation is ordinarily answered when it is done."""
    return next(status for status in operation["responses"] if status.startswith("2"))


def _show_in(told: Mapping[str, Any], value: object) -> None:
    """In the first way in which it can be sent."""
    next(iter(told["content"].values()))["example"] = value
