"""How far a command is that goes through many runs: on a terminal alone, and gone in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from interlock.cli.invocation import Invocation

if TYPE_CHECKING:
    from rich.status import Status

TOLD_EVERY: Final = 50
"""After how many runs the progress is told anew."""


class Progress:
    """`says` words a count."""

    def __init__(self, says: Callable[[int], str], on: Invocation) -> None:
        from interlock.cli.output import error_console

        console = error_console()
        self._says = says
        self._status: Status | None = None
        if console.is_terminal and not on.as_json:
            self._status = console.status(says(0))

    def __enter__(self) -> None:
        if self._status is not None:
            self._status.start()

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def tell(self, count: int) -> None:
        """So many are behind it."""
        if self._status is not None and count % TOLD_EVERY == 0:
            self._status.update(self._says(count))
