"""What the calls of a run cost, call by call, as its events tell it. Pure, and linear in the log.

A call is a contact with the world: a tool or a model that is called, an event that is sent, something that is taken
back. Agents, graphs that agents call and questions to people are none: what is called inside them is. Of a call that
was lost nobody knows what it cost, so what was held for it counts as spent, as it does for limits. It keeps no limits,
and reads large replies only where whoever feeds it has loaded them.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from interlock.core import events as e
from interlock.core.evolving.journal import FREE
from interlock.core.paths import node_of_step, split_step, step_path
from interlock.core.plan import Plan
from interlock.core.spending import NOTHING, MicroUsd, Spending
from interlock.core.values import Value, is_map

CallKind: TypeAlias = Literal["model", "tool", "step", "emit", "undo"]
CallStatus: TypeAlias = Literal["under_way", "done", "failed", "lost", "not_made"]


class Costs(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What calls have cost together. Money is in millionths of a US dollar."""

    calls: int = 0
    turns: int = 0
    """How many of the calls were of models."""
    lost: int = 0
    """How many were lost: what was held for them counts as spent."""
    usd: MicroUsd = 0
    tokens: int = 0
    input: int = 0
    """Tokens that models have read, as far as their providers said."""
    output: int = 0
    cached: int = 0
    """How many of `input` the provider had at hand."""
    held_usd: MicroUsd = 0
    """What is held for calls that are under way."""
    held_tokens: int = 0
    simulated_calls: int = 0
    """How many of the calls nothing real was asked with."""
    simulated_usd: MicroUsd = 0
    """How much of `usd` nobody will ever ask for."""

    def __add__(self, other: Costs) -> Costs:
        return Costs(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})


NO_COSTS: Final = Costs()


class CallCost(Struct, frozen=True, gc=False, kw_only=True):
    """One call, and what it cost. A call that was lost and made once more is two."""

    path: str
    """The node that called, or the step inside it: `fix`, `fix.3`."""
    kind: CallKind
    name: str
    """The model as `provider/model`, the tool, or the event."""
    agent: str = ""
    """The innermost agent that it was made for."""
    loop: str = ""
    """Where that agent works: the path of its node, or of the step that called it."""
    at: int = 0
    """When it was begun."""
    tries: int = 1
    status: CallStatus = "under_way"
    costs: Costs = NO_COSTS


class _Open(Struct, gc=False):
    """A call that is under way, and what is held for it."""

    call: CallCost
    held: Spending


class CallCosts:
    """Takes the events of a run from its first on, and gives each call as soon as it is known what it cost."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._open: dict[tuple[str, int], _Open] = {}
        """By the effect's id, and the try."""
        self._lost: set[tuple[str, int]] = set()
        """Steps that are charged no second time when their node's own code makes them again."""
        self._agents: dict[str, str] = {}
        """The agents at work, by where they work."""

    def under_way(self) -> list[CallCost]:
        """The calls of which it is not known yet."""
        return [each.call for each in self._open.values()]

    def wants_whole(self, event: e.Event) -> bool:
        """Whether the event holds a model's reply: its usage can be read only if no part of it is kept elsewhere."""
        body = event.body
        if not isinstance(body, e.EffectDone):
            return False
        begun = self._open.get((body.effect, body.tries))
        return begun is not None and begun.call.kind == "model"

    def take(self, event: e.Event) -> list[CallCost]:
        """One more event, the next of the log, and the calls that it settles."""
        match event.body:
            case e.NodeStarted() as body:
                self._begin_node(event, body)
            case e.UndoStarted() as body:
                price = self._price_of(body.tool)
                self._begin((body.effect, 1), self._call(event, event.path, "undo", body.tool), price)
            case e.EffectIntended() as body:
                self._begin_step(event, body)
            case e.NodeResult() as body:
                return self._end_node(event.path, body, was_made=body.calls > 0)
            case e.UndoResult() as body:
                return self._end_node(event.path, body, was_made=body.status != "not_done")
            case e.EffectDone() as body:
                self._agents.pop(step_path(event.path, body.ordinal), None)
                return self._end((body.effect, body.tries), "done", body.spent, body.out, simulated=body.simulated)
            case e.EffectFailed() as body:
                self._agents.pop(step_path(event.path, body.ordinal), None)
                return self._end((body.effect, body.tries), "failed", body.spent, simulated=body.simulated)
            case e.EffectUnknown() as body:
                return self._lose((body.effect, body.tries))
            case _:
                pass
        return []

    # --- what begins ---

    def _begin_node(self, event: e.Event, body: e.NodeStarted) -> None:
        if body.is_agent:
            self._agents[event.path] = body.tool
            return
        kind: CallKind = "emit" if body.emits else "tool"
        price = NOTHING if body.emits else self._price_of(body.tool)
        self._begin((body.effect, 1), self._call(event, event.path, kind, body.tool), price)

    def _begin_step(self, event: e.Event, body: e.EffectIntended) -> None:
        path, key = step_path(event.path, body.ordinal), (body.effect, body.tries)
        if body.kind == "agent":
            self._agents[path] = body.name
        if body.kind in FREE or body.question is not None or key in self._open or key in self._lost:
            return
        kind: CallKind = "model" if body.kind == "model" else "tool" if body.kind else "step"
        self._begin(key, self._call(event, path, kind, body.name, tries=body.tries), body.reserve or NOTHING)

    def _call(self, event: e.Event, path: str, kind: CallKind, name: str, *, tries: int = 1) -> CallCost:
        loop = self._loop_around(path)
        agent = self._agents.get(loop, "")
        return CallCost(path=path, kind=kind, name=name, agent=agent, loop=loop, at=event.at, tries=tries)

    def _begin(self, key: tuple[str, int], call: CallCost, held: Spending) -> None:
        costs = Costs(calls=1, turns=int(call.kind == "model"), held_usd=held.usd, held_tokens=held.tokens)
        self._open[key] = _Open(replace(call, costs=costs), held)

    def _loop_around(self, path: str) -> str:
        """Where the innermost agent works that something is done for; nothing if none does."""
        while path and path not in self._agents:
            address = split_step(path)
            path = address[0] if address else path.rpartition("/")[0]
        return path

    def _price_of(self, tool: str) -> Spending:
        contract = self._plan.tools.get(tool)
        terms = contract.terms if contract else None
        return Spending(usd=terms.usd) if terms is not None and terms.usd else NOTHING

    # --- what ends ---

    def _end_node(self, path: str, body: e.NodeResult | e.UndoResult, *, was_made: bool) -> list[CallCost]:
        """The node's own call has ended; of its steps that are under way nobody will know any more."""
        key = (body.effect, 1)
        inside = [each for each, begun in self._open.items() if each != key and _is_inside(begun.call.path, path)]
        lost = [call for each in inside for call in self._lose(each)]
        if body.status == "done":
            self._agents.pop(path, None)
        begun = self._open.get(key)
        if begun is None:
            return lost
        statuses: dict[str, CallStatus] = {"done": "done", "failed": "failed", "unknown": "lost"}
        status = statuses.get(body.status, "not_made") if was_made else "not_made"
        price = begun.held if was_made else NOTHING
        return [*lost, *self._end(key, status, price, simulated=body.simulated)]

    def _lose(self, key: tuple[str, int]) -> list[CallCost]:
        begun = self._open.get(key)
        if begun is None:
            return []
        self._lost.add(key)
        return self._end(key, "lost", begun.held)

    def _end(
        self,
        key: tuple[str, int],
        status: CallStatus,
        spent: Spending | None,
        out: Value = None,
        *,
        simulated: bool = False,
    ) -> list[CallCost]:
        begun = self._open.pop(key, None)
        if begun is None:
            return []
        call, cost = begun.call, spent or NOTHING
        usage = _usage(out) if call.kind == "model" else {}
        costs = Costs(
            calls=1,
            turns=call.costs.turns,
            lost=int(status == "lost"),
            usd=cost.usd,
            tokens=cost.tokens,
            simulated_calls=int(simulated),
            simulated_usd=cost.usd if simulated else 0,
            **usage,
        )
        return [replace(call, name=_answered_by(out, call), status=status, costs=costs)]


def _is_inside(path: str, node: str) -> bool:
    return split_step(path) is not None and node_of_step(path) == node


def _usage(reply: Any) -> dict[str, int]:  # noqa: ANN401 - what a log holds
    """The tokens of a recorded reply; nothing where it is kept elsewhere."""
    usage = reply.get("usage") if is_map(reply) else None
    return {name: int(usage.get(name, 0)) for name in ("input", "output", "cached")} if is_map(usage) else {}


def _answered_by(reply: Any, call: CallCost) -> str:  # noqa: ANN401 - what a log holds
    """The model that has answered: another than the one that was asked first, where that one did not."""
    told = reply.get("model") if call.kind == "model" and is_map(reply) else None
    return told or call.name
