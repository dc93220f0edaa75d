"""Models through the gateway: the port to them, as it is in a live world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from interlock.core.agent_contract import ModelNeed
from interlock.core.messages import ModelRequest
from interlock.core.plan import Micros
from interlock.engine.agents.model_door import Candidate, Chosen, Heard, NoneChosen, Turn
from interlock.models.gateway import ModelGateway
from interlock.models.outcomes import ModelAnswered
from interlock.models.routing import NoRoute, Route


class GatewayDoor:
    """The gateway of a project."""

    def __init__(self, gateway: ModelGateway) -> None:
        self._gateway = gateway

    def candidates(self, need: ModelNeed, request: ModelRequest, turn: Turn) -> Sequence[Candidate]:  # noqa: ARG002 - the port's
        """The models of the pool."""
        return [Candidate(facts.name, facts.host, facts.safety) for facts in self._gateway.candidates(need.pool)]

    def choose(
        self,
        need: ModelNeed,
        request: ModelRequest,
        turn: Turn,  # noqa: ARG002 - the port's signature
        *,
        sticky: str,
        barred: Mapping[str, str],
    ) -> Chosen | NoneChosen:
        """Choose by the gateway's rules."""
        route = self._gateway.route(need, request, sticky=sticky, barred=barred)
        if isinstance(route, NoRoute):
            return NoneChosen(route.decision, route.error)
        return Chosen(route.decision, route.reserve, route)

    async def ask(
        self,
        chosen: Chosen,
        request: ModelRequest,
        *,
        agent: str,
        call_id: str,
        deadline: Micros | None,
        says: Callable[[str], None] | None,
    ) -> Heard:
        """Ask the models of the route."""
        route = cast("Route", chosen.route)  # what `choose` has made
        outcome = await self._gateway.call(
            route, request, call_id=call_id, deadline=deadline, on_token=says, agent=agent
        )
        if isinstance(outcome, ModelAnswered):
            return Heard(outcome.reply, spent=outcome.spent)
        return Heard(error=outcome.error, spent=outcome.spent)
