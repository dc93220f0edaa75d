"""The gateway to models: which may be asked, which is chosen, and the call itself. One for each process, on one loop.

Decides nothing about runs, budgets or policy: whoever calls has asked those, holds the money for `Route.reserve`, and
records what comes back. Nothing is ever raised at a caller but `CancelledError`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from interlock.core.agent_contract import ModelNeed
from interlock.core.event_parts import Decision, Error
from interlock.core.messages import ModelRequest
from interlock.core.plan import Micros
from interlock.models.answer_cache import AnswerCache, cache_key
from interlock.models.calling import Call, Caller, as_cached
from interlock.models.estimating import size_of
from interlock.models.facts import ModelFacts
from interlock.models.health import Health
from interlock.models.keys import FindKey, ModelKey, read_key
from interlock.models.line import Line
from interlock.models.outcomes import ModelAnswered, ModelOutcome
from interlock.models.pacing import Sleep
from interlock.models.pools import DeclaredProvider, Pools, with_latency
from interlock.models.provider import OnToken, Provider, RequestFailed
from interlock.models.routing import Leg, Load, NoRoute, Route, choose_route
from interlock.models.standing import ModelStanding, ModelTally

MakeProvider = Callable[[str, DeclaredProvider, ModelKey | None], Provider]


class ModelGateway:
    """The door to models."""

    def __init__(
        self,
        pools: Pools,
        *,
        make_provider: MakeProvider,
        now: Callable[[], Micros],
        sleep: Sleep,
        find_key: FindKey,
    ) -> None:
        self.pools = pools
        """What is declared."""
        self._make_provider = make_provider
        self._now = now
        self._sleep = sleep
        self._find_key = find_key
        self._lines: dict[str, Line] = {}
        self._health: dict[str, Health] = {}
        self._cache = AnswerCache()
        self._tally = ModelTally()

    def candidates(self, pool: str) -> Sequence[ModelFacts]:
        """The models of a pool, with what was measured of them: policy is asked about each."""
        return [with_latency(model, self._health_of(model.name).latency) for model in self.pools.models(pool)]

    def route(
        self, need: ModelNeed, request: ModelRequest, *, sticky: str, barred: Mapping[str, str]
    ) -> Route | NoRoute:
        """The models to ask for a request, or why there are none. `barred`: by policy, each with the reason."""
        load = Load(
            input_tokens=size_of(request).tokens,
            tokens_max=request.tokens_max,
            has_tools=bool(request.tools),
            wants_data=request.output is not None,
        )
        return self.weigh(need, load, sticky=sticky, barred=barred)

    def weigh(self, need: ModelNeed, load: Load, *, sticky: str, barred: Mapping[str, str]) -> Route | NoRoute:
        """The same for a request of which only the size is known."""
        models = self.candidates(need.pool)
        if not models:
            return self._no_pool(need.pool)
        return choose_route(
            models,
            need,
            load,
            sticky=sticky,
            barred=barred,
            resting=self._resting(models),
            unusable=self._in_trouble(models),
        )

    async def call(
        self,
        route: Route,
        request: ModelRequest,
        *,
        call_id: str,
        deadline: Micros | None = None,
        on_token: OnToken | None = None,
        agent: str = "",
    ) -> ModelOutcome:
        """Ask along a route. `agent`: for whom, which only scripts look at."""
        key = self._cache_key(route, request)
        kept = None if key is None else self._cache.find(key)
        if kept is not None:
            if on_token is not None and kept.text:
                on_token(kept.text)
            known = as_cached(kept)
            self._tally.note(known)
            return known
        call = Call(route=route, request=request, call_id=call_id, agent=agent, deadline=deadline, on_token=on_token)
        caller = Caller(call, line=self._line, health=self._health_of, now=self._now, sleep=self._sleep)
        outcome = await caller.outcome()
        self._tally.note(outcome)
        if key is not None and isinstance(outcome, ModelAnswered) and outcome.reply.model == route.chain[0].model.name:
            self._cache.keep(key, outcome.reply)
        return outcome

    def standings(self) -> list[ModelStanding]:
        """How the models stand that were asked since the gateway is there."""
        return [self._tally.standing(name, resting=health.resting) for name, health in self._health.items()]

    async def prepare(self, provider: str) -> Error | None:
        """Make a provider ready: its library is imported, or its scripts are read. What is wrong, if that fails."""
        line = self._line(provider)
        try:
            await line.provider()
        except RequestFailed as failure:
            return Error(failure.kind, line.struck(failure.message))
        return None

    async def close(self) -> None:
        """Let all connections go."""
        lines, self._lines = self._lines, {}
        for line in lines.values():
            await line.close()

    # --- What is kept of each provider and model ----------------------------------------------------------------------

    def _line(self, provider: str) -> Line:
        if provider not in self._lines:
            declared = self.pools.providers[provider]
            self._lines[provider] = Line(
                provider,
                declared.settings,
                self._key(declared),
                make=lambda key: self._make_provider(provider, declared, key),
                now=self._now,
                sleep=self._sleep,
            )
        return self._lines[provider]

    def _key(self, declared: DeclaredProvider) -> ModelKey | None:
        key = None if declared.key is None else read_key(declared.key, self._find_key(declared.key))
        return key if isinstance(key, ModelKey) else None

    def _health_of(self, model: str) -> Health:
        if model not in self._health:
            self._health[model] = Health(model, self._now)
        return self._health[model]

    def _cache_key(self, route: Route, request: ModelRequest) -> str | None:
        first: Leg = route.chain[0]
        policy = self.pools.cache(route.pool)
        if first.model.simulated or policy == "never" or (policy == "temperature_0" and request.temperature != 0):
            return None
        return cache_key(first.model.name, request)

    # --- Why a model is not to be asked -------------------------------------------------------------------------------

    def resting(self, model: ModelFacts) -> str | None:
        """Why a model is left alone for a while, as far as this process has seen."""
        return self._health_of(model.name).resting

    def _resting(self, models: Sequence[ModelFacts]) -> dict[str, str]:
        resting = {model.name: self.resting(model) for model in models}
        return {name: why for name, why in resting.items() if why is not None}

    def _in_trouble(self, models: Sequence[ModelFacts]) -> dict[str, str]:
        troubles = {model.name: self.trouble(model) for model in models}
        return {name: why for name, why in troubles.items() if why is not None}

    def trouble(self, model: ModelFacts) -> str | None:
        """What keeps a model from being asked until its owner says more: a key that is missing, or a price."""
        return self._key_trouble(model.provider) or self.pools.price_trouble(model)

    def _key_trouble(self, provider: str) -> str | None:
        declared = self.pools.providers[provider]
        if not declared.needs_key or declared.key is None:
            return None
        key = read_key(declared.key, self._find_key(declared.key))
        return key if isinstance(key, str) else None

    def _no_pool(self, pool: str) -> NoRoute:
        names = self.pools.names
        told = (
            f"there are: {', '.join(names)}"
            if names
            else "no models are set up: declare some under [models] in interlock.toml, or set INTERLOCK_MODEL_URL"
        )
        message = f"there is no pool of models `{pool}`; {told}"
        return NoRoute(decision=Decision("model", "", (), message), error=Error("invalid", message))
