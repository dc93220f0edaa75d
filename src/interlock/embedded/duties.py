"""The duties of a project's worker: telling its sinks on, giving up what has grown old, starting what is triggered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from interlock.bootstrap import TENANT, Parts, make_relay, trigger_duties
from interlock.engine.engine import Engine
from interlock.engine.relaying.relay import FeedRelay
from interlock.engine.retaining.pruning import parse_age
from interlock.engine.retaining.retention import RetentionDuty
from interlock.engine.serving.duties import Duty
from interlock.settings import RetentionSettings
from interlock.sinks.declaring import SinkSettings


class Duties:
    """What there is to be done, as the settings say. Use it as an async context manager: it lets go of the sinks."""

    def __init__(
        self,
        parts: Parts,
        *,
        sinks: Mapping[str, SinkSettings],
        folder: Path,
        retention: RetentionSettings | None,
    ) -> None:
        self._sinks = sinks
        self._secrets = parts.secrets
        self._folder = folder
        self._retention = retention or RetentionSettings()
        self._workspaces = parts.workspaces
        self._relays: list[FeedRelay] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for relay in self._relays:
            await relay.close()

    def of(self, engine: Engine) -> Sequence[Duty]:
        """The duties for an engine's tenant. The sinks of the settings are told of the tenant that they belong to."""
        relays: list[FeedRelay] = []
        for name, declared in self._sinks.items() if engine.tenant == TENANT else ():
            relay = make_relay(
                name, declared, store=engine.store, secrets=self._secrets, folder=self._folder, now=engine.now
            )
            relays.append(relay)
        self._relays += relays
        ages = {
            what: parse_age(age)
            for what, age in (("payloads", self._retention.payloads), ("runs", self._retention.runs))
            if age is not None
        }
        return [*relays, RetentionDuty(engine, **ages, workspaces=self._workspaces), *trigger_duties(engine)]
