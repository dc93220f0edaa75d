"""Where a request goes, read from its URL once: what is judged, connected to and named in `Host` is one and the same.

Two readers of one URL that disagree are how a check is passed by; so what could be read in two ways is refused.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from msgspec import Struct

from interlock.tools.outgoing.addresses import parse_address
from interlock.tools.outgoing.errors import OutgoingRefused

URL_CHARACTERS_MAX: Final = 8_000
PORTS: Final = {"http": 80, "https": 443}
_HOST_NAME: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*")
_UNREADABLE: Final = re.compile(r"[\x00-\x20\x7f\\]")


class Target(Struct, frozen=True):
    """A place on the network, and what is asked for there."""

    scheme: str
    host: str
    """In lower case; an IPv6 address without its brackets."""
    port: int
    path: str
    """With the query; percent-encoded."""

    @property
    def host_header(self) -> str:
        """The host as requests name it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """The target for people, without what may be secret in it."""
        return f"{self.scheme}://{self.host_header}"


def parse_target(url: str) -> Target:
    """The target of a URL; `OutgoingRefused` says what in it is not allowed."""
    if len(url) > URL_CHARACTERS_MAX:
        raise OutgoingRefused(f"the URL has {len(url):,} characters, more than {URL_CHARACTERS_MAX:,}")
    if _UNREADABLE.search(url):
        raise OutgoingRefused("the URL holds a blank, a line break, a control character or a backslash: encode it as %")
    parts = _split(url)
    if parts.scheme not in PORTS:
        raise OutgoingRefused(f"the URL begins with {parts.scheme or 'nothing'!r}: only http:// and https:// are made")
    if "@" in parts.netloc:
        raise OutgoingRefused("the URL holds a user or a password before its host: send them in a header")
    port = _port(parts)
    path = quote(parts.path or "/", safe="%/:=&?~+!$,;'@()*[]") + (
        f"?{quote(parts.query, safe=_IN_QUERY)}" if parts.query else ""
    )
    return Target(parts.scheme, _host(parts), PORTS[parts.scheme] if port is None else port, path)


_IN_QUERY: Final = "%/:=&?~+!$,;'@()*[]"


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise OutgoingRefused(f"the URL cannot be read: {error}") from error


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError as error:
        raise OutgoingRefused("the port of the URL is no number from 1 to 65535") from error
    if port == 0:
        raise OutgoingRefused("the port of the URL is no number from 1 to 65535")
    return port


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").removesuffix(".")
    if not host:
        raise OutgoingRefused("the URL names no host: write https://HOST/PATH")
    if not host.isascii():
        raise OutgoingRefused(f"the host {host!r} is not written in ASCII: give its name as the DNS knows it (xn--…)")
    is_bracketed = "[" in parts.netloc
    if is_bracketed and ("%" in host or parse_address(host) is None):
        raise OutgoingRefused("what stands in brackets in the URL is no IPv6 address")
    if not is_bracketed and (len(host) > 253 or not _HOST_NAME.fullmatch(host)):
        raise OutgoingRefused(f"{host[:80]!r} is no name of a host")
    return host
