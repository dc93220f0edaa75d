"""Models through the gateway: the port to them, as it is in a live world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from msgspec.structs import replace

from interlock.core.agent_contract import ModelNeed
from interlock.core.messages import ModelReply, ModelRequest
from interlock.core.plan import Micros
from interlock.engine.agents.model_door import Candidate, Chosen, Heard, NoneChosen, Turn
from interlock.models.gateway import ModelGateway
from interlock.models.outcomes import ModelAnswered
from interlock.models.routing import NoRoute, Route
from interlock.tools.secrets import NOTHING_SECRET, Redaction


class GatewayDoor:
    """The gateway of a project. Known secrets are struck out of what models say, as of what tools do."""

    def __init__(self, gateway: ModelGateway, redaction: Redaction = NOTHING_SECRET) -> None:
        self._gateway = gateway
        self._redaction = redaction

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
            return Heard(self._struck(outcome.reply), spent=outcome.spent)
        error = replace(outcome.error, message=self._redaction.text(outcome.error.message))
        return Heard(error=error, spent=outcome.spent)

    def _struck(self, reply: ModelReply) -> ModelReply:
        value, text = self._redaction.value, self._redaction.text
        calls = [replace(call, arguments=value(call.arguments), raw=text(call.raw)) for call in reply.calls]
        return replace(reply, text=text(reply.text), calls=tuple(calls))
