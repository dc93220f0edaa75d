"""A request that leaves, what came back, and the bounds of both."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

RESPONSE_BYTES_MAX: Final = 1 << 20
REQUEST_BYTES_MAX: Final = 1 << 20
TIMEOUT_SECONDS: Final = 30.0
CONNECT_SECONDS: Final = 10.0


class OutgoingRequest(Struct, frozen=True, kw_only=True):
    """An HTTP request. Header names may repeat; `Host` and what frames the message are not for the caller to say."""

    method: str = "GET"
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class OutgoingResponse(Struct, frozen=True, kw_only=True):
    """What the other side answered, with whatever status: a redirect is an answer like any other, and not followed."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, in the order they came."""
    body: bytes
    """As it was before it was compressed."""

    def header(self, name: str) -> str:
        """The first header of that name; empty if there is none."""
        wanted = name.lower()
        return next((value for each, value in self.headers if each == wanted), "")

    def text(self) -> str:
        """The body as text: UTF-8 unless it says another encoding that is known. What cannot be read is replaced."""
        charset = _parameter(self.header("content-type"), "charset") or "utf-8"
        try:
            return self.body.decode(charset, errors="replace")
        except (LookupError, ValueError):
            return self.body.decode("utf-8", errors="replace")


class FetchLimits(Struct, frozen=True, kw_only=True):
    """How long a request may take as a whole, and how large it and its answer may be."""

    timeout_seconds: float = TIMEOUT_SECONDS
    connect_seconds: float = CONNECT_SECONDS
    request_bytes_max: int = REQUEST_BYTES_MAX
    response_bytes_max: int = RESPONSE_BYTES_MAX
    """Of the body, as it comes and as it is once unpacked."""


DEFAULT_LIMITS: Final = FetchLimits()


def _parameter(header: str, name: str) -> str:
    for part in header.split(";")[1:]:
        key, _, value = part.partition("=")
        if key.strip().lower() == name:
            return value.strip().strip("\"'")
    return ""
