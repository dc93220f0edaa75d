"""The window in which hits are counted, for the `limits` library: exact, on the clock that is given, one entry a hit.

The library's own memory reads the system's clock, and keeps an entry for each token.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from limits.storage import MovingWindowSupport, Storage

from interlock.core.plan import Micros

_SECOND = 1_000_000


class _Hits:
    """The hits of one key, the oldest first, and what they count together."""

    def __init__(self) -> None:
        self.all: deque[tuple[Micros, int]] = deque()
        self.counted = 0

    def add(self, at: Micros, amount: int) -> None:
        self.all.append((at, amount))
        self.counted += amount

    def not_later_than(self, now: Micros) -> None:
        """By a clock that was set back, hits would lie ahead, and stay for as long: they count as of now."""
        if self.all and self.all[-1][0] > now:
            self.all = deque((min(at, now), amount) for at, amount in self.all)

    def forget_until(self, at: Micros) -> None:
        while self.all and self.all[0][0] <= at:
            self.counted -= self.all.popleft()[1]


class ClockedWindow(Storage, MovingWindowSupport):
    """Hits by key."""

    STORAGE_SCHEME = None
    """It is made by hand, and found by no address."""

    def __init__(self, now: Callable[[], Micros]) -> None:
        super().__init__()
        self._now = now
        self._hits: dict[str, _Hits] = {}

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count a hit, unless the window would then hold more than the limit."""
        hits = self._within(key, expiry)
        if hits.counted + amount > limit:
            return False
        hits.add(self._now(), amount)
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002 - the port's
        """When the window begins, in seconds, and what was counted in it."""
        hits = self._within(key, expiry)
        return (hits.all[0][0] if hits.all else self._now()) / _SECOND, hits.counted

    def _within(self, key: str, expiry: float) -> _Hits:
        hits = self._hits.setdefault(key, _Hits())
        hits.not_later_than(self._now())
        hits.forget_until(self._now() - round(expiry * _SECOND))
        return hits

    # --- What the port asks of every storage besides ------------------------------------------------------------------

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the storage may raise by itself."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count a hit without a limit."""
        hits = self._within(key, expiry)
        hits.add(self._now(), amount)
        return hits.counted

    def get(self, key: str) -> int:
        """What is counted under a key."""
        return self._hits[key].counted if key in self._hits else 0

    def get_expiry(self, key: str) -> float:
        """When the oldest hit was, in seconds."""
        return self.get_moving_window(key, 0, 0)[0] if key not in self._hits else self._hits[key].all[0][0] / _SECOND

    def check(self) -> bool:
        """Whether it can be reached: it is in this process."""
        return True

    def reset(self) -> int | None:
        """Forget everything."""
        count = len(self._hits)
        self._hits.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget the hits of a key."""
        self._hits.pop(key, None)
