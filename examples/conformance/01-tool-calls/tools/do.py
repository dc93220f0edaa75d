"""A tool that takes whatever a model makes up."""

from __future__ import annotations

from typing import Any

from interlock import tool


@tool(effect="read")
def do(request: Any) -> str:  # noqa: ANN401 - that is what is wrong with it
    """Do what is asked for."""
    return f"did {request}"
