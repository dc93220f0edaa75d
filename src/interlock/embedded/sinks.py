"""The sinks of an `Interlock`: how each stands, telling them on by hand, and what is held back from them.

The settings declare them, so they are of whoever runs the installation: events of other tenants never leave for them.

A run never waits for a sink, and an `Interlock` that runs graphs tells none: a worker does that, or `deliver`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from interlock.bootstrap import TENANT, make_relay
from interlock.embedded.errors import UnknownSinkError
from interlock.engine.relaying.relay import FeedRelay
from interlock.engine.relaying.sink_reports import SinkReport, sink_report
from interlock.engine.worker import Worker
from interlock.sinks.declaring import SinkSettings
from interlock.tools.secrets import SecretSource


class Sinks:
    """Where the events of an `Interlock` leave for. It works while that is open."""

    def __init__(
        self, worker: Worker, declared: Mapping[str, SinkSettings], *, secrets: SecretSource, folder: Path
    ) -> None:
        self._engine = worker.engine
        is_theirs = worker.engine.tenant == TENANT
        self._declared: Mapping[str, SinkSettings] = declared if is_theirs else {}
        self._secrets = secrets
        self._folder = folder

    async def reports(self) -> list[SinkReport]:
        """How each sink stands."""
        return [await self.report(name) for name in self._declared]

    async def report(self, name: str) -> SinkReport:
        """How one sink stands: its lag, its trouble, and what is held back from it."""
        declared = self._find(name)
        return await sink_report(self._engine.store, self._engine.tenant, name=name, to=declared.shown)

    async def deliver(self, name: str) -> SinkReport:
        """Tell a sink on until it knows everything, or cannot take more now; how it stands then.

        One that failed or said that it is gone is tried at once.
        """
        async with self._relay(name) as relay:
            await relay.tell_all()
        return await self.report(name)

    async def resend(self, name: str, run: str) -> int:
        """Tell a sink what was held back of a run, and how many events that were.

        Raises `EventRefusedError` if the sink refuses again, and `TryAgainError` if it cannot take them now.
        """
        async with self._relay(name) as relay:
            return await relay.resend(run)

    async def leave_out(self, name: str, run: str, *, by: str, why: str) -> int:
        """Give up the event of a run that a sink refused, and tell it those behind; who did so, and why, is kept."""
        async with self._relay(name) as relay:
            return await relay.leave_out(run, by=by, why=why)

    @asynccontextmanager
    async def _relay(self, name: str) -> AsyncGenerator[FeedRelay]:
        engine = self._engine
        relay = make_relay(
            name,
            self._find(name),
            store=engine.store,
            secrets=self._secrets,
            folder=self._folder,
            now=engine.now,
        )
        try:
            yield relay
        finally:
            await relay.close()

    def _find(self, name: str) -> SinkSettings:
        found = self._declared.get(name)
        if found is None:
            raise UnknownSinkError(name, known=self._declared)
        return found
