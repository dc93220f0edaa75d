"""Asking a model for one word, to see whether it answers. It is a real call and costs what it costs."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from interlock.core.agent_contract import ModelNeed
from interlock.core.event_parts import Error
from interlock.core.messages import Instructions, ModelRequest, Told
from interlock.core.plan import Micros
from interlock.core.spending import NOTHING, Spending
from interlock.models.facts import ModelFacts
from interlock.models.gateway import ModelGateway
from interlock.models.outcomes import ModelAnswered
from interlock.models.routing import NoRoute

PROBE_TOKENS_MAX: Final = 64
"""A model that thinks before it speaks needs some for that."""
_REQUEST: Final = ModelRequest((Instructions("Answer with one word."), Told("Say: ok")), tokens_max=PROBE_TOKENS_MAX)


class Probe(Struct, frozen=True, kw_only=True):
    """What came of asking a model."""

    pool: str
    model: ModelFacts
    said: str = ""
    error: Error | None = None
    spent: Spending = NOTHING
    took: Micros = 0

    @property
    def is_well(self) -> bool:
        """Whether it answers."""
        return self.error is None


async def probe(gateway: ModelGateway, pool: str, model: ModelFacts) -> Probe:
    """Ask one model, and no other of its pool."""
    if model.simulated:
        return Probe(pool=pool, model=model, error=await gateway.prepare(model.provider))
    others = {each.name: "another one is tested" for each in gateway.candidates(pool) if each.name != model.name}
    route = gateway.route(ModelNeed(pool=pool), _REQUEST, sticky="", barred=others)
    if isinstance(route, NoRoute):
        why = next((each.note for each in route.decision.options if each.name == model.name), route.error.message)
        return Probe(pool=pool, model=model, error=Error(route.error.kind, why))
    outcome = await gateway.call(route, _REQUEST, call_id="test")
    took = sum(each.took for each in outcome.tries)
    if isinstance(outcome, ModelAnswered):
        return Probe(pool=pool, model=model, said=outcome.reply.text, spent=outcome.spent, took=took)
    error = outcome.tries[-1].error or outcome.error
    return Probe(pool=pool, model=model, error=error, spent=outcome.spent, took=took)
