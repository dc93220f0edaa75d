"""Hosts by name: how patterns of them are written, and which of them a host is meant by.

`api.example.com` is that host alone, `*.example.com` every host below it, `*` any host; `:443` behind it limits the
port. An IPv6 address stands in brackets.
"""

from __future__ import annotations

from collections.abc import Iterable


def host_is_allowed(host: str, port: int, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns means this host and port."""
    return any(_is_meant(host, port, pattern) for pattern in patterns)


def host_is_named(host: str, port: int, names: Iterable[str]) -> bool:
    """Whether one of the names is this host's own: `*` stands for nothing here."""
    return any(_is_meant(host, port, name) for name in names if "*" not in name)


def _is_meant(host: str, port: int, pattern: str) -> bool:
    name, of_port = _parted(pattern)
    if of_port is not None and of_port != port:
        return False
    if name == "*":
        return True
    if name.startswith("*."):
        return host.endswith(name[1:]) and len(host) > len(name) - 1
    return host == name


def _parted(pattern: str) -> tuple[str, int | None]:
    """The name in a pattern, and the port if it says one."""
    written = pattern.strip().lower()
    if written.startswith("["):
        name, _, rest = written[1:].partition("]")
        port = rest.removeprefix(":")
    elif written.count(":") > 1:  # an IPv6 address without brackets has no port
        return written, None
    else:
        name, _, port = written.partition(":")
    return name.removesuffix("."), int(port) if port.isdecimal() else None
