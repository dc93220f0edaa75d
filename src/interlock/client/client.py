"""The two clients: one blocks, one is awaited. What they can do is the same, and said in `surface`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Self

from interlock.client.address import Address, address_of
from interlock.client.async_driving import AsyncDriver
from interlock.client.driving import Driver
from interlock.client.parts import Artifacts, Fleet, Graphs, Jobs, Keys, Schedules
from interlock.client.patience import Patience
from interlock.client.surface import Surface

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

    from interlock.client.async_sending import AsyncSender
    from interlock.client.sending import Sender

TIMEOUT_SECONDS: Final = 30.0
CONNECTIONS_MAX: Final = 100
PATIENT: Final = Patience()


class Client(Surface):
    """An Interlock server, from a program that may block. Any number of threads may share one.

        with Client("https://interlock.example.com", key="ilk_…") as client:
            run = client.run("hello", {"name": "Ada"})

    Without arguments it is the server that INTERLOCK_URL and INTERLOCK_KEY name, else the one on this machine.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        patience: Patience = PATIENT,
        connections_max: int = CONNECTIONS_MAX,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.address: Address = address_of(url, key, os.environ)

        def sender() -> Sender:
            from interlock.client.connecting import Connecting  # noqa: PLC0415 - HTTP is loaded by who sends something
            from interlock.client.sending import Sender  # noqa: PLC0415 - as above

            connecting = Connecting(timeout_seconds=timeout_seconds, connections_max=connections_max, tls=tls)
            return Sender(self.address, connecting)

        self.driver: Driver = Driver(sender, patience)
        self.graphs: Graphs[Driver] = Graphs(self.driver)
        self.schedules: Schedules[Driver] = Schedules(self.driver)
        self.keys: Keys[Driver] = Keys(self.driver)
        self.artifacts: Artifacts[Driver] = Artifacts(self.driver)
        self.jobs: Jobs[Driver] = Jobs(self.driver)
        self.fleet: Fleet[Driver] = Fleet(self.driver)

    def close(self) -> None:
        """Close all connections."""
        self.driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient(Surface):
    """An Interlock server, from a program with an event loop. It belongs to the loop in which it is used first.

    async with AsyncClient() as client:
        async for event in client.stream(await client.start("hello")):
            print(event)
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        patience: Patience = PATIENT,
        connections_max: int = CONNECTIONS_MAX,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.address: Address = address_of(url, key, os.environ)

        def sender() -> AsyncSender:
            from interlock.client.async_sending import AsyncSender  # noqa: PLC0415 - as above
            from interlock.client.connecting import Connecting  # noqa: PLC0415 - as above

            connecting = Connecting(timeout_seconds=timeout_seconds, connections_max=connections_max, tls=tls)
            return AsyncSender(self.address, connecting)

        self.driver: AsyncDriver = AsyncDriver(sender, patience)
        self.graphs: Graphs[AsyncDriver] = Graphs(self.driver)
        self.schedules: Schedules[AsyncDriver] = Schedules(self.driver)
        self.keys: Keys[AsyncDriver] = Keys(self.driver)
        self.artifacts: Artifacts[AsyncDriver] = Artifacts(self.driver)
        self.jobs: Jobs[AsyncDriver] = Jobs(self.driver)
        self.fleet: Fleet[AsyncDriver] = Fleet(self.driver)

    async def close(self) -> None:
        """Close all connections."""
        await self.driver.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
