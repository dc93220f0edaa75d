"""What has arrived for a run while its driver was busy: letters, in the order of their coming.

A step that may not be made just now (a limit is held by other calls, or the run is paused) is put off: it comes again,
before all that is newer, as soon as anything else was recorded. Once whoever asks for it is to stop, it is refused
instead, wherever it is just then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from interlock.core.paths import node_of_step
from interlock.core.requests import Refused, StepNoted
from interlock.engine.engine import Arrival


class Letter(Struct, gc=False):
    """An arrival in the inbox, and who waits to hear what became of it."""

    arrival: Arrival
    reply: asyncio.Future[Refused | None] | None = None
    may_be_put_off: bool = True
    """Whether it may come again later: not once whoever sent it is to stop."""

    @property
    def is_forgotten(self) -> bool:
        """Whether whoever waited to hear of it does so no more."""
        return self.reply is not None and self.reply.cancelled()

    def answer(self, refused: Refused | None) -> None:
        """Tell who waits, if it still does."""
        if self.reply is not None and not self.reply.done():
            self.reply.set_result(refused)


class Inbox:
    """The letters of one run."""

    def __init__(self) -> None:
        self._letters: list[Letter] = []
        self._put_off: list[Letter] = []
        self._taken: list[Letter] = []
        """Those that are being recorded just now."""

    def __bool__(self) -> bool:
        """Whether there is a letter to be taken: one that was put off is none."""
        return bool(self._letters)

    def put(self, letter: Letter) -> None:
        """One more has arrived."""
        self._letters.append(letter)

    def take(self) -> list[Letter]:
        """Everything that has arrived."""
        self._taken, self._letters = self._letters, []
        return self._taken

    def take_all(self) -> list[Letter]:
        """Everything, with what was put off: there will be no later."""
        letters, self._put_off = [*self._put_off, *self.take()], []
        return letters

    def answer(self, letters: Sequence[Letter], refused: Sequence[Refused | None], *, has_moved: bool) -> None:
        """Tell what became of letters. With `has_moved` something was recorded: what was put off may be taken now."""
        if has_moved and self._put_off:
            self._letters[:0] = [letter for letter in self._put_off if not letter.is_forgotten]
            self._put_off.clear()
        for letter, answer in zip(letters, refused, strict=True):
            if answer is not None and answer.later and letter.may_be_put_off:
                self._put_off.append(letter)
            else:
                letter.answer(answer)
        self._taken = []

    def refuse_put_off(self, path: str, refused: Refused) -> None:
        """Refuse the steps of an attempt that wait, or would have to: who asked for them is to stop."""
        left, self._put_off = self._put_off, []
        for letter in left:
            if _is_step_of(letter, path):
                letter.answer(refused)
            else:
                self._put_off.append(letter)
        for letter in (*self._letters, *self._taken):
            if _is_step_of(letter, path):
                letter.may_be_put_off = False

    def fail(self, letters: Sequence[Letter], error: BaseException) -> None:
        """Tell that nobody knows what became of letters."""
        for letter in letters:
            if letter.reply is not None and not letter.reply.done():
                letter.reply.set_exception(error if isinstance(error, Exception) else RuntimeError(str(error)))


def _is_step_of(letter: Letter, path: str) -> bool:
    request = letter.arrival.request
    return isinstance(request, StepNoted) and node_of_step(request.path) == node_of_step(path)
