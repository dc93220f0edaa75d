"""The time zones that are known on this machine, looked up one by one: nobody needs all of them to check one graph."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones


class KnownZones(Collection[str]):
    """Every time zone by its name. What a name means is read when it is asked for."""

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return False
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(available_timezones()))

    def __len__(self) -> int:
        return len(available_timezones())
