"""What a graph may name beside itself: tools by contract, graphs by document. Data, so compiling needs no code."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct, field

from interlock.core.plan import ToolContract


class Catalogue(Struct, frozen=True):
    """The tools and graphs of a project, each by its name, and the time zones that are known where it is compiled."""

    tools: Mapping[str, ToolContract] = field(default_factory=dict[str, ToolContract])
    graphs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    zones: Collection[str] | None = None
    """None: nobody knows, and each is taken for one."""
