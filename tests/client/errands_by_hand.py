"""Runs the errands of a flow by hand: what each comes to is said by the test, and what was asked for is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from interlock.client.errands import Bear, Errand, Flow, Make, Now, Open, Read, Send, Sleep, Tell, Telling
from interlock.client.patience import Patience
from interlock.client.requests import Answer, Broken

T = TypeVar("T")

CUT = Broken(why="it was cut", was_sent=True)
UNSENT = Broken(why="nobody listens", was_sent=False)


def answered(status: int = 200, body: bytes = b"{}", **headers: str) -> Answer:
    """An answer of a server."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers={"content-type": "application/json", **named}, body=body)


def problem(status: int, code: str, **headers: str) -> Answer:
    """A problem as a server tells it."""
    body = f'{{"type":"","title":"","status":{status},"code":"{code}","detail":"no","request":"r1"}}'
    return answered(status, body.encode(), **{"content_type": "application/problem+json", **headers})


class ByHand:
    """One flow, its clock, and what was asked of whoever drives it."""

    def __init__(self, *outcomes: Answer | Broken | bytes, patience: Patience | None = None) -> None:
        self._outcomes = iter(outcomes)
        self._patience = patience or Patience()
        self.at = 0.0
        self.asked: list[Errand] = []

    def drive(self, flow: Flow[T]) -> T:
        """What the flow comes to."""
        outcome: object = None
        while True:
            try:
                errand = flow.send(outcome)
            except StopIteration as over:
                return over.value
            outcome = self._run(errand)

    def tell(self, telling: Telling[T]) -> Iterator[T]:
        """What it tells."""
        outcome: object = None
        while True:
            try:
                errand = telling.send(outcome)
            except StopIteration:
                return
            if isinstance(errand, Tell):
                outcome = None
                yield errand.value
            else:
                outcome = self._run(errand)

    def _run(self, errand: Errand) -> Any:  # noqa: ANN401 - whatever an errand comes to
        match errand:
            case Now():
                return self.at
            case Bear():
                return self._patience
            case Sleep(seconds):
                self.asked.append(errand)
                self.at += seconds
                return None
            case Send() | Open():
                self.asked.append(errand)
                return next(self._outcomes)
            case Read():
                return next(self._outcomes)
            case _:
                assert not isinstance(errand, Make), "calls are made by exchanges"
                raise AssertionError(errand)

    @property
    def pauses(self) -> list[float]:
        """How long it slept each time."""
        return [errand.seconds for errand in self.asked if isinstance(errand, Sleep)]

    @property
    def sent(self) -> list[str]:
        """Where each request went."""
        return [f"{each.request.method} {each.request.target}" for each in self.asked if isinstance(each, Send | Open)]

    @property
    def ids_sent(self) -> list[str]:
        """From where each stream was asked for."""
        return [each.request.headers.get("last-event-id", "") for each in self.asked if isinstance(each, Open)]
