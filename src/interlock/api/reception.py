"""What the routes share: the service they stand on, who is known by which key, and the bounds that are set."""

from __future__ import annotations

from interlock.api.backlog import Backlog
from interlock.api.streams.hubs import Hubs
from interlock.embedded.interlock import Interlock
from interlock.embedded.served import Served
from interlock.settings import ServerSettings
from interlock.tenancy import ApiKeys, CachedKeys


class Reception:
    """One for each server."""

    def __init__(self, served: Served[Interlock], settings: ServerSettings, *, requires_key: bool) -> None:
        self.served = served
        self.settings = settings
        self.requires_key = requires_key
        self.keys = CachedKeys(ApiKeys(served.store.records, now=served.clock.now))
        self.hubs = Hubs(served)
        self.backlog = Backlog(served.store, served.clock, runs_max=settings.runs_waiting)
