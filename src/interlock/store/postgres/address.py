"""Where a store in PostgreSQL lies: an address as people write it, which never shows its password. Pure.

`postgresql://user:password@host:port/database?schema=name`: everything but `schema` is what every PostgreSQL program
understands. This module opens nothing and does not need the driver.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from interlock.core.errors import InterlockError

SCHEMES: Final = ("postgresql://", "postgres://")
DEFAULT_SCHEMA: Final = "interlock"
HIDDEN: Final = "***"

_SCHEMA_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_SECRETS: Final = frozenset({"password", "sslpassword"})


class AddressError(InterlockError):
    """Text that does not say where a store in PostgreSQL lies."""


@dataclass(frozen=True)
class PostgresAddress:
    """A database of a server, and the schema in it in which the store's tables are."""

    url: str = field(repr=False)
    """What the driver is given; it may hold a password."""
    schema: str
    shown: str
    """The same for people to read: it says where a password stands, and not which."""
    without_password: str
    """The same to be typed again: PGPASSWORD, or a file of passwords, gives what it leaves out."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """The address that a text is; `AddressError` says what is wrong with it, without repeating a password."""
        if not is_address(text):
            raise AddressError(f"an address of PostgreSQL begins with {' or '.join(SCHEMES)}")
        try:
            parts = urlsplit(text)
            _ = parts.port
        except ValueError as error:
            raise AddressError(f"the address of PostgreSQL cannot be read: {error}") from error
        options = parse_qsl(parts.query, keep_blank_values=True)
        schema = next((value for name, value in options if name == "schema"), DEFAULT_SCHEMA)
        if not _SCHEMA_NAME.fullmatch(schema):
            raise AddressError(
                f"{schema!r} cannot be the schema of a store: take small letters, digits and _, at most 63 of them"
            )
        others = [(name, value) for name, value in options if name != "schema"]
        return cls(_joined(parts, query=urlencode(others)), schema, _shown(parts), _without_password(parts))

    def __str__(self) -> str:
        return self.shown


def is_address(text: str) -> bool:
    """Whether a text means a store in PostgreSQL, rather than a file."""
    return text.startswith(SCHEMES)


def _shown(parts: SplitResult) -> str:
    who, at, where = parts.netloc.rpartition("@")
    user, colon, _ = who.partition(":")
    options = [(name, HIDDEN if name in _SECRETS else value) for name, value in parse_qsl(parts.query)]
    netloc = f"{quote(unquote(user))}{f':{HIDDEN}' if colon else ''}{at}{where}"
    return _joined(parts._replace(netloc=netloc), query=urlencode(options, safe="*/"))


def _without_password(parts: SplitResult) -> str:
    who, at, where = parts.netloc.rpartition("@")
    options = [(name, value) for name, value in parse_qsl(parts.query) if name not in _SECRETS]
    netloc = f"{who.partition(':')[0]}{at}{where}"
    return _joined(parts._replace(netloc=netloc), query=urlencode(options, safe="*/"))


def _joined(parts: SplitResult, *, query: str) -> str:
    # Without a host, as for a socket, the standard way would leave out the two slashes.
    return f"{parts.scheme}://{parts.netloc}{parts.path}{'?' * bool(query)}{query}"
