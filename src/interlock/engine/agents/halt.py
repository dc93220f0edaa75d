"""Stopping an agent: one wish, heard by whatever its loop is waiting for just now, however deep."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from interlock.core.event_parts import Error


class Halted(Exception):
    """The agent was asked to stop, by a cancel, by its worker's leaving, or by its deadline."""

    def __init__(self, error: Error) -> None:
        super().__init__(error.message)
        self.error = error


class Halt:
    """Whether an agent is to stop, and why."""

    def __init__(self) -> None:
        self.error: Error | None = None
        self._acts: list[Callable[[], object]] = []

    def ask(self, error: Error) -> None:
        """Stop. The first reason counts; asked again, whatever is waited for is asked again."""
        self.error = self.error or error
        for act in list(self._acts):
            act()

    def pass_on(self, to: Halt) -> None:
        """Stop another for the same reason."""
        if self.error is not None:
            to.ask(self.error)

    def check(self) -> None:
        """Begin nothing more once it is to stop."""
        if self.error is not None:
            raise Halted(self.error)

    @contextmanager
    def heard_by(self, act: Callable[[], object]) -> Generator[None]:
        """While something is waited for: what makes it stop."""
        self._acts.append(act)
        try:
            if self.error is not None:
                act()
            yield
        finally:
            self._acts.remove(act)
