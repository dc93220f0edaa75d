"""The tools that were declared in a function, with what it closes over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from interlock.tools.tool import Tool, tool_of


def tools_in(*functions: Callable[..., Any]) -> Sequence[Tool]:
    """The tools that these functions carry."""
    found = [tool_of(function) for function in functions]
    return [made for made in found if made is not None]
