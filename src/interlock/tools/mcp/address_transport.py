"""A server's address: the SDK's HTTP, sent by the one way out, with answers of bounded size.

The library is not the one of `outgoing`, so its transport is made here; what connects is the same.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from interlock.tools.mcp.reach import Address
from interlock.tools.outgoing import Network, parse_target
from interlock.tools.outgoing.network import PinnedBackend, WayOut

if TYPE_CHECKING:
    import httpcore2
    import httpx2
    from mcp.client._transport import TransportStreams

ANSWER_BYTES_MAX: Final = 8 << 20
"""Of an answer in one piece. Events of a stream are bounded each, by the SDK."""
CONNECT_SECONDS: Final = 10.0
SILENCE_SECONDS: Final = 300.0


def way_out_to(address: Address, network: Network) -> WayOut:
    """The way to this one host."""
    target = parse_target(address.url)
    host = f"[{target.host}]" if ":" in target.host else target.host
    return WayOut(network=network, allowed_hosts=[f"{host}:{target.port}"], private_hosts=address.private_hosts)


@asynccontextmanager
async def connected(address: Address, network: Network) -> AsyncGenerator[TransportStreams]:
    """The messages of a server as the SDK wants them."""
    import httpx2  # noqa: PLC0415 - comes with the SDK, which is an extra
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415

    target, way_out = parse_target(address.url), way_out_to(address, network)
    # Asked once before the SDK is, which would tell a refusal as a loss of the connection.
    await way_out.addresses(target.host, target.port)
    headers = {"Accept-Encoding": "identity", "User-Agent": "interlock", **address.headers}
    timeout = httpx2.Timeout(CONNECT_SECONDS, read=SILENCE_SECONDS)
    transport = _transport(way_out, network if target.scheme == "https" else None)
    async with (
        httpx2.AsyncClient(transport=transport, headers=headers, timeout=timeout, trust_env=False) as client,
        streamable_http_client(address.url, http_client=client) as streams,
    ):
        yield streams


def _transport(way_out: WayOut, network: Network | None) -> httpx2.AsyncBaseTransport:
    import httpcore2  # noqa: PLC0415 - as above
    import httpx2  # noqa: PLC0415

    backend: Any = PinnedBackend(way_out, httpcore2.AnyIOBackend())
    tls = None if network is None else network.tls()
    pool = httpcore2.AsyncConnectionPool(ssl_context=tls, network_backend=backend, keepalive_expiry=30)

    class PinnedTransport(httpx2.AsyncBaseTransport):
        """Sends requests through connections that were judged, and cuts off answers that are too large."""

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            sent = httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
            try:
                answer = await pool.handle_async_request(sent)
            except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError) as error:
                raise httpx2.ConnectError(str(error) or type(error).__name__, request=request) from error
            stream = BoundedStream(answer)
            return httpx2.Response(answer.status, headers=answer.headers, stream=stream)

        async def aclose(self) -> None:
            await pool.aclose()

    class BoundedStream(httpx2.AsyncByteStream):
        """The body of an answer. One that is packed was not asked for, and could unpack to anything."""

        def __init__(self, answer: httpcore2.Response) -> None:
            self._answer = answer
            kinds = [value.lower() for name, value in answer.headers if name.lower() == b"content-type"]
            self._is_events = bool(kinds) and kinds[0].startswith(b"text/event-stream")
            if any(name.lower() == b"content-encoding" for name, _ in answer.headers):
                raise httpx2.RemoteProtocolError("the answer is packed, which was not asked for")

        async def __aiter__(self) -> AsyncIterator[bytes]:
            came = 0
            try:
                async for chunk in self._answer.aiter_stream():
                    came += len(chunk)
                    if came > ANSWER_BYTES_MAX and not self._is_events:
                        raise httpx2.RemoteProtocolError(f"the answer has more than {ANSWER_BYTES_MAX:,} bytes")
                    yield chunk
            except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError) as error:
                raise httpx2.ReadError(str(error) or type(error).__name__) from error

        async def aclose(self) -> None:
            await self._answer.aclose()

    return PinnedTransport()
