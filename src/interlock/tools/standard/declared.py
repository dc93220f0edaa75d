"""The tools that were declared in a function, with what it closes over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from msgspec import structs

from interlock.core.plan import ToolTerms
from interlock.tools.tool import Tool, tool_of


def tools_in(*functions: Callable[..., Any]) -> Sequence[Tool]:
    """The tools that these functions carry."""
    found = [tool_of(function) for function in functions]
    return [made for made in found if made is not None]


def in_sandbox(tools: Iterable[Tool]) -> Sequence[Tool]:
    """The same, saying that what they run, they run in a sandbox or not at all. Their functions see to that."""
    return [replace(made, contract=structs.replace(made.contract, terms=_in_sandbox(made))) for made in tools]


def _in_sandbox(made: Tool) -> ToolTerms:
    return structs.replace(made.terms, sandbox=True)
