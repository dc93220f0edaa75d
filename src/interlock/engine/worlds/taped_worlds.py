"""Two worlds with a cassette: one that records what the live one answers, and one that plays it and calls nothing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from interlock.agents.agent import Agent
from interlock.agents.collecting import Agents
from interlock.core.agent_contract import AgentContract
from interlock.core.redaction import Redaction
from interlock.core.values import Value
from interlock.engine.agents.memory.door import MemoryDoor
from interlock.engine.agents.model_door import ModelDoor
from interlock.engine.effects import CallTool, FindOut
from interlock.engine.performing import Performer, Whole, ready_agent
from interlock.engine.worlds.cassettes import CallOnTape, Cassette
from interlock.engine.worlds.taped_memory import PlayingMemory, RecordingMemory
from interlock.engine.worlds.taped_models import PlayingModels, RecordingModels
from interlock.tools.in_flight import InFlight
from interlock.tools.journal import Journal
from interlock.tools.outcome import Failed, ToolOutcome
from interlock.tools.reconciling import CannotTell, Reconciled
from interlock.tools.tool import Tool
from interlock.tools.toolbox import Toolbox


class RecordingWorld:
    """Another world, of which every answer is kept."""

    def __init__(self, inner: Performer, cassette: Cassette, redaction: Redaction) -> None:
        self._inner = inner
        self._cassette = cassette
        self.models: ModelDoor = RecordingModels(inner.models, cassette.askings, redaction)
        self.memory: MemoryDoor = RecordingMemory(inner.memory, cassette)

    def agent(self, contract: AgentContract) -> Agent | None:
        """The agent of the other world."""
        return self._inner.agent(contract)

    def find(self, tool: str) -> Tool | None:
        """The tool of the other world."""
        return self._inner.find(tool)

    def missing(self, tools: Iterable[str]) -> list[str]:
        """What the other world has not."""
        return self._inner.missing(tools)

    async def call(
        self, run: str, effect: CallTool, journal: Journal, whole: Whole, in_flight: InFlight[ToolOutcome]
    ) -> None:
        """Let the other world make the call, and keep what came of it."""
        in_flight.overheard(partial(self._keep, effect, await whole(effect.input)))
        await self._inner.call(run, effect, journal, whole, in_flight)

    async def find_out(self, effect: FindOut, whole: Whole, in_flight: InFlight[Reconciled]) -> None:
        """Let the other world find it out: what it says is no answer to a call."""
        await self._inner.find_out(effect, whole, in_flight)

    def _keep(self, effect: CallTool, input: Value, outcome: ToolOutcome) -> None:
        if not (isinstance(outcome, Failed) and outcome.calls == 0):  # it never reached its tool
            self._cassette.keep(CallOnTape(effect.path, effect.attempt, effect.tool, input, outcome))


class PlayingWorld:
    """A world that is on a cassette: what was recorded is answered, and nothing else is.

    A result is held to the contract of its tool, where that is here: a cassette can be edited. Known secrets are struck
    out of requests as they were when it was written.
    """

    def __init__(
        self, cassette: Cassette, toolbox: Toolbox, redaction: Redaction, *, agents: Agents | None = None
    ) -> None:
        self._cassette = cassette
        self._agents = agents
        self._toolbox = toolbox
        self._redaction = redaction
        self.models: ModelDoor = PlayingModels(cassette.askings, redaction)
        self.memory: MemoryDoor = PlayingMemory(cassette, redaction)

    def agent(self, contract: AgentContract) -> Agent | None:
        """The agent, ready to step: what it wants is answered from the cassette."""
        return ready_agent(contract, self._agents)

    def find(self, tool: str) -> Tool | None:
        """The tool, where it is here."""
        return self._toolbox.find(tool)

    def missing(self, tools: Iterable[str]) -> list[str]:  # noqa: ARG002 - the port's signature
        """None: a call that is not on the cassette is refused when it is made, with the nearest that is."""
        return []

    async def call(
        self,
        run: str,  # noqa: ARG002 - other worlds tell runs apart
        effect: CallTool,
        journal: Journal,  # noqa: ARG002 - a tool that is not called makes no steps
        whole: Whole,
        in_flight: InFlight[ToolOutcome],
    ) -> None:
        """Answer from the cassette."""
        asked, contract = self._redaction.value(await whole(effect.input)), self._toolbox.find(effect.tool)
        in_flight.over(
            self._cassette.play(effect.tool, asked, path=effect.path, attempt=effect.attempt, contract=contract)
        )

    async def find_out(self, effect: FindOut, whole: Whole, in_flight: InFlight[Reconciled]) -> None:  # noqa: ARG002
        """Nobody is asked: a person has to say."""
        in_flight.over(CannotTell(f"{effect.tool} is played from a cassette, which does not know"))
