"""What can be wrong with a server, told to people; and whether an error means that the connection is gone. Pure."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import asyncpg

from interlock.store.errors import PlaceError, PlaceReason
from interlock.store.postgres.address import PostgresAddress

SAFE: Final = "what was acknowledged is safe"
UNKNOWN: Final = "it is unknown whether what was being written is kept: reload it before deciding anything again"

# By the first letters of the error's code, the longest first: PostgreSQL's codes are five letters, two for the class.
_TROUBLES: Final[dict[str, tuple[PlaceReason, str]]] = {
    "28": (
        "no_access",
        "the server refuses the user or the password: check both (the address, PGPASSWORD, ~/.pgpass), and pg_hba.conf",
    ),
    "3D000": ("no_database", "there is no such database: make it first, or name another one"),
    "3F000": ("damaged", f"the store's schema is gone: restore it from a backup; {SAFE} only there"),
    "42P01": ("damaged", "a table of the store is gone: restore it from a backup"),
    "42501": ("no_access", "the user lacks a right that the store needs: let it own the store's schema"),
    "25006": ("read_only", "the server only lets itself be read: name the primary, or wait until it is one"),
    "53100": ("full", f"the server's disk is full: make room, then try again; {SAFE}"),
    "53300": ("busy", "the server has no connection left: raise its max_connections, or run fewer workers"),
    "53": ("busy", f"the server has not enough memory or other room: see its log, then try again; {SAFE}"),
    "55P03": ("busy", "another process keeps rows locked for too long: end that process, or try again later"),
    "57P03": ("unreachable", "the server is starting or stopping: try again in a moment"),
    "57P": ("unreachable", f"the server has ended the connection: it will be made anew; {SAFE}"),
    "58030": ("broken", f"the server cannot read or write its disk: see its log; {SAFE}"),
    "XX001": ("damaged", "the server's data are damaged: restore them from a backup"),
    "XX002": ("damaged", "an index of the server is damaged: rebuild it (reindex), or restore from a backup"),
}

_LOST: Final = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03", "08"})
"""Codes, or classes of them, with which the server says that it has ended the connection, or will make none yet."""

_OUR_OWN: Final = frozenset({"22", "23", "42"})
"""Classes of errors that are about what was asked, and no fault of the place."""

_OF_THE_DRIVER: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""What is raised where a server, the way to it, or what it was asked is to blame."""

_RETRYABLE: Final = frozenset({"40P01", "40001"})


def is_lost(error: BaseException) -> bool:
    """Whether the connection is of no use any more. What was being asked may have been done."""
    if isinstance(error, asyncpg.PostgresError):
        code = _code(error)
        return code in _LOST or code[:2] in _LOST
    # The driver says so of a connection that was closed before, or is closed under a statement. Where it is about a
    # value or an address that it cannot use, it is a ValueError as well. Of a connection that the server has ended, and
    # of whose end it has not heard yet, it finds that its own state is not what it should be (asyncpg issue 1069).
    is_closed = isinstance(error, asyncpg.InterfaceError) and not isinstance(error, ValueError)
    return is_closed or isinstance(error, (OSError, TimeoutError, asyncpg.InternalClientError))


def was_undone(error: BaseException) -> bool:
    """Whether the server has undone a transaction so that it may be tried again at once."""
    return isinstance(error, asyncpg.PostgresError) and _code(error) in _RETRYABLE


def is_missing_table(error: BaseException) -> bool:
    """Whether there are no tables, or not all."""
    return isinstance(error, asyncpg.PostgresError) and _code(error) in {"42P01", "3F000"}


def explain(error: BaseException, address: PostgresAddress) -> PlaceError | None:
    """What is wrong with the place, if that is what the error is about."""
    # An option of the address that the driver does not know is a setting for the server, which may not know it either.
    if isinstance(error, (asyncpg.ClientConfigurationError, asyncpg.UndefinedObjectError)):
        return PlaceError(address.shown, "no_access", f"the address cannot be used: {error}")
    if isinstance(error, asyncpg.PostgresError):
        code = _code(error)
        trouble = next((_TROUBLES[code[:length]] for length in (5, 3, 2) if code[:length] in _TROUBLES), None)
        if trouble is not None:
            return PlaceError(address.shown, *trouble)
        if is_lost(error):
            return unreachable(error, address)
        if code[:2] in _OUR_OWN:
            return None
        return PlaceError(address.shown, "broken", f"the server refused what it was asked: {error} ({code})")
    return unreachable(error, address) if is_lost(error) else None


def unreachable(error: BaseException, address: PostgresAddress) -> PlaceError:
    """The server cannot be reached, or the connection to it broke."""
    why = str(error) or type(error).__name__
    return PlaceError(address.shown, "unreachable", f"the server cannot be reached: check that it runs ({why})")


def outcome_unknown(error: BaseException, address: PostgresAddress) -> PlaceError:
    """The connection broke while something was written."""
    why = str(error) or type(error).__name__
    return PlaceError(address.shown, "unreachable", f"the connection broke ({why}): {UNKNOWN}")


@contextmanager
def explained(address: PostgresAddress) -> Generator[None]:
    """What is wrong with the place is raised as a `PlaceError`."""
    try:
        yield
    except _OF_THE_DRIVER as error:
        trouble = explain(error, address)
        if trouble is None:
            raise
        raise trouble from error


def _code(error: asyncpg.PostgresError) -> str:
    return getattr(error, "sqlstate", None) or "XX000"
