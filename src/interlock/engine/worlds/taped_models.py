"""Two doors to models with a cassette: one that records what the live one answers, and one that plays it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from interlock.core.agent_contract import ModelNeed
from interlock.core.event_parts import Decision, Error
from interlock.core.messages import ModelRequest
from interlock.core.plan import Micros
from interlock.core.redaction import Redaction
from interlock.engine.agents.model_door import Candidate, Chosen, Heard, ModelDoor, NoneChosen, Turn
from interlock.engine.worlds.asked_requests import asked_request
from interlock.engine.worlds.askings import AskingOnTape, Askings, NotOnTape


class _Recorded(Struct, frozen=True):
    """The route of the other door, and under which number it is recorded."""

    number: int
    inner: Chosen


class RecordingModels:
    """Another door, of which every choice and every answer is kept."""

    def __init__(self, inner: ModelDoor, askings: Askings, redaction: Redaction) -> None:
        self._inner = inner
        self._askings = askings
        self._redaction = redaction

    def candidates(self, need: ModelNeed, request: ModelRequest, turn: Turn) -> Sequence[Candidate]:
        """The models of the other door."""
        return self._inner.candidates(need, request, turn)

    def choose(
        self, need: ModelNeed, request: ModelRequest, turn: Turn, *, sticky: str, barred: Mapping[str, str]
    ) -> Chosen | NoneChosen:
        """Let the other door choose, and keep what it chose: what follows may break off before anything is heard."""
        chosen = self._inner.choose(need, request, turn, sticky=sticky, barred=barred)
        asking = AskingOnTape(
            path=turn.path,
            attempt=turn.attempt,
            request=asked_request(request, self._redaction),
            candidates=tuple(self._inner.candidates(need, request, turn)),
            decision=chosen.decision,
        )
        if isinstance(chosen, NoneChosen):
            self._askings.begin(replace(asking, none_chosen=chosen.error))
            return chosen
        number = self._askings.begin(replace(asking, reserve=chosen.reserve))
        return replace(chosen, route=_Recorded(number, chosen))

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
        """Let the other door ask, and keep what is heard."""
        recorded = cast("_Recorded", chosen.route)  # what `choose` has made
        heard = await self._inner.ask(
            recorded.inner, request, agent=agent, call_id=call_id, deadline=deadline, says=says
        )
        self._askings.hear(recorded.number, heard)
        return heard


class PlayingModels:
    """Models that are on a cassette. The policy is asked of those that were there, and may allow less than it did."""

    def __init__(self, askings: Askings, redaction: Redaction) -> None:
        self._askings = askings
        self._redaction = redaction

    def candidates(self, need: ModelNeed, request: ModelRequest, turn: Turn) -> Sequence[Candidate]:  # noqa: ARG002 - the port's signature
        """The models among which one was chosen when it was recorded."""
        found = self._found(request, turn)
        return () if isinstance(found, NotOnTape) else found.candidates

    def choose(
        self,
        need: ModelNeed,  # noqa: ARG002 - the port's signature
        request: ModelRequest,
        turn: Turn,
        *,
        sticky: str,  # noqa: ARG002 - the port's signature
        barred: Mapping[str, str],
    ) -> Chosen | NoneChosen:
        """What was chosen, if it may still be asked."""
        found = self._found(request, turn)
        if isinstance(found, NotOnTape):
            return NoneChosen(Decision("model", "", why=found.message), Error("refused", found.message))
        self._askings.use(found)
        if found.none_chosen is not None:
            return NoneChosen(found.decision, found.none_chosen)
        if no_more := sorted(found.models & barred.keys()):
            message = f"on the cassette {no_more[0]} answers, and it may not be asked: {barred[no_more[0]]}"
            return NoneChosen(Decision("model", "", found.decision.options, message), Error("refused", message))
        return Chosen(found.decision, found.reserve, found)

    async def ask(
        self,
        chosen: Chosen,
        request: ModelRequest,  # noqa: ARG002 - the port's signature
        *,
        agent: str,  # noqa: ARG002 - the port's signature
        call_id: str,  # noqa: ARG002 - the port's signature
        deadline: Micros | None,  # noqa: ARG002 - the port's signature
        says: Callable[[str], None] | None,
    ) -> Heard:
        """What was heard. Nobody is asked, so it is marked."""
        asking = cast("AskingOnTape", chosen.route)  # what `choose` has found
        if asking.heard is None:
            message = f"the cassette has no answer for {asking.path}: its recording was broken off there"
            return Heard(error=Error("refused", message), simulated=True)
        reply = asking.heard.reply
        if reply is None:
            return replace(asking.heard, simulated=True)
        if says is not None and reply.text:
            says(reply.text)
        return replace(asking.heard, reply=replace(reply, simulated=True), simulated=True)

    def _found(self, request: ModelRequest, turn: Turn) -> AskingOnTape | NotOnTape:
        return self._askings.find(asked_request(request, self._redaction), turn)
