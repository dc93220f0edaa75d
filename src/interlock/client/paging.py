"""Lists that are longer than a page: fetched page by page, as far as somebody reads on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol, TypeVar

from interlock.client.errands import Tell, Telling, made
from interlock.client.requests import Asking, Call, look

T = TypeVar("T")
N_co = TypeVar("N_co", covariant=True)


class Page(Protocol[N_co]):
    """A part of a list, and where the next one begins."""

    @property
    def next(self) -> N_co | None:
        """What the next page is asked with; None: there is none."""
        ...


P = TypeVar("P", bound=Page[object])
C = TypeVar("C", bound=Page[str])

PAGE: Final = 100
"""How many rows are asked for at a time."""


def listed(
    *path: str, shape: type[C], rows_of: Callable[[C], Sequence[T]], query: Mapping[str, Asking] | None = None
) -> Telling[T]:
    """Every row of a list whose pages are asked for by cursors. `path` is given in segments."""

    def page_at(before: C | None) -> Call[C]:
        cursor = before.next if before else None
        return look(*path, shape=shape, query={**(query or {}), "limit": PAGE, "cursor": cursor})

    return pages(page_at, rows_of)


def pages(page_at: Callable[[P | None], Call[P]], rows_of: Callable[[P], Sequence[T]]) -> Telling[T]:
    """Every row of every page; the page behind another is asked for with that one at hand."""
    page = yield from made(page_at(None))
    while True:
        for row in rows_of(page):
            yield Tell(row)
        if page.next is None:
            return
        page = yield from made(page_at(page))
