"""What both ways of sending have in common: requests as httpcore takes them, answers as it gives them, and TLS."""

from __future__ import annotations

import ssl
from typing import Any, Final, TypedDict

import httpcore
from msgspec import Struct

from interlock.client.address import Address
from interlock.client.requests import Request

IDLE_SECONDS: Final = 4.0
"""For how long a connection is kept that nothing is sent on: a server closes it after five, and must not be raced."""


class Connecting(Struct, frozen=True, kw_only=True):
    """How a client connects."""

    timeout_seconds: float
    """How long connecting, sending and each piece of an answer may take."""
    connections_max: int
    idle_seconds: float = IDLE_SECONDS
    tls: ssl.SSLContext | None = None


class Message(TypedDict):
    """A request as httpcore takes it."""

    method: str
    url: str
    headers: list[tuple[str | bytes, str | bytes]]
    content: bytes | None
    extensions: dict[str, Any]


def message(
    request: Request, address: Address, connecting: Connecting, *, silence_seconds: float | None = None
) -> Message:
    """A request to a server."""
    seconds = connecting.timeout_seconds
    read = seconds + request.patience_seconds if silence_seconds is None else silence_seconds
    return Message(
        method=request.method,
        url=address.url + request.target,
        headers=[*(address.headers | request.headers).items()],
        content=request.body,
        extensions={"timeout": {"connect": seconds, "write": seconds, "pool": seconds, "read": read}},
    )


def headers_of(response: httpcore.Response) -> dict[str, str]:
    """The headers of an answer, by their names in small letters."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}


def is_stream(status: int, headers: dict[str, str]) -> bool:
    """Whether events follow."""
    return status == 200 and headers.get("content-type", "").startswith("text/event-stream")


def tls_of(address: Address, connecting: Connecting) -> ssl.SSLContext | None:
    """Whom the client trusts: what it was given, else the machine's authorities and the usual ones."""
    if connecting.tls is not None or not address.url.startswith("https:"):
        return connecting.tls
    import certifi  # noqa: PLC0415 - a plain connection needs no authorities

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
