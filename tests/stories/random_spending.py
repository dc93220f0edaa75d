"""A random run that spends: agents, agents inside them and tools, all at once, under limits that are mostly too tight.

What happens next is drawn: calls are begun, answered, lost and made again; nodes end, fail, die and are cancelled;
people raise limits or do not. A watcher that reads the events alone looks on.
"""

from __future__ import annotations

from random import Random
from typing import Final

from msgspec import Struct

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.agent_contract import AgentContract
from interlock.core.plan import Budget, ToolContract, ToolTerms
from interlock.core.spending import Spending, usd_text
from interlock.core.state import Calling
from tests.simulation.limit_checker import KeepsLimits
from tests.stories.agent_steps import RAISE_OR_STOP, AgentSteps
from tests.stories.graphs import TOOLS, compiled
from tests.stories.story import SECOND, Story

PRICE: Final = Spending(usd=200)
BUY: Final = ToolContract(name="buy", effect="idempotent", terms=ToolTerms(usd=PRICE.usd))
AGENTS: Final = ("one", "two")
TURNS: Final = 60


class Out(Struct, frozen=True):
    """A step that is under way."""

    steps: AgentSteps
    ordinal: int
    held: Spending
    tries: int = 1
    has_limits: bool = False


class RandomSpending:
    """One such run."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        asks = dice.choice(("stop", "ask"))
        run, node = self._limit(900, 4_000), self._limit(400, 1_500)
        text = f"""
        budget: {{usd: "{usd_text(run.usd or 0)}", tokens: {run.tokens}, calls: {run.calls}, on_limit: {asks}}}
        nodes:
          one: {{agent: one, on_error: continue, budget: {{usd: "{usd_text(node.usd or 0)}", steps: 6}}}}
          two: {{agent: two, on_error: continue, retry: {{attempts: 2, backoff: 1s}}}}
          buy: {{each: [1, 2, 3], do: {{tool: buy, on_error: continue}}}}
          last: {{tool: buy, after: {{buy: {{on: succeeded}}}}, on_error: continue, budget: {{usd: "0.0003"}}}}
        """
        agents = tuple(AgentContract(name=name, on_limit=asks) for name in (*AGENTS, "helper"))
        plan = compiled(text, tools=(*TOOLS, BUY), agents=agents)
        limits = {"": self._asking(run, asks), "one": Budget(usd=node.usd, steps=6), "last": Budget(usd=300)}
        self.story = Story.of(plan)
        self.checker = KeepsLimits(limits, {"buy": PRICE})
        self._seen = 0
        self._out: list[Out] = []
        self._last: dict[str, int] = {}

    def _limit(self, least: int, most: int) -> Budget:
        return Budget(
            calls=self.dice.randint(3, 20), usd=self.dice.randint(least, most), tokens=self.dice.randint(200, 2_000)
        )

    def _asking(self, budget: Budget, asks: str) -> Budget:
        return Budget(budget.calls, None, budget.usd, budget.tokens, asks=asks == "ask")

    def goes(self) -> Story:
        """From its start to its end; the watcher sees every event."""
        self.story.starts()
        self._look()
        moves = (self._begin, self._begin, self._begin, self._settle, self._settle, self._settle, self._answer)
        rare = (self._end_agent, self._lose_agent, self._end_tool, self._end_tool, self._cancel, self._wait)
        for _ in range(TURNS):
            if self.story.state.has_ended:
                break
            self.dice.choice(moves if self.dice.random() < 0.8 else rare)()
            self._look()
        while not self.story.state.has_ended:
            self._answer()
            self._end_tool()
            self._end_agent()
            self._wait()
            self._look()
        return self.story

    def _look(self) -> None:
        for event in self.story.log[self._seen :]:
            self.checker.see(event)
        self._seen = len(self.story.log)
        self._out = [out for out in self._out if self._is_under_way(out)]

    # --- the steps of agents ---

    def _is_under_way(self, out: Out) -> bool:
        name, _, address = f"{out.steps.path}.{out.ordinal}".partition(".")
        live = self.story.state.scopes[""].live.get(AGENTS.index(name))
        if not isinstance(live, Calling):
            return False
        steps, step = live.attempt.steps, None
        for ordinal in address.split("."):
            step = steps.get(int(ordinal))
            steps = {} if step is None else step.steps
        return step is not None and step.status == "intended"

    def _agents(self) -> list[AgentSteps]:
        """Who works just now: agents in nodes, and those that they have called."""
        working = [AgentSteps(self.story, name) for name in AGENTS if name in self.story.in_flight]
        inner = [AgentSteps(self.story, f"{out.steps.path}.{out.ordinal}") for out in self._out if out.has_limits]
        return working + inner

    def _begin(self) -> None:
        agents = self._agents()
        if not agents:
            return
        steps = self.dice.choice(agents)
        ordinal = self._last.get(steps.path, 0) + 1
        held = Spending(self.dice.randint(0, 500), self.dice.randint(0, 300))
        calls_helper = "." not in steps.path and self.dice.random() < 0.2
        if calls_helper:
            limits = Budget(calls=self.dice.randint(1, 3), usd=self.dice.randint(100, 600))
            refused = steps.begins(ordinal, "agent", "helper", limits=limits)
        else:
            refused = steps.begins(ordinal, self.dice.choice(("model", "tool")), held=held)
        if refused is None:
            self._last[steps.path] = ordinal
            self._out.append(Out(steps, ordinal, Spending() if calls_helper else held, has_limits=calls_helper))
        elif refused.asks and refused.limit is not None:
            self._last[steps.path] = ordinal
            steps.asks(ordinal, "limit", *RAISE_OR_STOP, raises=refused.limit)

    def _settle(self) -> None:
        if not self._out:
            return
        out = self._out.pop(self.dice.randrange(len(self._out)))
        spent = Spending(self.dice.randint(0, out.held.usd), self.dice.randint(0, out.held.tokens))
        what = self.dice.choice(("done", "done", "failed", "lost"))
        if what == "done" or out.has_limits:
            out.steps.has_done(out.ordinal, spent=spent, tries=out.tries)
        elif what == "failed":
            out.steps.has_failed(out.ordinal, spent=self.dice.choice((spent, None)), tries=out.tries)
        else:
            out.steps.has_lost(out.ordinal, tries=out.tries)
            tries = out.tries + 1
            if out.steps.begins(out.ordinal, "tool", held=out.held, tries=tries) is None:
                self._out.append(Out(out.steps, out.ordinal, out.held, tries))

    # --- nodes and people ---

    def _end_agent(self) -> None:
        for name in [name for name in AGENTS if name in self.story.in_flight]:
            end = self.dice.choice((self.story.does, self.story.fails))
            end(name)

    def _lose_agent(self) -> None:
        """Its worker dies: it is taken up again under its id, and finds its steps on record."""
        for name in [name for name in AGENTS if name in self.story.in_flight]:
            self.story.is_lost(name)

    def _end_tool(self) -> None:
        for path in [path for path in self.story.in_flight if path not in AGENTS]:
            if self.dice.random() < 0.5:
                self.story.does(path)
            else:
                error, calls = e.Error("unavailable", "no line", path), self.dice.choice((0, 1))
                failed = e.NodeResult(self.story.effect(path), "failed", error=error, retryable=False, calls=calls)
                self.story.gives(path, failed)

    def _cancel(self) -> None:
        self.story.offers(r.CancelNode(path=self.dice.choice(("one", "two", "buy:1", "last"))))

    def _wait(self) -> None:
        self.story.now += 2 * SECOND
        self.story.offers(r.TimePassed())

    def _answer(self) -> None:
        """Whoever is asked for more gives it, or does not."""
        for path, reason in self.story.waits.items():
            if reason == "budget":
                self.story.offers(r.Answer(path=path, by="ada", choice=self.dice.choice(RAISE_OR_STOP)))
        for event in self.story.log:
            if isinstance(event.body, e.EffectIntended) and event.body.kind == "limit":
                path = f"{event.path}.{event.body.ordinal}"
                self.story.offers(r.Answer(path=path, by="ada", choice=self.dice.choice(RAISE_OR_STOP)))
