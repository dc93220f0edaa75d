"""What models were asked on a cassette, who was chosen for it and what was heard; and the playing of that.

An asking is found by its request alone. How it stands in a file is told in `asking_entries`.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from interlock.core.event_parts import Decision, Error
from interlock.core.spending import NOTHING, Spending
from interlock.engine.agents.model_door import Candidate, Heard, Turn
from interlock.engine.worlds.asked_requests import AskedRequest

PLACES_TOLD_MAX: Final = 2


class AskingOnTape(Struct, frozen=True, kw_only=True):
    """One asking: where it was made, of whom, and what came of it.

    Without a model that was chosen, `none_chosen` says why. Without anything heard, it was broken off before.
    """

    path: str
    attempt: int
    request: AskedRequest
    candidates: tuple[Candidate, ...]
    decision: Decision
    reserve: Spending = NOTHING
    none_chosen: Error | None = None
    heard: Heard | None = None

    @property
    def models(self) -> frozenset[str]:
        """Those that were asked, as far as it is known: the first, and the one that answered."""
        reply = None if self.heard is None else self.heard.reply
        return frozenset({self.decision.chosen, reply.model if reply else ""} - {""})


class NotOnTape(Struct, frozen=True):
    """Why there is no answer."""

    message: str


class Askings:
    """Recorded askings, each to be played once."""

    def __init__(self, made: list[AskingOnTape]) -> None:
        self.made = made
        self._left: dict[str, list[AskingOnTape]] = {}
        for asking in made:
            self._left.setdefault(asking.request.digest, []).append(asking)

    def begin(self, asking: AskingOnTape) -> int:
        """One more was begun; under this number it is heard."""
        self.made.append(asking)
        return len(self.made) - 1

    def hear(self, number: int, heard: Heard) -> None:
        """What came of it."""
        self.made[number] = replace(self.made[number], heard=heard)

    def find(self, request: AskedRequest, turn: Turn) -> AskingOnTape | NotOnTape:
        """The asking that would be played next for a request: there or else elsewhere. It is not used up.

        The same attempt comes first, and one that was broken off last: it was made again.
        """
        left = self._left.get(request.digest)
        if left is None:
            return NotOnTape(
                f"what a model is asked at {turn.path} is not on the cassette{self._nearest(request, turn)}"
            )
        if not left:
            return NotOnTape(f"what a model is asked at {turn.path} is on the cassette, but not so often")
        return min(left, key=lambda each: (each.path != turn.path, each.attempt != turn.attempt, each.heard is None))

    def use(self, asking: AskingOnTape) -> None:
        """It is played."""
        self._left[asking.request.digest].remove(asking)

    def _nearest(self, request: AskedRequest, turn: Turn) -> str:
        if not self.made:
            return ": no model was asked when it was recorded"
        nearest = max(self.made, key=lambda each: (_alike(each.request, request), each.path == turn.path))
        pairs = zip_longest(nearest.request.lines, request.lines, fillvalue="nothing")
        told = [f"{there!r} there, {here!r} here" for there, here in pairs if there != here]
        return f": the nearest is that of {nearest.path}, which differs in {'; '.join(told[:PLACES_TOLD_MAX])}"


def _alike(there: AskedRequest, here: AskedRequest) -> int:
    """How many lines they share, each in its place."""
    return sum(one == other for one, other in zip(there.lines, here.lines, strict=False))
