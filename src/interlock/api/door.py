"""A server as a whole: an address that is listened on, and requests that are taken there while something serves.

Without a key only this machine may ask: as soon as anybody else could reach the address, everybody is asked for one.
"""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

from interlock.api.app import make_app
from interlock.api.reception import Reception
from interlock.api.server import address_of, bind, take_requests
from interlock.embedded.interlock import Interlock
from interlock.embedded.served import Served
from interlock.settings import ServerSettings


class Door:
    """One address. It is listened on from here on, and answered on while requests are taken."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._listening = bind(settings.host, settings.port)
        self.host, self.port = address_of(self._listening)
        self.requires_key = settings.require_key or not ip_address(self.host).is_loopback

    @property
    def url(self) -> str:
        """Where it is reached from this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{'127.0.0.1' if ip_address(self.host).is_unspecified else host}:{self.port}"

    @property
    def public_url(self) -> str:
        """Where others reach it, as far as the settings say."""
        return self._settings.public_url.rstrip("/") or self.url

    async def take_requests(self, served: Served[Interlock], *, until: asyncio.Event) -> None:
        """Take requests until told to stop. Whoever listens is then let go, and what was taken is finished."""
        reception = Reception(served, self._settings, url=self.public_url, requires_key=self.requires_key)
        ending = asyncio.ensure_future(_end_streams(reception, until))
        try:
            await take_requests(make_app(reception), self._listening, until=until)
        finally:
            ending.cancel()
            await asyncio.gather(ending, return_exceptions=True)
            await reception.hubs.close()
            await reception.mcp.close()
            await reception.jobs.close()


async def _end_streams(reception: Reception, until: asyncio.Event) -> None:
    await until.wait()
    reception.a2a.close()
    await asyncio.gather(reception.hubs.close(), reception.mcp.close())
