"""Agents on the whole engine on virtual time: their loops meet crashes, lost leases, faults, people and tight limits.

Graphs here are small and hold nothing but agents and tools under limits; what models answer is drawn from what they
are asked, so that whoever asks again is answered alike. The watchers are those of limits and of agents' steps.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final

from interlock.agents import Agents, agent, collect_agents
from interlock.core import events as e
from interlock.core.agent_contract import ModelNeed
from interlock.core.catalogue import Catalogue
from interlock.core.compile import Compiled, compile_graph
from interlock.core.event_parts import Decision
from interlock.core.messages import AskedCall, ModelReply, ModelRequest, Said
from interlock.core.plan import Budget, Micros, Plan, ToolContract
from interlock.core.spending import Spending
from interlock.core.state import RunState
from interlock.core.values import digest_of
from interlock.core.verdicts import Movement, Verdict
from interlock.engine.agents.model_door import Candidate, Chosen, Heard, NoneChosen, Turn
from interlock.engine.engine import Engine
from interlock.engine.performing import LiveWorld
from interlock.engine.sharing.placing import Placing
from interlock.store.event_store import EventStore
from interlock.tools.context import AsyncToolContext
from interlock.tools.door import ToolDoor
from interlock.tools.errors import ToolFailed
from tests.simulation.broken_rule import BrokenRule
from tests.simulation.contracts import WORKERS
from tests.simulation.engine_simulator import RUN, TENANT, EngineSimulation
from tests.simulation.limit_checker import KeepsLimits
from tests.simulation.random_graphs import RandomGraph
from tests.simulation.simulated_tools import SimulatedTools
from tests.simulation.step_repeats import BeginsNoneAgain
from tests.simulation.watching import Watch
from tests.simulation.world import FAILURES, Temper

AGENTS: Final = ("one", "two", "helper")
TURNS_MAX: Final = 5
ASKS_PERSON: Final = ("request_human_input", {"question": "Which way?", "choices": ["left", "right"]})
OUTPUT: Final = {"n": "integer"}


class AgentSimulation(EngineSimulation):
    """One run of agents, driven by one process after another."""

    def __init__(self, seed: int) -> None:
        self.agents = _agents(Random(f"agents {seed}"))  # noqa: S311 - the same again
        super().__init__(seed)
        temper = self.tools.temper
        self.tools = AgentTools(self.dice, temper, self._is_on_record)
        self.people.world = self.tools
        self.models = SimulatedModels(seed, self.dice, temper, self._is_on_record)
        self.watch = AgentWatch(_limits(self.plan))
        self.gives_back = Random(f"sharing {seed}").random() < 0.5  # noqa: S311 - the same again
        self.judge_seed = Random(f"judge {seed}").randint(0, 9)  # noqa: S311 - the same again

    def _compiled(self) -> Compiled:
        """The graph of the seed is another one here: of agents."""
        self.graph = _graph(self.seed)
        contracts = self.agents.contracts()
        found = compile_graph(self.graph.document, Catalogue(self.tools.toolbox().contracts(), agents=contracts))
        assert found.plan is not None, [(problem.place, problem.message) for problem in found.errors]
        return found

    def _world(self, tools: ToolDoor) -> LiveWorld:
        return LiveWorld(self.tools.toolbox(), tools, tenant=TENANT, models=self.models, agents=self.agents)

    async def _until_it_can_move(self) -> None:
        """A run that rests is taken up by nobody until something can move it on."""
        while self.gives_back and not await self._can_move():  # noqa: ASYNC110 - virtual time, in which people move it on
            await asyncio.sleep(1)

    async def _can_move(self) -> bool:
        row = await self.store.find_run(TENANT, RUN)
        if row is None or row.status in {"pending", "running", "compensating"}:
            return True
        is_due = row.due is not None and row.due <= self.clock.now()
        return is_due or bool(await self.store.unread_signals(TENANT, run=RUN))

    def _place(self) -> Placing:
        return Placing(
            {each.name: "default" for each in (*self.agents, *self.tools.toolbox())}, is_shared=self.gives_back
        )

    def _engine(self, store: EventStore) -> Engine:
        return self.engine_kind(
            store, tenant=TENANT, now=self.clock.now, judge=self._judge, snapshot_events=self.snapshot_events
        )

    def _judge(self, movement: Movement) -> Verdict:
        """Some calls need a person, and some are never allowed: the same ones each time they are asked for."""
        drawn = Random(f"{self.judge_seed} {movement.name} {movement.path} {movement.arguments}").random()  # noqa: S311
        if movement.point != "tool" or drawn < 0.85:
            return Verdict("allow", "most", "p1")
        return Verdict("ask" if drawn < 0.95 else "deny", "some", "p1")

    async def _is_on_record(self, effect: str) -> bool:
        """Whether the log says what became of an effect."""
        if await self.store.find_run(TENANT, RUN) is None:
            return False
        ended = (e.EffectDone, e.EffectFailed)
        return any(
            isinstance(event.body, ended) and event.body.effect == effect
            for event in await self.store.read(TENANT, RUN)
        )


class AgentTools(SimulatedTools):
    """The tools of a simulation, as agents call them: named by the effect, since each turn may call one anew."""

    def __init__(self, dice: Random, temper: Temper, is_on_record: Callable[[str], Any]) -> None:
        super().__init__(dice, temper)
        self._is_on_record = is_on_record

    async def _work(self, contract: ToolContract, context: AsyncToolContext) -> Any:  # noqa: ANN401 - what it returns
        if await self._is_on_record(context.effect_id):
            self.truth.broken = self.truth.broken or BrokenRule(5, f"{context.path} was on record and is made again")
        await self._take_time()
        await self._make_steps(context)
        if self.dice.random() < self.temper.fails and not self.truth.knows(context.effect_id):
            raise ToolFailed("it broke", kind=self.dice.choice(FAILURES), retryable=self.dice.random() < 0.9)
        self.truth.happens(context.effect_id, context.effect_id, contract.effect)
        await self._take_time()
        return self._out(contract)


class SimulatedModels:
    """Models whose answers are drawn from what they are asked. They take time, fail, and may cost what was held."""

    def __init__(self, seed: int, dice: Random, temper: Temper, is_on_record: Callable[[str], Any]) -> None:
        self._seed = seed
        self._dice = dice
        self._temper = temper
        self._is_on_record = is_on_record

    def candidates(self, need: ModelNeed, request: ModelRequest, turn: Turn) -> Sequence[Candidate]:  # noqa: ARG002 - the port's
        """The one model there is."""
        return [Candidate("sim/any")]

    def choose(
        self,
        need: ModelNeed,  # noqa: ARG002 - the port's signature
        request: ModelRequest,
        turn: Turn,  # noqa: ARG002 - the port's signature
        *,
        sticky: str,  # noqa: ARG002 - the port's signature
        barred: Mapping[str, str],  # noqa: ARG002 - the port's signature
    ) -> Chosen | NoneChosen:
        """That one, for a price that follows from what is asked."""
        dice = self._drawn("price", request)
        if dice.random() < 0.02:
            return NoneChosen(Decision("model", ""), e.Error("refused", "no price is known"))
        return Chosen(Decision("model", "sim/any"), Spending(dice.randint(0, 400), dice.randint(0, 200)), None)

    async def ask(
        self,
        chosen: Chosen,
        request: ModelRequest,
        *,
        agent: str,
        call_id: str,
        deadline: Micros | None,  # noqa: ARG002 - the port's signature
        says: Callable[[str], None] | None,
    ) -> Heard:
        """An answer, after a while."""
        if await self._is_on_record(call_id):
            raise BrokenRule(5, f"a model is asked again by {agent}, and what it said is on record")
        await asyncio.sleep(self._dice.choice((0, 0.01, 0.4, 3)))
        if says is not None:
            says("…")
        held = chosen.reserve
        spent = Spending(self._dice.randint(0, held.usd), self._dice.randint(0, held.tokens))
        if self._dice.random() < self._temper.fails:
            return Heard(error=e.Error(self._dice.choice(FAILURES), "the model is away"), spent=spent)
        return Heard(self._reply(agent, request), spent=spent)

    def _reply(self, agent: str, request: ModelRequest) -> ModelReply:
        turn = 1 + sum(isinstance(message, Said) for message in request.messages)
        dice = self._drawn(f"{agent} {turn}", request)
        if turn >= TURNS_MAX or dice.random() < 0.25:
            out = {"n": turn} if dice.random() > self._temper.odd else {"n": "seven"}
            return ModelReply(json.dumps(out), model="sim/any", simulated=True)
        number = dice.choice((1, 1, 2, 3))
        asked = tuple(_call(dice, f"turn-{turn}-{place}", agent, is_alone=number == 1) for place in range(number))
        return ModelReply("", asked, "calls", "sim/any", simulated=True)

    def _drawn(self, what: str, request: ModelRequest) -> Random:
        said = digest_of(repr(request.messages))
        return Random(f"{self._seed} {what} {said}")  # noqa: S311 - the same question, the same answer


def _call(dice: Random, id_: str, agent: str, *, is_alone: bool) -> AskedCall:
    chance = dice.random()
    if chance < 0.1 and is_alone:
        return AskedCall(id_, ASKS_PERSON[0], ASKS_PERSON[1])
    if chance < 0.25 and agent != "helper":
        return AskedCall(id_, "agent:helper", {"n": dice.randint(0, 9)})
    if chance < 0.3:
        return AskedCall(id_, "nothing_like_it", {})
    return AskedCall(id_, dice.choice(WORKERS), {"a": dice.randint(0, 2)})


# --- what is run -----------------------------------------------------------------------------------------------------


def _agents(dice: Random) -> Agents:
    tools = [*dict.fromkeys(WORKERS), "request_human_input"]
    made: list[Any] = []
    for name in AGENTS:
        limits: dict[str, Any] = {"steps": dice.randint(3, 12), "errors": dice.randint(2, 4)}
        if dice.random() < 0.4:
            limits["usd"] = f"0.{dice.randint(200, 2000):06d}"
        if dice.random() < 0.2:
            limits["latency"] = dice.choice(("20s", "2m"))
        may_call = tools if name == "helper" else [*tools, "agent:helper"]
        on_limit = dice.choice(("stop", "ask"))
        terms: dict[str, Any] = {"tools": may_call, "limits": limits, "on_limit": on_limit, "output": OUTPUT}
        made.append(agent(name, prompt="You work.", **terms))
    return collect_agents(made)


def _graph(seed: int) -> RandomGraph:
    dice = Random(f"agent graph {seed}")  # noqa: S311 - a graph has to be the same again
    nodes: dict[str, Any] = {}
    for number in range(dice.randint(1, 3)):
        node: dict[str, Any] = {"agent": dice.choice(AGENTS[:2]), "input": {}, "on_error": "continue"}
        if dice.random() < 0.5:
            node["budget"] = _budget(dice, of_node=True)
        if dice.random() < 0.4:
            node["retry"] = {"attempts": 2, "backoff": "1s"}
        if dice.random() < 0.2:
            node["timeout"] = dice.choice(("10s", "1m"))
        nodes[f"agent{number}"] = node
    for number in range(dice.randint(0, 2)):
        nodes[f"tool{number}"] = {"tool": dice.choice(WORKERS), "input": {"a": number}, "on_error": "continue"}
    document: dict[str, Any] = {"graph": "agents", "language": 1, "nodes": nodes}
    if dice.random() < 0.7:
        document["budget"] = _budget(dice, of_node=False)
    return RandomGraph(seed, document, {}, {})


def _budget(dice: Random, *, of_node: bool) -> dict[str, Any]:
    budget: dict[str, Any] = {"on_limit": dice.choice(("stop", "ask"))}
    if dice.random() < 0.7:
        budget["usd"] = f"0.{dice.randint(200, 2500):06d}"
    if dice.random() < 0.4:
        budget["tokens"] = dice.randint(100, 1500)
    if dice.random() < 0.3:
        budget["calls"] = dice.randint(2, 12)
    if dice.random() < 0.3 or len(budget) == 1:
        budget["steps"] = dice.randint(2, 8 if of_node else 15)
    return budget


def _limits(plan: Plan) -> dict[str, Budget]:
    """The limits of the run and of its nodes, by their paths."""
    nodes = {node.name: node.budget for node in plan.root.nodes if node.budget is not None}
    return nodes if plan.root.budget is None else {**nodes, "": plan.root.budget}


class AgentWatch(Watch):
    """What is watched in runs of agents."""

    def __init__(self, limits: Mapping[str, Budget]) -> None:
        self.events: Counter[str] = Counter()
        self.nodes: Counter[str] = Counter()
        self._watchers = (KeepsLimits(limits, {}), BeginsNoneAgain())

    def see(self, event: e.Event) -> None:
        """One more event of the log."""
        self.events[event.type] += 1
        if isinstance(event.body, e.EffectIntended):
            self.nodes[f"step {event.body.kind or 'of a tool'}"] += 1
        if isinstance(event.body, e.NodeResult):
            self.nodes[f"result {event.body.status}"] += 1
        for watcher in self._watchers:
            watcher.see(event)

    def rest(self, state: RunState) -> None:
        """Nothing here looks at the state while it goes."""

    def ended(self, state: RunState) -> None:
        """The run is over: nothing of it is left open."""
        if state.calls_in_flight or state.calls_waiting or state.waits:
            raise BrokenRule(2, f"{state.calls_in_flight} calls and {state.waits} waits are left after the end")
        for account in state.scopes[""].accounts.values():
            if account.usd_held or account.tokens_held:
                raise BrokenRule(6, f"something is held after the end: {account}")
