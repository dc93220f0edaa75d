"""The filters of prompts, made for data alone: each gives text or data no larger than what it is counted for.

Work is what they are paid with: characters made, items looked at. When it is used up, the template is too much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from jinja2 import TemplateRuntimeError
from jinja2.runtime import Undefined

from interlock.agents.context.tokens import json_text

WORK_MAX: Final = 2_000_000
WIDTH_MAX: Final = 32


class Work:
    """How much a template may still do. Made anew for each rendering."""

    def __init__(self) -> None:
        self._left = WORK_MAX

    def spend(self, amount: int) -> None:
        """Raises when there is no more."""
        self._left -= amount
        if self._left < 0:
            raise TemplateRuntimeError("it does too much: show less of the input, or take loops out of one another")

    def turns(self, items: Any, weight: int) -> Any:  # noqa: ANN401 - data
        """What a loop goes over, paid for before it begins."""
        if isinstance(items, Undefined):
            return items
        found = _items(items)
        self.spend((len(found) + 1) * weight)
        return found

    def compared(self, value: Any) -> Any:  # noqa: ANN401 - data
        """A value that is compared, paid for by its size."""
        if not isinstance(value, Undefined | bool | int | float | None):
            self.spend(len(value) if isinstance(value, str) else len(json_text(value)))
        return value

    def shown(self, value: Any) -> Any:  # noqa: ANN401 - data
        """A value as it stands in a prompt: text as it is, data as JSON."""
        if isinstance(value, Undefined):
            return value
        text = value if isinstance(value, str) else json_text(value)
        self.spend(len(text))
        return text


def _gone_through(value: Any) -> dict[str, Any] | Sequence[Any]:  # noqa: ANN401 - data
    """A map or a list itself: to ask how many there are, or for one of them, takes no longer for many than for few."""
    match value:
        case dict():
            return cast("dict[str, Any]", value)
        case list() | tuple():
            return cast("Sequence[Any]", value)
        case _:
            raise TemplateRuntimeError("only a list or a map can be gone through")


def _items(value: Any) -> list[Any]:  # noqa: ANN401 - data
    """All of them, which whoever asks has paid for, or pays for."""
    return list(_gone_through(value))


def filters_with(work: Work) -> dict[str, Callable[..., Any]]:
    """The filters by name, all paid from one purse."""
    return _of_text(work) | _of_several(work)


def _of_text(work: Work) -> dict[str, Callable[..., Any]]:
    """Those that make a text of a value, or another text of a text."""

    def text_of(value: Any) -> str:  # noqa: ANN401 - data
        return str(work.shown(value))

    def indent(value: Any, width: int = 4) -> str:  # noqa: ANN401 - data
        if not 0 <= width <= WIDTH_MAX:
            raise TemplateRuntimeError(f"`indent` is by at most {WIDTH_MAX}")
        lines = text_of(value).split("\n")
        work.spend(width * len(lines))
        return f"\n{' ' * width}".join(lines)

    def truncate(value: Any, length: int = 255) -> str:  # noqa: ANN401 - data
        text = text_of(value)
        return text if len(text) <= length else f"{text[: max(0, length - 1)]}…"

    def json(value: Any) -> str:  # noqa: ANN401 - data
        return text_of(json_text(value) if isinstance(value, str) else value)

    def lower(value: Any) -> str:  # noqa: ANN401 - data
        return text_of(value).lower()

    def upper(value: Any) -> str:  # noqa: ANN401 - data
        return text_of(value).upper()

    def trim(value: Any) -> str:  # noqa: ANN401 - data
        return text_of(value).strip()

    return {"indent": indent, "json": json, "lower": lower, "trim": trim, "truncate": truncate, "upper": upper}


def _of_several(work: Work) -> dict[str, Callable[..., Any]]:
    """Those that choose among values, or put them in a row."""

    def default(value: Any, instead: Any = "", empty: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 - as in Jinja
        return instead if isinstance(value, Undefined) or (empty and not value) else value

    def join(value: Any, between: str = "") -> str:  # noqa: ANN401 - data
        items = [str(work.shown(item)) for item in _items(value)]
        work.spend((len(between) + 1) * len(items))
        return between.join(items)

    def sort(value: Any) -> list[Any]:  # noqa: ANN401 - data
        found = _items(value)
        work.spend(len(found) * 16)
        return sorted(found, key=lambda item: (isinstance(item, str), item))

    def first(value: Any) -> Any:  # noqa: ANN401 - data
        return next(iter(_gone_through(value)), "")

    def last(value: Any) -> Any:  # noqa: ANN401 - data
        return next(reversed(_gone_through(value)), "")

    def length(value: Any) -> int:  # noqa: ANN401 - data
        return len(value if isinstance(value, str) else _gone_through(value))

    return {"default": default, "first": first, "join": join, "last": last, "length": length, "sort": sort}
