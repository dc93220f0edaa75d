"""Desks: what a route works with, once it is known who asks and that they may."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from fastapi import Depends
from msgspec import Struct
from starlette.requests import HTTPConnection

from interlock.api.errors import ApiError
from interlock.api.guard import CALLER
from interlock.api.reception import Reception
from interlock.embedded.interlock import Interlock
from interlock.tenancy import ABOVE_TENANTS, Act, Area, Caller


class Desk(Struct, frozen=True):
    """Who asks, and what works for their tenant."""

    caller: Caller
    interlock: Interlock
    reception: Reception

    @property
    def detaches(self) -> bool:
        """Whether what is asked for is left to other processes."""
        return self.reception.served.leaves_to_others

    @property
    def sees_platform(self) -> bool:
        """Whether the caller may look at what is above tenants, or of other ones."""
        return self.caller.may("read", ABOVE_TENANTS) is None

    @property
    def may_manage_platform(self) -> bool:
        """Whether the caller may change it, too."""
        return self.caller.may("manage", ABOVE_TENANTS) is None

    def refuse_unless(self, act: Act, area: Area) -> None:
        """Raise what keeps the caller from it."""
        refuse_unless(self.caller, act, area)


def refuse_unless(caller: Caller, act: Act, area: Area) -> None:
    """Raise what keeps a caller from it."""
    refusal = caller.may(act, area)
    if refusal is not None:
        raise ApiError("not_allowed", refusal.reason)


def may(act: Act, area: Area) -> Any:  # noqa: ANN401 - as FastAPI has it
    """The desk of a caller who may do this; anybody else is refused."""

    async def find(connection: HTTPConnection) -> Desk:
        caller: Caller = connection.scope[CALLER]
        refuse_unless(caller, act, area)
        reception: Reception = connection.app.state.reception
        return Desk(caller, await reception.served.of(caller.tenant), reception)

    return Depends(find)


ReadsRuns: TypeAlias = Annotated[Desk, may("read", "runs")]
ActsOnRuns: TypeAlias = Annotated[Desk, may("act", "runs")]
ReadsQuestions: TypeAlias = Annotated[Desk, may("read", "questions")]
Answers: TypeAlias = Annotated[Desk, may("act", "questions")]
ReadsArtifacts: TypeAlias = Annotated[Desk, may("read", "artifacts")]
ActsOnArtifacts: TypeAlias = Annotated[Desk, may("act", "artifacts")]
ManagesArtifacts: TypeAlias = Annotated[Desk, may("manage", "artifacts")]
ReadsWebhooks: TypeAlias = Annotated[Desk, may("read", "webhooks")]
ManagesWebhooks: TypeAlias = Annotated[Desk, may("manage", "webhooks")]
ReadsGraphs: TypeAlias = Annotated[Desk, may("read", "graphs")]
ActsOnGraphs: TypeAlias = Annotated[Desk, may("act", "graphs")]
ManagesGraphs: TypeAlias = Annotated[Desk, may("manage", "graphs")]
ReadsAgents: TypeAlias = Annotated[Desk, may("read", "agents")]
ReadsTools: TypeAlias = Annotated[Desk, may("read", "tools")]
ReadsModels: TypeAlias = Annotated[Desk, may("read", "models")]
ReadsPolicies: TypeAlias = Annotated[Desk, may("read", "policies")]
ManagesPolicies: TypeAlias = Annotated[Desk, may("manage", "policies")]
ReadsSchedules: TypeAlias = Annotated[Desk, may("read", "schedules")]
ActsOnSchedules: TypeAlias = Annotated[Desk, may("act", "schedules")]
ReadsWorkers: TypeAlias = Annotated[Desk, may("read", "workers")]
ReadsCosts: TypeAlias = Annotated[Desk, may("read", "costs")]
ReadsSinks: TypeAlias = Annotated[Desk, may("read", "sinks")]
ActsOnSinks: TypeAlias = Annotated[Desk, may("act", "sinks")]
ManagesSinks: TypeAlias = Annotated[Desk, may("manage", "sinks")]
ReadsKeys: TypeAlias = Annotated[Desk, may("read", "keys")]
ManagesKeys: TypeAlias = Annotated[Desk, may("manage", "keys")]
AsksModels: TypeAlias = Annotated[Desk, may("act", "openai")]
ReadsAskable: TypeAlias = Annotated[Desk, may("read", "openai")]
