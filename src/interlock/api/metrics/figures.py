"""The figures of a server and its store, as families: what waits, who works, how models and sinks stand.

Labels are of what is declared: states, pools, models, sinks. Names that requests bring along are none.
"""

from __future__ import annotations

import resource
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from interlock.api.metrics.exposition import Family, Labels, Sample, gauge
from interlock.core.plan import Micros
from interlock.engine.relaying.sink_reports import SinkReport
from interlock.engine.serving.roster import WorkerRow
from interlock.engine.serving.service import Service
from interlock.models.standing import ModelStanding
from interlock.store.claims import RunsWaiting
from interlock.store.effect_queue import EffectsWaiting

POOLS_MAX: Final = 50
"""How many pools are told by name: graphs may name any, and those beyond are told together."""
OTHER: Final = "other"
OWN: Final = "its own"
"""The pool of what says none: that of the tool that is called."""


def waiting_runs(runs: Sequence[RunsWaiting], *, now: Micros) -> list[Family]:
    """What waits to be driven. Its graphs are not told: whoever may bring graphs along would name them."""
    oldest = min((each.oldest_at for each in runs), default=now)
    return [
        gauge("interlock_runs_waiting", "Runs that wait to be driven.", sum(each.count for each in runs)),
        gauge(
            "interlock_runs_waiting_oldest_seconds", "For how long the oldest of them does.", max(0, now - oldest) / 1e6
        ),
    ]


def waiting_calls(calls: Iterable[EffectsWaiting]) -> list[Family]:
    """What waits for workers, by pool."""
    waiting, performing = Counter[str](), Counter[str]()
    for each in calls:
        pool = each.pool or OWN
        waiting[pool] += each.waiting
        performing[pool] += each.performing
    named = {pool for pool, _ in (waiting + performing).most_common(POOLS_MAX)}
    return [
        _by_pool("interlock_calls_waiting", "Calls that wait for a worker of their pool.", waiting, named),
        _by_pool("interlock_calls_performing", "Calls that a worker has claimed.", performing, named),
    ]


def _by_pool(name: str, help: str, counts: Counter[str], named: set[str]) -> Family:
    told = Counter[str]()
    for pool, count in counts.items():
        told[pool if pool in named else OTHER] += count
    return Family(name, "gauge", help, [Sample(count, (("pool", pool),)) for pool, count in told.items()])


def work_here(service: Service) -> list[Family]:
    """What this process has in hand."""
    families = [
        gauge("interlock_runs_driven", "Runs that this process drives.", service.driving),
        gauge("interlock_hands_busy", "Calls that this process performs for others.", service.performing),
    ]
    if service.card.concurrency is not None:
        families.append(gauge("interlock_hands", "How many it performs at most.", service.card.concurrency))
    return families


def workers(rows: Iterable[WorkerRow]) -> list[Family]:
    """Who works on the store."""
    states = Counter(row.state for row in rows)
    samples = [Sample(states[state], (("state", state),)) for state in ("working", "draining", "gone")]
    return [Family("interlock_workers", "gauge", "Workers of the store.", samples)]


def sinks(reports: Iterable[SinkReport], *, now: Micros) -> list[Family]:
    """How far sinks lag behind."""
    told = list(reports)
    return [
        Family("interlock_sink_events_behind", "gauge", "Events that a sink was not told.", _each(told, _behind)),
        Family(
            "interlock_sink_behind_seconds",
            "gauge",
            "How old the oldest of them is.",
            [Sample(_age(report, now), (("sink", report.name),)) for report in told],
        ),
        Family("interlock_sink_runs_held", "gauge", "Runs held back from a sink.", _each(told, _held)),
        Family("interlock_sink_failures", "gauge", "How often in a row telling it failed.", _each(told, _failures)),
    ]


def _each(reports: Iterable[SinkReport], figure: Callable[[SinkReport], int]) -> list[Sample]:
    return [Sample(figure(report), (("sink", report.name),)) for report in reports]


def _behind(report: SinkReport) -> int:
    return report.lag.events


def _held(report: SinkReport) -> int:
    return len(report.held)


def _failures(report: SinkReport) -> int:
    return report.progress.failures


def _age(report: SinkReport, now: Micros) -> float:
    oldest = report.lag.oldest_at
    return 0.0 if oldest is None else max(0, now - oldest) / 1e6


def models(standings: Iterable[ModelStanding]) -> list[Family]:
    """What models were asked, and what that has cost."""
    told = [(each, _labels_of(each)) for each in standings]
    return [
        Family(
            "interlock_model_requests_total",
            "counter",
            "Requests to models, by what became of them.",
            [
                Sample(count, (*labels, ("outcome", outcome)))
                for each, labels in told
                for outcome, count in _outcomes(each)
            ],
        ),
        Family(
            "interlock_model_tokens_total",
            "counter",
            "Tokens that models have read and written, as far as their providers said.",
            [
                Sample(count, (*labels, ("kind", kind)))
                for each, labels in told
                for kind, count in (("input", each.input), ("output", each.output), ("cached", each.cached))
            ],
        ),
        Family(
            "interlock_model_micro_usd_total",
            "counter",
            "What models have cost, in millionths of a US dollar.",
            [Sample(each.usd, labels) for each, labels in told],
        ),
        Family(
            "interlock_model_resting",
            "gauge",
            "Whether a model is left alone because it kept failing.",
            [Sample(each.resting is not None, labels) for each, labels in told],
        ),
    ]


def _labels_of(standing: ModelStanding) -> Labels:
    return (("model", standing.model), ("simulated", str(standing.simulated).lower()))


def _outcomes(standing: ModelStanding) -> Sequence[tuple[str, int]]:
    return (("answered", standing.answered), ("failed", standing.failed), ("known", standing.from_memory))


def process(*, started_at: Micros) -> list[Family]:
    """The process itself."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    families = [
        Family("interlock_info", "gauge", "The release.", [Sample(1, (("version", version("interlock")),))]),
        gauge("process_start_time_seconds", "When it began to serve, since 1970.", started_at / 1e6),
        Family(
            "process_cpu_seconds_total",
            "counter",
            "Processor time that it has used.",
            [Sample(used.ru_utime + used.ru_stime)],
        ),
    ]
    resident = _resident_bytes()
    if resident is not None:
        families.append(gauge("process_resident_memory_bytes", "Memory that it holds.", resident))
    return families


def _resident_bytes() -> int | None:
    """What the system says; nothing, where it does not say."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
    except OSError:
        return None
    return int(pages) * resource.getpagesize()
