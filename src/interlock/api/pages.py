"""Pages of lists: a cursor that says where the next one begins, and for which question it was given."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Annotated, Final, TypeAlias, TypeVar

import msgspec
from fastapi import Query

from interlock.api.errors import ApiError

T = TypeVar("T")

LIMIT: Final = 50
LIMIT_MAX: Final = 500
CURSOR_MAX: Final = 1_000
DIGITS_MAX: Final = 18
"""Of a number in a cursor: whoever counts further did not get it from a list."""

Limit: TypeAlias = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="How many at most.")]
Cursor: TypeAlias = Annotated[
    str | None, Query(max_length=CURSOR_MAX, description="The `next` of the page before; everything else as it was.")
]


class _Place(msgspec.Struct, frozen=True):
    """Where a list goes on, and the digest of what was asked for."""

    at: str
    of: str


def cursor_at(place: str, *, of: object) -> str:
    """The cursor of a page that goes on behind `place`. `of` is what the list was asked for."""
    packed = msgspec.json.encode(_Place(place, _digest(of)))
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def place_of(cursor: str | None, *, of: object) -> str | None:
    """Where the page begins that a cursor asks for; None: at the beginning. It has to be of the same list."""
    if cursor is None:
        return None
    try:
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = msgspec.json.decode(packed, type=_Place)
    except (ValueError, binascii.Error) as error:
        raise never_given_out() from error
    if place.of != _digest(of):
        raise ApiError("invalid_cursor", "the cursor is of a list with another filter", field="cursor")
    if "\0" in place.at:
        raise never_given_out()
    return place.at


def number_of(cursor: str | None, *, of: object) -> int | None:
    """The same, for lists whose places are numbers."""
    place = place_of(cursor, of=of)
    return None if place is None else number_in(place)


def number_in(place: str) -> int:
    """A number that stands in a cursor, as such a list would have written it."""
    if not (place.isascii() and place.isdecimal() and len(place) <= DIGITS_MAX):
        raise never_given_out()
    return int(place)


def never_given_out() -> ApiError:
    """A cursor that somebody has made themselves."""
    return ApiError("invalid_cursor", "the cursor was not given out by this list", field="cursor")


def page_of(rows: Sequence[T], *, limit: int, cursor: str | None, of: object) -> tuple[Sequence[T], str | None]:
    """A page of what is listed whole, and the cursor of the next one: for lists that are short by nature."""
    begin = number_of(cursor, of=of) or 0
    end = begin + limit
    return rows[begin:end], cursor_at(str(end), of=of) if len(rows) > end else None


def _digest(of: object) -> str:
    return hashlib.sha256(msgspec.json.encode(of, order="deterministic")).hexdigest()[:16]
