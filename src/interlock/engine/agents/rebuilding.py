"""What an agent has asked models, made again: it is stepped once more over what is on record of its work.

The agent's own loop does it, so the requests are those that it would make if it were taken up again after a crash.
Nothing is asked, called, judged or recorded here: where the record ends, it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from interlock.agents.actions import Action, AskModel
from interlock.agents.agent import Agent, State
from interlock.agents.observations import Observation
from interlock.agents.offering import Toolbox
from interlock.core.agent_contract import AgentContract, ModelNeed
from interlock.core.messages import ModelRequest
from interlock.core.plan import Micros, Plan
from interlock.core.values import Value
from interlock.core.verdicts import Movement
from interlock.engine.agents.crew import AgentCall, Crew
from interlock.engine.agents.deadline import Deadline
from interlock.engine.agents.halt import Halt
from interlock.engine.agents.loop import AgentLoop
from interlock.engine.agents.memory.door import MemoryCall
from interlock.engine.agents.model_door import Candidate, Chosen, Heard, Turn
from interlock.engine.effects import CallTool, FindOut
from interlock.engine.journaling import made_whole
from interlock.engine.performing import Performer, Whole
from interlock.engine.telling.agent_record import AgentAttempt
from interlock.tools.clock import LoopClock
from interlock.tools.in_flight import InFlight
from interlock.tools.journal import GraphEnded, Journal, JournaledStep, Noted, StepEvent
from interlock.tools.outcome import Done, Failed, ToolOutcome
from interlock.tools.reconciling import Reconciled
from interlock.tools.tool import Tool


class EndOfRecord(Exception):
    """The agent wants what is not on record: there it stood, or stands."""


async def rebuilt_requests(
    plan: Plan, run: str, attempt: AgentAttempt, world: Performer, whole: Whole
) -> list[AskModel]:
    """What the agent has asked models in an attempt, turn by turn, with what may be the next; a `world` lends its code.

    Nothing if the agent steps by code that is not here. Whether it is what was asked, its digest says.
    """
    asked: list[AskModel] = []
    crew = Crew(
        plan=plan,
        performer=_RecordedWorld(world, asked.append),
        judge=_nobody_judges,
        clock=LoopClock(),
        whole=whole,
        run=run,
        tenant="",
    )
    call = AgentCall(
        agent=attempt.agent,
        path=attempt.path,
        attempt=attempt.number,
        input=await whole(attempt.input),
        deadline=Deadline(None, crew.clock, lambda: None),
    )
    journal = _Record(await made_whole(attempt.steps, whole))
    with suppress(EndOfRecord):
        await AgentLoop(crew, call, journal, Halt()).outcome()
    return asked


def _nobody_judges(movement: Movement) -> NoReturn:
    raise EndOfRecord(movement.name)


@dataclass(frozen=True, kw_only=True)
class _Overheard(Agent):
    """An agent that tells what it asks models."""

    tells: Callable[[AskModel], object]

    def begin(self, toolbox: Toolbox, input: Value) -> tuple[State, Action]:
        """As the agent itself."""
        return self._told(super().begin(toolbox, input))

    def step(self, toolbox: Toolbox, state: State, observation: Observation) -> tuple[State, Action]:
        """As the agent itself."""
        return self._told(super().step(toolbox, state, observation))

    def _told(self, stepped: tuple[State, Action]) -> tuple[State, Action]:
        if isinstance(stepped[1], AskModel):
            self.tells(stepped[1])
        return stepped


class _RecordedWorld:
    """Another world's code, and nothing of what it could do. The first agent that is asked for is overheard."""

    def __init__(self, world: Performer, tells: Callable[[AskModel], object]) -> None:
        self._world = world
        self._tells: Callable[[AskModel], object] | None = tells
        self.models = _NoModelsAsked()
        self.memory = _NoMemoryRead()

    def agent(self, contract: AgentContract) -> Agent | None:
        """The agent of the other world; those that it calls itself are not overheard."""
        found, tells = self._world.agent(contract), self._tells
        self._tells = None
        if found is None or tells is None:
            return found
        return _Overheard(contract=found.contract, place=found.place, own_step=found.own_step, tells=tells)

    def find(self, tool: str) -> Tool | None:
        """The tool of the other world: whether others may have written its results shows in what a model was told."""
        return self._world.find(tool)

    def missing(self, tools: Iterable[str]) -> list[str]:  # noqa: ARG002 - the port's signature
        """None is needed."""
        return []

    async def call(
        self,
        run: str,  # noqa: ARG002 - the port's signature
        effect: CallTool,
        journal: Journal,  # noqa: ARG002 - the port's signature
        whole: Whole,  # noqa: ARG002 - the port's signature
        in_flight: InFlight[ToolOutcome],  # noqa: ARG002 - the port's signature
    ) -> None:
        """Nothing is called."""
        raise EndOfRecord(effect.path)

    async def find_out(
        self,
        effect: FindOut,
        whole: Whole,  # noqa: ARG002 - the port's signature
        in_flight: InFlight[Reconciled],  # noqa: ARG002 - the port's signature
    ) -> None:
        """Nothing is found out."""
        raise EndOfRecord(effect.path)


class _NoModelsAsked:
    """The door to models, where the record has ended."""

    def candidates(self, need: ModelNeed, request: ModelRequest, turn: Turn) -> Sequence[Candidate]:  # noqa: ARG002 - the port's
        """Nobody is asked."""
        raise EndOfRecord(turn.path)

    def choose(
        self,
        need: ModelNeed,  # noqa: ARG002 - the port's signature
        request: ModelRequest,  # noqa: ARG002 - the port's signature
        turn: Turn,
        *,
        sticky: str,  # noqa: ARG002 - the port's signature
        barred: Mapping[str, str],  # noqa: ARG002 - the port's signature
    ) -> NoReturn:
        """Nobody is asked."""
        raise EndOfRecord(turn.path)

    async def ask(
        self,
        chosen: Chosen,  # noqa: ARG002 - the port's signature
        request: ModelRequest,  # noqa: ARG002 - the port's signature
        *,
        agent: str,
        call_id: str,  # noqa: ARG002 - the port's signature
        deadline: Micros | None,  # noqa: ARG002 - the port's signature
        says: Callable[[str], None] | None,  # noqa: ARG002 - the port's signature
    ) -> Heard:
        """Nobody is asked."""
        raise EndOfRecord(agent)


class _NoMemoryRead:
    """The door to memories, where the record has ended."""

    async def call(self, call: MemoryCall) -> Done | Failed:
        """Nothing is remembered or recalled."""
        raise EndOfRecord(call.path)


class _Record:
    """A journal that can only be read."""

    def __init__(self, steps: Sequence[JournaledStep]) -> None:
        self.steps = steps

    @property
    def last_heartbeat(self) -> Value:
        """None is needed."""
        return None

    async def record(self, body: StepEvent) -> None:
        """Nothing is recorded."""
        raise EndOfRecord(body.effect)

    async def record_all(self, noted: Sequence[Noted]) -> None:
        """Nothing is recorded."""
        raise EndOfRecord(noted[0].within)

    async def graph_ended(self, ordinal: int, *, within: str = "") -> GraphEnded:
        """It has not, as far as the agent knows."""
        raise EndOfRecord(f"{within}.{ordinal}")

    async def stop_graph(self, ordinal: int, *, within: str = "") -> bool:  # noqa: ARG002 - the port's signature
        """Nothing is stopped."""
        return False

    async def answered(self, ordinal: int, *, within: str = "") -> Value:
        """It was not."""
        raise EndOfRecord(f"{within}.{ordinal}")

    def progress(self, fraction: float | None, text: str) -> None:
        """Nobody watches."""

    @property
    def is_heard(self) -> bool:
        """Nobody listens."""
        return False

    @property
    def is_leaving(self) -> bool:
        """Nobody works."""
        return False

    def says(self, text: str) -> None:
        """Nobody listens."""

    def stop_waiting(self) -> None:
        """Nothing waits."""

    def heartbeat(self, details: Value) -> None:
        """Nothing is kept."""
