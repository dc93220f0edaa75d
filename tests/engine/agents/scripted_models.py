"""Models that answer by a script: the port to models, deterministic, and counting who asks.

What an agent is answered follows from its request alone: each call that a turn asks for carries the turn in its id, so
whoever goes on after a crash is answered as whoever began.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from interlock.core.agent_contract import ModelNeed
from interlock.core.event_parts import Decision, Error
from interlock.core.messages import AskedCall, ModelReply, ModelRequest, Said, Usage
from interlock.core.plan import Micros
from interlock.core.spending import Spending
from interlock.core.values import Value
from interlock.engine.agents.model_door import Candidate, Chosen, Heard, NoneChosen
from interlock.engine.agents.model_door import Turn as AskedTurn

Asked: TypeAlias = tuple[str, int]
"""An agent, and its turn, counted from 1."""

PRICE = Spending(usd=1_000, tokens=100)
"""What a call costs where a test says nothing else."""


class Calls(Struct, frozen=True):
    """A turn that asks for calls: tools with their arguments."""

    calls: tuple[tuple[str, Value], ...]


class Answers(Struct, frozen=True):
    """A turn that answers."""

    out: Value


Turn: TypeAlias = Calls | Answers | Error


def calls(*names: str | tuple[str, Value]) -> Calls:
    """A turn that asks for these calls at once."""
    return Calls(tuple(each if isinstance(each, tuple) else (each, {}) for each in names))


class ScriptedModels:
    """The models of one test. `asked` are the turns that were asked for, in order."""

    def __init__(
        self,
        scripts: Mapping[str, Sequence[Turn]],
        *,
        reserve: Spending = PRICE,
        spent: Spending = PRICE,
        has_price: bool = True,
    ) -> None:
        self._scripts = scripts
        self._reserve = reserve
        self._spent = spent
        self._has_price = has_price
        self.asked: list[Asked] = []
        self.was_heard: list[bool] = []
        """Of each, whether somebody listened."""
        self.hung = asyncio.Event()
        self.hangs_in: Callable[[Asked], bool] = lambda _: False
        """Which call is never answered."""
        self.release = asyncio.Event()
        """With this, what hangs is answered after all."""

    def candidates(
        self,
        need: ModelNeed,  # noqa: ARG002 - the port's signature
        request: ModelRequest,  # noqa: ARG002 - the port's signature
        turn: AskedTurn,  # noqa: ARG002 - the port's signature
    ) -> Sequence[Candidate]:
        """The one model there is."""
        return [Candidate("script/any")]

    def choose(
        self,
        need: ModelNeed,  # noqa: ARG002 - the port's signature
        request: ModelRequest,  # noqa: ARG002 - the port's signature
        turn: AskedTurn,  # noqa: ARG002 - the port's signature
        *,
        sticky: str,  # noqa: ARG002 - the port's signature
        barred: Mapping[str, str],
    ) -> Chosen | NoneChosen:
        """That one, unless it may not be asked, or nobody knows what it costs."""
        if barred:
            return NoneChosen(Decision("model", "", why="barred"), Error("refused", barred["script/any"]))
        if not self._has_price:
            return NoneChosen(Decision("model", "", why="no price"), Error("refused", "no price is known"))
        return Chosen(Decision("model", "script/any"), self._reserve, None)

    async def ask(
        self,
        chosen: Chosen,  # noqa: ARG002 - the port's signature
        request: ModelRequest,
        *,
        agent: str,
        call_id: str,  # noqa: ARG002 - the port's signature
        deadline: Micros | None,  # noqa: ARG002 - the port's signature
        says: Callable[[str], None] | None,
    ) -> Heard:
        """The turn that follows on what was said last."""
        asked = (agent, turn_after(request))
        self.asked.append(asked)
        self.was_heard.append(says is not None)
        if self.hangs_in(asked):
            self.hung.set()
            await self.release.wait()
        turn = self._scripts[agent][asked[1] - 1]
        if isinstance(turn, Error):
            return Heard(error=turn, spent=self._spent)
        if says is not None:
            says("…")
        return Heard(_reply(turn, asked[1], self._spent), spent=self._spent)


def turn_after(request: ModelRequest) -> int:
    """The turn that a request asks for: the one after that of the last calls."""
    ids = [call.id for said in request.messages if isinstance(said, Said) for call in said.calls]
    return int(ids[-1].split("-")[1]) + 1 if ids else 1


def _reply(turn: Calls | Answers, number: int, spent: Spending) -> ModelReply:
    usage = Usage(input=spent.tokens)
    match turn:
        case Calls(calls=asked):
            wanted = tuple(
                AskedCall(f"turn-{number}-{place}", name, arguments) for place, (name, arguments) in enumerate(asked)
            )
            return ModelReply("", wanted, "calls", "script/any", usage, simulated=True)
        case Answers(out=out):
            return ModelReply(json.dumps(out), (), "stop", "script/any", usage, simulated=True)
