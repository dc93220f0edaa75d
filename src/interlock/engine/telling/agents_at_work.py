"""Agents as people are told of them: what each did, turn by turn, what came of it, and what it cost. Pure.

An agent is named by where it works: the path of its node, or of the step by which another agent has called it. Of a
node that is tried again the last attempt is told; what the others cost is counted all the same. Prompts and results
are told elsewhere.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from interlock.core import events as e
from interlock.core.paths import node_of_step, split_step, step_path
from interlock.core.plan import Plan
from interlock.core.spending import NOTHING, Spending
from interlock.engine.telling.agent_record import TURN
from interlock.engine.telling.spending import NO_COSTS, CallCost, CallCosts, Costs

StepWord: TypeAlias = Literal["under_way", "done", "failed", "lost", "refused", "stopped"]
"""`stopped`: it was under way when the node that it is inside of ended."""
QUESTIONS: Final = frozenset({"person", "approval", "limit"})
"""Kinds of steps that ask a person."""


class StepView(Struct, frozen=True, kw_only=True):
    """One step of an agent: a call, a question, or a call that was refused before it was made."""

    path: str
    turn: int
    """The turn in which it was asked for; 0: before the first."""
    kind: e.KnownKind
    name: str
    """The model, the tool, the agent or the graph; of a question, its text."""
    status: StepWord = "under_way"
    verdict: str = ""
    """What the policy said of it: `allow`, `deny` or `ask`."""
    rule: str = ""
    answer: str = ""
    """What a person chose."""
    error: e.Error | None = None
    spent: Spending = NOTHING
    tries: int = 1
    simulated: bool = False


class AgentView(Struct, frozen=True, kw_only=True):
    """An agent at work, or one that has done its work."""

    path: str
    agent: str
    steps: tuple[StepView, ...] = ()
    costs: Costs = NO_COSTS
    """With everything that it lets others do."""

    @property
    def turns(self) -> int:
        """How many turns it has had in this attempt."""
        return max((step.turn for step in self.steps), default=0)


class _Work(Struct):
    """What is known of an agent so far."""

    agent: str
    effect: str = ""
    turn: int = 0
    steps: dict[int, StepView] = {}
    verdicts: dict[str, e.Decision] = {}
    """What the policy said of calls that have not begun, by their keys."""


class AgentsAtWork:
    """Takes the events of a run from its first on, and tells what its agents have done so far."""

    def __init__(self, plan: Plan) -> None:
        self.calls = CallCosts(plan)
        """The calls of the run; it is fed here."""
        self._work: dict[str, _Work] = {}
        self._costs: dict[str, Costs] = {}
        self._of_nodes: dict[str, Costs] = {}
        self._total = NO_COSTS

    def take(self, event: e.Event) -> None:
        """One more event, the next of the log."""
        for call in self.calls.take(event):
            self._count(call)
        match event.body:
            case e.NodeStarted(is_agent=True) as body:
                self._begin(event.path, body.tool, body.effect)
            case e.EffectIntended(kind="agent") as body:
                self._note_intended(event, body)
                self._begin(step_path(event.path, body.ordinal), body.name, body.effect)
            case e.AnswerGiven() as body:
                self._note_answer(event.path, body)
            case e.EffectIntended() as body:
                self._note_intended(event, body)
            case e.DecisionMade() as body:
                self._note_decision(event, body)
            case e.EffectDone() as body:
                self._settle(event, body, "done")
            case e.EffectFailed() as body:
                self._settle(event, body, "failed")
            case e.EffectUnknown() as body:
                self._settle(event, body, "lost")
            case e.NodeCancelled() | e.NodeFailed() | e.NodeResult(status="done" | "failed"):
                self._stop(event.path)
            case _:
                pass

    def total(self) -> Costs:
        """What the calls of the run have cost, and what is held for those under way."""
        return sum((call.costs for call in self.calls.under_way()), self._total)

    def of_nodes(self) -> dict[str, Costs]:
        """What the calls that are over have cost, by the node that they were made in."""
        return dict(self._of_nodes)

    def views(self) -> dict[str, AgentView]:
        """The agents, by where they work, in the order in which they began."""
        costs = dict(self._costs)
        for call in self.calls.under_way():
            self._add(costs, call)
        return {
            path: AgentView(
                path=path, agent=work.agent, steps=tuple(work.steps.values()), costs=costs.get(path, NO_COSTS)
            )
            for path, work in self._work.items()
        }

    # --- costs ---

    def _count(self, call: CallCost) -> None:
        self._total += call.costs
        node = node_of_step(call.path)
        self._of_nodes[node] = self._of_nodes.get(node, NO_COSTS) + call.costs
        self._add(self._costs, call)

    def _add(self, costs: dict[str, Costs], call: CallCost) -> None:
        path = call.path
        while path:
            if path in self._work:
                costs[path] = costs.get(path, NO_COSTS) + call.costs
            address = split_step(path)
            path = address[0] if address else path.rpartition("/")[0]

    # --- steps ---

    def _begin(self, path: str, agent: str, effect: str) -> None:
        """An attempt that goes on under its effect's id goes on with its steps; any other begins anew."""
        known = self._work.get(path)
        if known is not None and known.effect == effect:
            return
        if known is not None:
            for inner in [each for each in self._work if each.startswith(f"{path}.")]:
                del self._work[inner]
        self._work[path] = _Work(agent, effect, steps={}, verdicts={})

    def _stop(self, path: str) -> None:
        """Nothing goes on inside a node that has ended, nor is anybody asked there."""
        if path not in self._work:
            return
        for work in [work for at, work in self._work.items() if at == path or at.startswith(f"{path}.")]:
            for ordinal, step in work.steps.items():
                if step.status == "under_way":
                    work.steps[ordinal] = replace(step, status="stopped")

    def _note_intended(self, event: e.Event, body: e.EffectIntended) -> None:
        work = self._work.get(event.path)
        if work is None:
            return
        if body.kind == "model":
            work.turn += body.tries == 1
        said = work.verdicts.get(f"model {body.ordinal}" if body.kind == "model" else body.key)
        work.steps[body.ordinal] = StepView(
            path=step_path(event.path, body.ordinal),
            turn=work.turn,
            kind=body.kind,
            name=body.question.text if body.question is not None else body.name,
            verdict=said.chosen if said else "",
            rule=said.rule if said else "",
            tries=body.tries,
        )

    def _note_decision(self, event: e.Event, body: e.DecisionMade) -> None:
        work = self._work.get(event.path)
        if work is None:
            return
        about_model = body.ordinal > 0 and (not body.key or body.key.startswith(TURN))
        if body.decision.point == "policy":
            work.verdicts[f"model {body.ordinal}" if about_model else body.key] = body.decision
        if body.error is None:
            if about_model and body.decision.point == "model" and body.ordinal in work.steps:
                # Another model has answered than was asked first.
                work.steps[body.ordinal] = replace(work.steps[body.ordinal], name=body.decision.chosen)
            return
        if about_model:
            work.turn = int(body.key.removeprefix(TURN))
        kind: e.KnownKind = "model" if about_model else "refusal"
        work.steps[body.ordinal] = StepView(
            path=step_path(event.path, body.ordinal),
            turn=work.turn,
            kind=kind,
            name=body.name,
            status="refused",
            verdict=body.decision.chosen,
            rule=body.decision.rule,
            error=body.error,
        )

    def _note_answer(self, path: str, body: e.AnswerGiven) -> None:
        address = split_step(path)
        work = self._work.get(address[0]) if address else None
        if work is not None and address is not None and address[1] in work.steps:
            known = work.steps[address[1]]
            work.steps[address[1]] = replace(known, status="done", answer=body.choice or body.why or "a form")

    def _settle(self, event: e.Event, body: e.EffectDone | e.EffectFailed | e.EffectUnknown, word: StepWord) -> None:
        work = self._work.get(event.path)
        known = work.steps.get(body.ordinal) if work else None
        if work is None or known is None:
            return
        if isinstance(body, e.EffectUnknown):
            work.steps[body.ordinal] = replace(known, status=word, error=body.error)
            return
        work.steps[body.ordinal] = replace(
            known,
            status=word,
            error=body.error if isinstance(body, e.EffectFailed) else None,
            spent=body.spent or NOTHING,
            simulated=body.simulated,
        )
