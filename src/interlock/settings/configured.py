"""The settings that are in force, and from where each value came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from interlock.settings.declaring import SETTING_NAMES, Settings
from interlock.settings.names import flattened

Source: TypeAlias = Literal["flag", "environment", "file", "default"]


@dataclass(frozen=True)
class Origin:
    """Where a value came from: `where` is the flag, the variable, or the file and line."""

    source: Source
    where: str = ""

    def __str__(self) -> str:
        return self.where or self.source


@dataclass(frozen=True)
class Configured:
    """The settings that are in force, where each came from, and the project they belong to."""

    settings: Settings
    project: Path
    """The project's folder; without an `interlock.toml`, the folder one stands in."""
    file: Path | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict[str, Origin])

    def listed(self) -> Iterator[tuple[str, Any, Origin]]:
        """Each setting by its dotted name, its value, and where that came from."""
        values = flattened(self.settings.model_dump())
        for name in SETTING_NAMES:
            yield name, values[name], self.origins.get(name, Origin("default"))
        for name, shown in self._own_names():
            yield name, shown, self.origins.get(name, Origin("default"))

    def _own_names(self) -> Iterator[tuple[str, Any]]:
        """What stands under names that the project's authors have chosen."""
        settings = self.settings
        yield from ((f"sinks.{name}", sink.shown) for name, sink in settings.sinks.items())
        yield from ((f"pools.{name}", limit) for name, limit in settings.pools.items())
        yield from (
            (f"concurrency.{name}", limit.model_dump(exclude_defaults=True))
            for name, limit in settings.concurrency.items()
        )
        yield from ((f"models.providers.{name}", each.shown) for name, each in settings.models.providers.items())
        yield from ((f"models.pools.{name}", each.shown) for name, each in settings.models.pools.items())
