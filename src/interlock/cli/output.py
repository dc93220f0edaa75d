"""Where output goes: lines for people on a console, JSON for programs. Respects NO_COLOR, width and encoding."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from interlock.cli.reserved_output import write_output

if TYPE_CHECKING:
    from rich.console import Console

WIDTH_PIPED: int = 120
"""How wide lines are where no terminal says how wide it is."""


def console() -> Console:
    """Standard output, for people."""
    return _console(stderr=False)


def error_console() -> Console:
    """Standard error, for what is no output: errors and hints."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    class PipedConsole(Console):
        """A console that leaves a closed pipe to the program's boundary, instead of ending the program itself."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    # No emoji: in a path, `:x:` is no picture.
    made = PipedConsole(stderr=stderr, highlight=False, emoji=False)
    if not made.is_terminal:
        made.width = WIDTH_PIPED
    return made


def print_json(value: Any, *, indent: int | None = 2) -> None:  # noqa: ANN401 - JSON data
    """One JSON value on standard output. Without an indent, on one line."""
    write_output(json.dumps(value, indent=indent, ensure_ascii=False, default=_opaque) + "\n")


class JsonListing:
    """One JSON object on standard output whose last value is a list of any length, written item by item.

    It reads as if `print_json` had written it. Nothing is written before the first item is there, or the end.
    """

    def __init__(self, head: dict[str, Any], name: str) -> None:
        opening = json.dumps(head | {name: []}, indent=2, ensure_ascii=False, default=_opaque)
        self._before, self._after = opening.removesuffix("]\n}"), "]\n}\n"
        self.is_empty = True

    def add(self, item: Any) -> None:  # noqa: ANN401 - JSON data
        """One more item."""
        told = json.dumps(item, indent=2, ensure_ascii=False, default=_opaque)
        write_output(f"{self._before if self.is_empty else ','}\n    " + told.replace("\n", "\n    "))
        self.is_empty = False

    def end(self) -> None:
        """There are no more."""
        write_output(self._before + self._after if self.is_empty else "\n  " + self._after)


def _opaque(leaf: object) -> Any:  # noqa: ANN401 - JSON data
    """The two leaves of a value that are no JSON: what is kept elsewhere, and secrets."""
    from interlock.core.values import Ref, Secret

    match leaf:
        case Ref():
            return {"kept_elsewhere": leaf.digest, "bytes": leaf.size}
        case Secret():
            return {"secret": leaf.name}
        case _:
            raise TypeError(f"a {type(leaf).__name__} is no JSON")


def plain(text: str) -> str:
    """Text that came from outside on one line: without characters that move the cursor or reorder text."""
    return "".join(character if character.isprintable() else " " for character in text)


def plain_lines(text: str) -> str:
    """The same of several lines."""
    return "\n".join(map(plain, text.splitlines()))


def json_text(value: Any) -> str:  # noqa: ANN401 - JSON data
    """JSON for people: what cannot be printed is escaped, so that it is still the same JSON."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=_opaque)
    return "".join(each if each.isprintable() or each == "\n" else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]
