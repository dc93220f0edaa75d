"""The sink that an address means: one of our own, one that a package offers, or a function of the user's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias, cast

from interlock.sinks.declaring import SinkSettings
from interlock.sinks.errors import SinkUnusableError
from interlock.sinks.sink import Sink, SinkTarget

ENTRY_POINTS: Final = "interlock.sinks"
"""The group in which a package offers kinds of sinks."""

MakeSink: TypeAlias = Callable[[SinkTarget], Sink]

# By name, because importing what speaks HTTP takes 20 ms, which no other command should wait for.
_OWN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "file": "interlock.sinks.file_sink:file_sink",
        "http": "interlock.sinks.webhook_sink:webhook_sink",
        "https": "interlock.sinks.webhook_sink:webhook_sink",
    }
)


def make_sink(name: str, declared: SinkSettings, *, folder: Path, key: str | None) -> Sink:
    """The sink that is declared; `SinkUnusableError` if that cannot work. `key` is the text of its secret."""
    kind, _, rest = declared.to.partition(":")
    offered = {point.name: point.value for point in entry_points(group=ENTRY_POINTS)} | dict(_OWN)
    is_kind = kind in offered
    target = SinkTarget(
        name=name,
        kind=kind if is_kind else "",
        to=rest if is_kind else declared.to,
        folder=folder,
        key=key,
        timeout_seconds=declared.timeout_seconds,
    )
    if is_kind:
        return _function(name, offered[kind], known=offered)(target)
    _make_importable(folder)
    return _function(name, declared.to, known=offered)(target)


def _function(name: str, place: str, *, known: Mapping[str, str]) -> MakeSink:
    module, _, function = place.partition(":")
    try:
        found: Any = getattr(import_module(module), function, None)
    except (ImportError, ValueError) as error:
        raise SinkUnusableError(
            f"the sink {name} is `{place.partition('?')[0]}`: there is no kind of sink `{module}` "
            f"(there are: {', '.join(sorted(known))}), and no module of that name either: {error}"
        ) from error
    if not callable(found):
        raise SinkUnusableError(f"the sink {name}: the module {module} has no function `{function}`")
    return cast("MakeSink", found)  # what a user's function returns is seen when it is used


def _make_importable(folder: Path) -> None:
    # At the end of the path: a neighbour named like a library must not hide the library.
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
