"""How often and how long a client tries."""

from __future__ import annotations

from msgspec import Struct


class Patience(Struct, frozen=True, kw_only=True):
    """How often and how long a client tries."""

    attempts_max: int = 5
    first_seconds: float = 0.2
    """How long it waits before the second attempt; before each further one twice as long."""
    longest_seconds: float = 20.0
    """How long it waits at most. Who is told to come later than that is told so at once."""
    away_seconds: float = 300.0
    """For how long a stream is taken up again in vain."""

    def pause_seconds(self, attempt: int) -> float:
        """How long to wait after so many attempts."""
        doubled: float = self.first_seconds * 2 ** min(attempt - 1, 20)
        return min(doubled, self.longest_seconds)
