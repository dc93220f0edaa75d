"""Every request that a server takes below `/v1`, as tables by what they are about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from interlock.api.app import document

ELSEWHERE = "other systems"
"""Requests of these are told by a guide of their own."""


def route_tables() -> str:
    """A heading, a sentence and a table for each kind of thing."""
    known = document()
    return "\n\n".join(
        f"## {tag['name'].capitalize()}\n\n{tag['description']}\n\n{_table(known, tag['name'])}"
        for tag in known["tags"]
        if tag["name"] != ELSEWHERE
    )


def _table(known: dict[str, Any], tag: str) -> str:
    rows = [
        f"| `{method.upper()} {path}` | {_first_sentence(route['description'])} |"
        for path, method, route in _routes(known)
        if tag in route["tags"]
    ]
    return "\n".join(["| request | what it does |", "|---|---|", *rows])


def _routes(known: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in known["paths"].items():
        for method, route in methods.items():
            yield path, method, route


def _first_sentence(text: str) -> str:
    first, _, _ = " ".join(text.split()).partition(". ")
    return first if first.endswith((".", "?")) else f"{first}."
