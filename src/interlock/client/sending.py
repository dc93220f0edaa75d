"""How a `Client` sends: a pool of connections that block, and streams that are read in pieces. It decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import httpcore

from interlock.client.address import Address
from interlock.client.breaking import FAILURES, broken_by
from interlock.client.connecting import Connecting, headers_of, is_stream, message, tls_of
from interlock.client.requests import Answer, Broken, Request


class Sender:
    """The connections of one client. Any number of threads may use them."""

    def __init__(self, address: Address, connecting: Connecting) -> None:
        self._address = address
        self._connecting = connecting
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls_of(address, connecting),
            max_connections=connecting.connections_max,
            keepalive_expiry=connecting.idle_seconds,
        )

    def send(self, request: Request) -> Answer | Broken:
        """Send a request, and read its answer."""
        sent = message(request, self._address, self._connecting)
        try:
            with self._pool.stream(**sent) as response:
                return Answer(status=response.status, headers=headers_of(response), body=response.read())
        except FAILURES as failure:
            return broken_by(failure, self._address.url)

    def line(self) -> Line:
        """A place for one stream."""
        return Line(self._pool, self._address, self._connecting)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class Line:
    """One stream at a time: opening another closes it."""

    def __init__(self, pool: httpcore.ConnectionPool, address: Address, connecting: Connecting) -> None:
        self._pool = pool
        self._address = address
        self._connecting = connecting
        self._open = ExitStack()
        self._chunks: Iterator[bytes] = iter(())

    def open(self, request: Request, silence_seconds: float) -> Answer | Broken:
        """Open a stream. An answer that is none comes back whole."""
        self.close()
        sent = message(request, self._address, self._connecting, silence_seconds=silence_seconds)
        try:
            response = self._open.enter_context(self._pool.stream(**sent))
            headers = headers_of(response)
            if is_stream(response.status, headers):
                self._chunks = response.iter_stream()
                return Answer(status=response.status, headers=headers, body=b"")
            answer = Answer(status=response.status, headers=headers, body=response.read())
            self.close()
        except FAILURES as failure:
            return broken_by(failure, self._address.url)
        return answer

    def read(self) -> bytes | Broken:
        """More of it; nothing at its end."""
        try:
            return next(self._chunks, b"")
        except FAILURES as failure:
            return broken_by(failure, self._address.url)

    def close(self) -> None:
        """Close the stream, if one is open."""
        self._chunks = iter(())
        self._open.close()
