"""Models through the gateway: the port to them, as it is in a live world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from msgspec.structs import replace

from interlock.core.agent_contract import ModelNeed
from interlock.core.event_parts import Decision, Error
from interlock.core.messages import ModelRequest
from interlock.core.plan import Micros
from interlock.core.redaction import NOTHING_SECRET, Redaction
from interlock.engine.agents.model_door import Candidate, Chosen, Heard, NoneChosen, Turn
from interlock.models.gateway import ModelGateway
from interlock.models.outcomes import ModelAnswered, how_answered
from interlock.models.routing import NoRoute, Route
from interlock.models.struck_replies import struck_reply


class GatewayDoor:
    """The gateway of a project. Known secrets are struck out of what models say, as of what tools do."""

    def __init__(self, gateway: ModelGateway, redaction: Redaction = NOTHING_SECRET) -> None:
        self._gateway = gateway
        self._redaction = redaction

    @property
    def gateway(self) -> ModelGateway:
        """What is declared, and how it is."""
        return self._gateway

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
        decision = self._struck(route.decision)
        if isinstance(route, NoRoute):
            return NoneChosen(decision, self._struck_error(route.error))
        return Chosen(decision, route.reserve, route)

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
        with self._redaction.in_pieces(says) as tell:
            outcome = await self._gateway.call(
                route, request, call_id=call_id, deadline=deadline, on_token=tell, agent=agent
            )
        if isinstance(outcome, ModelAnswered):
            how = how_answered(outcome)
            return Heard(
                struck_reply(outcome.reply, self._redaction),
                spent=outcome.spent,
                how=None if how is None else self._struck(how),
            )
        return Heard(error=self._struck_error(outcome.error), spent=outcome.spent)

    def _struck(self, decision: Decision) -> Decision:
        """What a provider has said of a failure stands in the choices that come after it."""
        text = self._redaction.text
        options = tuple(replace(option, note=text(option.note)) for option in decision.options)
        return replace(decision, options=options, why=text(decision.why))

    def _struck_error(self, error: Error) -> Error:
        return replace(error, message=self._redaction.text(error.message))
