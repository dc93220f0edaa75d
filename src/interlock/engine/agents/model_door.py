"""The port to models, as an agent's loop knows it: who may be asked, who is chosen, what was heard.

Which provider, at what price, after how many tries, is the affair of whoever stands behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from interlock.core.agent_contract import ModelNeed
from interlock.core.event_parts import Decision, Error
from interlock.core.messages import ModelReply, ModelRequest
from interlock.core.plan import Micros
from interlock.core.spending import NOTHING, Spending


class Turn(Struct, frozen=True):
    """The turn of an agent in which a model is asked: the path of its step, the attempt of its node, and the agent."""

    path: str
    attempt: int
    agent: str = ""


class Candidate(Struct, frozen=True):
    """A model that could be asked, with what a policy may want to know of it."""

    name: str
    host: str = ""
    safety: str = ""


class Chosen(Struct, frozen=True):
    """Which models are to be asked, one after the other, why, and what that may cost at most."""

    decision: Decision
    reserve: Spending
    route: object
    """For the door alone."""


class NoneChosen(Struct, frozen=True):
    """Why no model is to be asked."""

    decision: Decision
    error: Error


class Heard(Struct, frozen=True):
    """What came of asking: a reply, or why there is none; and what that cost. `simulated`: no model was asked."""

    reply: ModelReply | None = None
    error: Error | None = None
    spent: Spending = NOTHING
    simulated: bool = False
    how: Decision | None = None
    """Which model has answered, where requests had failed before, and of which models; or that none was asked."""


class ModelDoor(Protocol):
    """Where models are asked."""

    def candidates(self, need: ModelNeed, request: ModelRequest, turn: Turn) -> Sequence[Candidate]:
        """The models among which one would be chosen."""
        ...

    def choose(
        self, need: ModelNeed, request: ModelRequest, turn: Turn, *, sticky: str, barred: Mapping[str, str]
    ) -> Chosen | NoneChosen:
        """Choose. `barred` are those that may not be asked, and why; `sticky` is what likes to go where it went."""
        ...

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
        """Ask for an agent, and tell `says`, if somebody listens, what is being said meanwhile. Raises nothing."""
        ...


class NoModels:
    """The door of a project that has none."""

    def candidates(self, need: ModelNeed, request: ModelRequest, turn: Turn) -> Sequence[Candidate]:  # noqa: ARG002 - the port's
        """None."""
        return ()

    def choose(
        self,
        need: ModelNeed,
        request: ModelRequest,  # noqa: ARG002 - the port's signature
        turn: Turn,  # noqa: ARG002 - the port's signature
        *,
        sticky: str,  # noqa: ARG002 - the port's signature
        barred: Mapping[str, str],  # noqa: ARG002 - the port's signature
    ) -> NoneChosen:
        """Nobody can be asked."""
        message = f"no model is configured here for the pool `{need.pool}`: add `[models]` to interlock.toml"
        return NoneChosen(Decision("model", "", why=message), Error("unavailable", message))

    async def ask(
        self,
        chosen: Chosen,  # noqa: ARG002 - the port's signature
        request: ModelRequest,  # noqa: ARG002 - the port's signature
        *,
        agent: str,  # noqa: ARG002 - the port's signature
        call_id: str,  # noqa: ARG002 - the port's signature
        deadline: Micros | None,  # noqa: ARG002 - the port's signature
        says: Callable[[str], None] | None,  # noqa: ARG002 - the port's signature
    ) -> Heard:
        """Nobody can be asked."""
        return Heard(error=Error("unavailable", "no model is configured here"))
