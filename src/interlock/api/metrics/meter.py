"""What a server counts of requests: by route, method and status, with how long answers took.

A route is told by its template, so there are never more of them than the application has. Of streams only the number
counts: how long somebody listens says nothing of the server.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from interlock.api.metrics.exposition import Family, Labels, Sample

SECONDS: Final = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
"""The upper bounds of the histogram: a page is quick below a tenth, and `wait` may take a minute."""
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "other"
"""What stands for a method that there is not, and for an address that no route takes."""


class RequestMeter:
    """The requests since a server began."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, int], int] = {}
        self._durations: dict[tuple[str, str], _Durations] = {}
        self.under_way = 0
        self.listening = 0

    def note(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """A request is over; of a stream it is not said how long it took."""
        method = method if method in METHODS else OTHER
        key = (method, route, status)
        self._counts[key] = self._counts.get(key, 0) + 1
        if seconds is not None:
            durations = self._durations.get((method, route))
            if durations is None:
                durations = self._durations[method, route] = _Durations()
            durations.note(seconds)

    def families(self) -> list[Family]:
        """What was counted so far."""
        return [
            Family(
                "interlock_http_requests_total",
                "counter",
                "Requests that are over, by route and status; streams among them.",
                [
                    Sample(count, (("method", method), ("route", route), ("status", str(status))))
                    for (method, route, status), count in self._counts.items()
                ],
            ),
            Family(
                "interlock_http_request_duration_seconds",
                "histogram",
                "How long requests took that were no streams.",
                [
                    sample
                    for (method, route), durations in self._durations.items()
                    for sample in durations.samples((("method", method), ("route", route)))
                ],
            ),
            Family(
                "interlock_http_requests_under_way",
                "gauge",
                "Requests that are being answered.",
                [Sample(self.under_way)],
            ),
            Family("interlock_http_listeners", "gauge", "Streams that are open.", [Sample(self.listening)]),
        ]


class _Durations:
    def __init__(self) -> None:
        self._counts = [0] * (len(SECONDS) + 1)
        self._sum = 0.0

    def note(self, seconds: float) -> None:
        self._counts[bisect_left(SECONDS, seconds)] += 1
        self._sum += seconds

    def samples(self, labels: Labels) -> list[Sample]:
        upto, found = 0, list[Sample]()
        for bound, count in zip((*map(str, SECONDS), "+Inf"), self._counts, strict=True):
            upto += count
            found.append(Sample(upto, (*labels, ("le", bound)), "_bucket"))
        return [*found, Sample(self._sum, labels, "_sum"), Sample(upto, labels, "_count")]
