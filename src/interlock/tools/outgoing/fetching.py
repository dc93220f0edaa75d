"""`fetch`: one request out, one answer back, or why there is none. Nothing is followed, kept or tried again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from interlock.tools.outgoing.bodies import ACCEPTED_ENCODING, read_body
from interlock.tools.outgoing.errors import OutgoingFailed, OutgoingRefused
from interlock.tools.outgoing.messages import DEFAULT_LIMITS, FetchLimits, OutgoingRequest, OutgoingResponse
from interlock.tools.outgoing.network import MACHINE, Network, PinnedBackend, WayOut
from interlock.tools.outgoing.target import Target, parse_target

if TYPE_CHECKING:
    import httpcore

_METHOD: Final = re.compile(r"[A-Z]{1,20}")
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]*")
_FRAMING: Final = frozenset(
    {
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
    }
)
"""What says where a message goes and where it ends: two opinions on that are an attack."""
_SENT: Final = "http11.send_request_headers.started"


async def fetch(
    request: OutgoingRequest,
    *,
    allowed_hosts: Sequence[str],
    private_hosts: Sequence[str] = (),
    limits: FetchLimits = DEFAULT_LIMITS,
    network: Network = MACHINE,
) -> OutgoingResponse:
    """The answer to a request, whatever its status.

    Raises `OutgoingRefused` if the request is not made, and `OutgoingFailed` if it came to nothing. `allowed_hosts` are
    patterns; `private_hosts` names those that may lead to addresses that are not public.
    """
    target = parse_target(request.url)
    headers = _headers(request, target, limits)
    way_out = WayOut(network=network, allowed_hosts=allowed_hosts, private_hosts=private_hosts)
    way_out.check_host(target.host, target.port)
    sending = _Sending(target)
    try:
        async with asyncio.timeout(limits.timeout_seconds):
            return await sending.exchange(request, headers, way_out, limits)
    except TimeoutError as error:
        told = f"{target.origin} did not answer within {limits.timeout_seconds:g} s"
        raise OutgoingFailed(told, kind="timeout", in_doubt=sending.is_sent) from error


class _Sending:
    """One exchange, which knows whether anything of the request has left."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.is_sent = False

    async def exchange(
        self, request: OutgoingRequest, headers: list[tuple[bytes, bytes]], way_out: WayOut, limits: FetchLimits
    ) -> OutgoingResponse:
        import httpcore  # noqa: PLC0415 - loaded with the first request that leaves

        inner = httpcore.AnyIOBackend()
        backend: Any = PinnedBackend(way_out, inner)
        tls = way_out.network.tls() if self._target.scheme == "https" else None
        try:
            async with (
                httpcore.AsyncConnectionPool(ssl_context=tls, network_backend=backend, max_connections=1) as pool,
                pool.stream(
                    request.method,
                    self._url(httpcore.URL),
                    headers=headers,
                    content=request.body or None,
                    extensions={"trace": self._trace, "timeout": {"connect": limits.connect_seconds}},
                ) as response,
            ):
                return await self._read(response, limits)
        except httpcore.ConnectTimeout as error:
            raise OutgoingFailed(f"{self._target.origin} cannot be reached in time", kind="timeout") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            told = f"{self._target.origin} {'gave no answer' if self.is_sent else 'cannot be reached'}: {_said(error)}"
            raise OutgoingFailed(told, in_doubt=self.is_sent) from error

    def _url(self, make: type[httpcore.URL]) -> httpcore.URL:
        target = self._target
        return make(
            scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
        )

    async def _trace(self, event: str, _: object) -> None:
        self.is_sent = self.is_sent or event == _SENT

    async def _read(self, response: httpcore.Response, limits: FetchLimits) -> OutgoingResponse:
        headers = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers)
        answer = OutgoingResponse(status=response.status, headers=headers, body=b"")
        body = await read_body(
            response.aiter_stream(),
            encoding=answer.header("content-encoding"),
            bytes_max=limits.response_bytes_max,
            origin=self._target.origin,
        )
        return OutgoingResponse(status=response.status, headers=headers, body=body)


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _headers(request: OutgoingRequest, target: Target, limits: FetchLimits) -> list[tuple[bytes, bytes]]:
    """The headers as they are sent; `OutgoingRefused` if the request could be read as two."""
    if not _METHOD.fullmatch(request.method):
        raise OutgoingRefused(f"{request.method[:40]!r} is no method: write it in capitals, such as GET")
    if request.method in {"CONNECT", "TRACE"}:
        raise OutgoingRefused(f"{request.method} requests are not made")
    if len(request.body) > limits.request_bytes_max:
        raise OutgoingRefused(
            f"the body has {len(request.body):,} bytes, more than {limits.request_bytes_max:,} may be sent"
        )
    for name, value in request.headers:
        _check_header(name, value)
    sent = [("Host", target.host_header), ("User-Agent", "interlock"), ("Accept-Encoding", ACCEPTED_ENCODING)]
    own = {name.lower() for name, _ in request.headers}
    kept = [(name, value) for name, value in sent if name.lower() not in own]
    return [(name.encode(), value.strip().encode()) for name, value in [*kept, *request.headers]]


def _check_header(name: str, value: str) -> None:
    if not _HEADER_NAME.fullmatch(name):
        raise OutgoingRefused(f"{name[:40]!r} is no name of a header")
    if name.lower() in _FRAMING:
        raise OutgoingRefused(f"the header {name} is not for a tool to set")
    if not _HEADER_VALUE.fullmatch(value):
        # The value may be a secret: it is not told.
        raise OutgoingRefused(f"the header {name} holds a line break or another control character")
