"""What a graph may name beside itself: tools by contract, graphs by document. Data, so compiling needs no code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from interlock.core.plan import ToolContract


class Catalogue(Struct, frozen=True):
    """The tools and graphs of a project, each by its name."""

    tools: Mapping[str, ToolContract] = field(default_factory=dict[str, ToolContract])
    graphs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
