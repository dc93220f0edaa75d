"""Names of graphs as they stand in addresses."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import Path

from interlock.core.compiling.names import NAME_LENGTH_MAX

KnownName: TypeAlias = Annotated[
    str,
    Path(
        pattern="^[^\\u0000-\\u001f\\u007f]+$",
        max_length=200,
        description="The name of a graph; also `agent:NAME` and `tool:NAME`.",
    ),
]
NewName: TypeAlias = Annotated[
    str,
    Path(
        pattern="^[a-z][a-z0-9_-]*$",
        max_length=NAME_LENGTH_MAX,
        description="The name of a graph: a lower-case letter, then letters, digits, _ and -.",
    ),
]
VersionNumber: TypeAlias = Annotated[int, Path(ge=1, le=2**31, description="The number of a version.")]
