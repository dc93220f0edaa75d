"""What connects: a name is resolved once, its addresses are judged, and the connection goes to one of those.

A resolver that answers differently the second time is never asked a second time. The name itself stays what TLS and
`Host` speak of.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

from interlock.tools.outgoing.addresses import Address, is_guarded, is_public, parse_address
from interlock.tools.outgoing.errors import OutgoingFailed, OutgoingRefused
from interlock.tools.outgoing.hosts import host_is_allowed, host_is_named

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host, in the order in which they are to be tried; an OSError if it has none."""

ADDRESSES_TRIED_MAX: Final = 3


async def resolve_by_system(host: str, port: int) -> list[str]:
    """What the machine's resolver says."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


@cache
def system_tls() -> ssl.SSLContext:
    """Certificates that the machine trusts, and those of the usual authorities where it has none of its own."""
    import certifi  # noqa: PLC0415 - read when the first request leaves, and not before

    context = ssl.create_default_context()
    context.load_verify_locations(cafile=certifi.where())
    return context


@dataclass(frozen=True, kw_only=True)
class Network:
    """How names become addresses, and whose certificates are trusted."""

    resolve: Resolve = resolve_by_system
    tls: Callable[[], ssl.SSLContext] = system_tls


MACHINE: Final = Network()
"""The network as this machine sees it."""


@dataclass(frozen=True, kw_only=True)
class WayOut:
    """Which hosts may be reached, and which of them at addresses that are not public."""

    network: Network
    allowed_hosts: Sequence[str]
    private_hosts: Sequence[str] = ()

    def check_host(self, host: str, port: int) -> None:
        """`OutgoingRefused` if the host is not allowed by name."""
        if not host_is_allowed(host, port, self.allowed_hosts):
            allowed = ", ".join(self.allowed_hosts) or "none"
            raise OutgoingRefused(f"the host {host}:{port} is not allowed (allowed: {allowed})")

    async def addresses(self, host: str, port: int) -> list[Address]:
        """The host's addresses, each of which may be connected to. One that may not spoils them all."""
        self.check_host(host, port)
        found = await self._resolved(host, port)
        for address in found:
            self._judge(host, port, address)
        return found

    async def _resolved(self, host: str, port: int) -> list[Address]:
        literal = parse_address(host)
        if literal is not None:
            return [literal]
        try:
            texts = await self.network.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise OutgoingFailed(f"the host {host} is not known: {error}") from error
        found = [parse_address(text) for text in texts]
        if not found or None in found:
            raise OutgoingFailed(f"the host {host} has no address that can be used")
        return [address for address in found if address is not None]

    def _judge(self, host: str, port: int, address: Address) -> None:
        if is_public(address):
            return
        if not host_is_named(host, port, self.private_hosts):
            raise OutgoingRefused(
                f"the host {host} leads to {address}, which is not public: "
                "if it is meant to be reached, a tool that is declared in a file names it under `private_hosts`"
            )
        if is_guarded(address) and str(address) != host:
            raise OutgoingRefused(
                f"the host {host} leads to {address}, where no name may lead: grant the address itself"
            )


class PinnedBackend:
    """Opens connections for httpcore (and for httpcore2, which asks for them alike) by a way out, and no others.

    `inner` is the library's own backend, which is only ever given addresses.
    """

    def __init__(self, way_out: WayOut, inner: Any) -> None:  # noqa: ANN401 - of one library or the other
        self._way_out = way_out
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Any:  # noqa: ANN401 - a stream of the library
        """A connection to one of the host's addresses."""
        addresses = await self._way_out.addresses(host, port)
        *others, last = addresses[:ADDRESSES_TRIED_MAX]
        for address in others:
            try:
                return await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except Exception as error:
                if type(error).__name__ not in _NOT_THERE:
                    raise
        return await self._inner.connect_tcp(str(last), port, timeout, local_address, socket_options)

    async def connect_unix_socket(self, path: str, *_: object, **__: object) -> Any:  # noqa: ANN401 - never returns
        """Refused: no request leaves by a file."""
        raise OutgoingRefused(f"{path} is a file: requests are made to hosts")

    async def sleep(self, seconds: float) -> None:
        """Wait between tries."""
        await asyncio.sleep(seconds)


_NOT_THERE: Final = frozenset({"ConnectError", "ConnectTimeout"})
"""How both libraries call what is wrong where an address does not answer."""
