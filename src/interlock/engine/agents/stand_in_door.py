"""Models of a project that declares none: scripts answer for the agents that come along, and for no other.

Everything they say is marked as simulated, as of any scripted provider. A project that declares a model, whichever,
never gets here: nothing simulated ever stands in for something real.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from interlock.core.agent_contract import ModelNeed
from interlock.core.messages import ModelRequest
from interlock.core.plan import Micros
from interlock.engine.agents.model_door import Candidate, Chosen, Heard, ModelDoor, NoModels, NoneChosen, Turn


class StandInDoor:
    """The scripts for agents that come along, and no model for those of the project."""

    def __init__(self, scripts: ModelDoor, *, comes_along: Callable[[str], bool]) -> None:
        self._scripts = scripts
        self._nothing = NoModels()
        self._comes_along = comes_along

    @property
    def scripts(self) -> ModelDoor:
        """What answers for the agents that come along."""
        return self._scripts

    def candidates(self, need: ModelNeed, request: ModelRequest, turn: Turn) -> Sequence[Candidate]:
        """The scripted model, if the agent is one that comes along."""
        return self._door_of(turn).candidates(need, request, turn)

    def choose(
        self, need: ModelNeed, request: ModelRequest, turn: Turn, *, sticky: str, barred: Mapping[str, str]
    ) -> Chosen | NoneChosen:
        """Choose the scripted model, or say that there is none for an agent of the project."""
        return self._door_of(turn).choose(need, request, turn, sticky=sticky, barred=barred)

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
        """Ask the scripts: nothing else is ever chosen."""
        return await self._scripts.ask(chosen, request, agent=agent, call_id=call_id, deadline=deadline, says=says)

    def _door_of(self, turn: Turn) -> ModelDoor:
        return self._scripts if self._comes_along(turn.agent) else self._nothing
