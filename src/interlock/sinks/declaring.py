"""Sinks as the settings declare them, and the sink that each declaration means.

[sinks]
audit = "file:.interlock/events.jsonl"
ops = {to = "https://ops.example.com/events", secret = "ops_key"}
lake = "my_package.sinks:to_the_lake"
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from typing import Annotated, Any, Final, TypeAlias, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from interlock.sinks.errors import SinkUnusableError
from interlock.sinks.file_sink import file_sink
from interlock.sinks.sink import TIMEOUT_SECONDS, Sink, SinkTarget
from interlock.sinks.webhook_sink import webhook_sink

ENTRY_POINTS: Final = "interlock.sinks"
"""The group in which a package offers kinds of sinks."""

MakeSink: TypeAlias = Callable[[SinkTarget], Sink]

_OWN: Final[dict[str, MakeSink]] = {
    "file": file_sink,
    "http": partial(webhook_sink, scheme="http"),
    "https": partial(webhook_sink, scheme="https"),
}


class SinkSettings(BaseModel):
    """One sink. Alone, its address may stand for the whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: Annotated[str, Field(pattern=r"^[^:\s]+:.*$")]
    secret: str | None = None
    """The name of the secret with which deliveries are signed."""
    timeout_seconds: Annotated[float, Field(gt=0, le=300)] = TIMEOUT_SECONDS

    @model_validator(mode="before")
    @classmethod
    def _address_alone(cls, given: object) -> object:
        return {"to": given} if isinstance(given, str) else given

    @property
    def shown(self) -> str:
        """The address without what may be secret in it."""
        return self.to.partition("?")[0]


SinkName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]


def make_sink(target: SinkTarget) -> Sink:
    """The sink that is meant by a target whose `to` is still the whole address."""
    kind, _, rest = target.to.partition(":")
    if kind in _OWN:
        return _OWN[kind](_without_kind(target, rest))
    offered = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if kind in offered:
        return offered[kind].load()(_without_kind(target, rest))
    return _function(target, kind, rest, known=[*_OWN, *offered])(target)


def _without_kind(target: SinkTarget, rest: str) -> SinkTarget:
    return SinkTarget(
        name=target.name, to=rest, folder=target.folder, key=target.key, timeout_seconds=target.timeout_seconds
    )


def _function(target: SinkTarget, module: str, function: str, *, known: list[str]) -> MakeSink:
    try:
        found: Any = getattr(import_module(module), function, None)
    except ImportError as error:
        raise SinkUnusableError(
            f"the sink {target.name} is {target.to.partition('?')[0]!r}: there is no kind of sink {module!r} "
            f"(there are: {', '.join(known)}), and no module of that name either: {error}"
        ) from error
    if not callable(found):
        raise SinkUnusableError(f"the sink {target.name}: the module {module} has no function {function!r}")
    return cast("MakeSink", found)  # what a user's function returns is seen when it is used
