"""What the routes share: the service they stand on, who is known by which key, and the bounds that are set."""

from __future__ import annotations

import logging

from interlock.api.a2a.over_http import A2aOverHttp
from interlock.api.backlog import Backlog
from interlock.api.compat.agentops.cards import CardsOfTenants
from interlock.api.in_turn import InTurn
from interlock.api.mcp.over_http import McpOverHttp
from interlock.api.metrics.meter import RequestMeter
from interlock.api.metrics.sink_lag import SinkLag
from interlock.api.problems import problem_of
from interlock.api.streams.hubs import Hubs
from interlock.embedded.interlock import Interlock
from interlock.embedded.jobs import JobRunner
from interlock.embedded.served import Served
from interlock.settings import ServerSettings
from interlock.tenancy import ApiKeys, CachedKeys
from interlock.tenancy.pseudonyms import PseudonymKeys
from interlock.wire.problems import Problem

log = logging.getLogger(__name__)


class Reception:
    """One for each server."""

    def __init__(self, served: Served[Interlock], settings: ServerSettings, *, url: str, requires_key: bool) -> None:
        self.served = served
        self.settings = settings
        self.requires_key = requires_key
        self.keys = CachedKeys(ApiKeys(served.store.records, now=served.clock.now))
        self.pseudonyms = PseudonymKeys(served.store.records)
        self.hubs = Hubs(served)
        self.agent_cards = CardsOfTenants(served)
        self.many_logs = InTurn()
        self.meter = RequestMeter()
        self.sink_lag = SinkLag(served)
        self.jobs = JobRunner(problem=_told, bytes_max=settings.upload_bytes)
        self.backlog = Backlog(served.store, served.clock, runs_max=settings.runs_waiting)
        self.mcp = McpOverHttp(served, self.backlog, self.hubs)
        self.a2a = A2aOverHttp(served, self.backlog, base=url, requires_key=requires_key)


def _told(error: Exception) -> Problem:
    """What a job has failed with. What is none of ours is a fault, of which the log says more."""
    problem = problem_of(error, "")
    if problem.code == "fault":
        log.error("job_failed", exc_info=error)
    return problem
