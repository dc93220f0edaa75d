"""What tests of the tool door stand on: a journal kept in memory, a clock that tests turn, calls and outcomes."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import Any, Generic, TypeVar

from msgspec import structs

from interlock.core.events import DecisionMade, EffectDone, EffectFailed, EffectIntended, EffectUnknown
from interlock.core.identity import effect_id
from interlock.core.values import Value
from interlock.tools.door import ToolDoor, slots_for
from interlock.tools.in_flight import InFlight
from interlock.tools.journal import GraphEnded, Journal, JournaledStep, Noted, StepEvent
from interlock.tools.outcome import ToolCall, ToolOutcome
from interlock.tools.perform import perform
from interlock.tools.secrets import SecretSource, SecretText
from interlock.tools.tool import Tool, tool_of

T = TypeVar("T")
SECOND = 1_000_000


class ManualClock:
    """Time that passes only when a test says so."""

    def __init__(self) -> None:
        self._now = 0
        self._order = itertools.count()
        self._due: list[tuple[int, int, ManualTimer]] = []

    def now(self) -> int:
        """The time that was advanced to."""
        return self._now

    def call_at(self, due: int, wake: Callable[[], None]) -> ManualTimer:
        """A timer that fires when the clock is advanced to its time."""
        timer = ManualTimer(wake)
        heapq.heappush(self._due, (due, next(self._order), timer))
        return timer

    def advance(self, micros: int) -> None:
        """Let time pass, and fire what is due."""
        self._now += micros
        while self._due and self._due[0][0] <= self._now:
            heapq.heappop(self._due)[2].fire()


class ManualTimer:
    """A wake-up on a manual clock."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake: Callable[[], None] | None = wake

    def cancel(self) -> None:
        """Never fire."""
        self._wake = None

    def fire(self) -> None:
        """Its time has come."""
        if self._wake is not None:
            self._wake()


class MemoryJournal:
    """The journal of one attempt in memory. `next_try` is what the engine would give to a repeat of it."""

    def __init__(self, steps: Sequence[JournaledStep] = (), *, last_heartbeat: Value = None) -> None:
        self.steps = tuple(steps)
        self.last_heartbeat = last_heartbeat
        self.recorded: list[StepEvent] = []
        self.shown: list[tuple[float | None, str]] = []
        self.asked = asyncio.Event()
        self._answers: dict[int, asyncio.Future[Value]] = {}

    async def record(self, body: StepEvent) -> None:
        """Keep the event, after giving others a turn as a store would."""
        await asyncio.sleep(0)
        self.recorded.append(body)

    async def record_all(self, noted: Sequence[Noted]) -> None:
        """Keep the events, one after the other."""
        for each in noted:
            await self.record(each.body)

    async def answered(self, ordinal: int, *, within: str = "") -> Value:  # noqa: ARG002 - the port's signature
        """Wait for `answer`."""
        self.asked.set()
        return await self._answers.setdefault(ordinal, asyncio.get_running_loop().create_future())

    def answer(self, ordinal: int, *, choice: str = "", form: Value = None) -> None:
        """Answer the question that a step asks."""
        self._answers[ordinal].set_result({"choice": choice, "form": form, "why": ""})

    def progress(self, fraction: float | None, text: str) -> None:
        """Keep what was shown."""
        self.shown.append((fraction, text))

    async def graph_ended(self, ordinal: int, *, within: str = "") -> GraphEnded:
        """No step calls graphs here."""
        raise AssertionError(f"step {within}{ordinal} has called no graph")

    async def stop_graph(self, ordinal: int, *, within: str = "") -> bool:
        """No step calls graphs here."""
        raise AssertionError(f"step {within}{ordinal} has called no graph")

    def stop_waiting(self) -> None:
        """Nothing waits."""

    @property
    def is_heard(self) -> bool:
        """No."""
        return False

    @property
    def is_leaving(self) -> bool:
        """No."""
        return False

    def says(self, text: str) -> None:
        """Nobody listens."""

    def heartbeat(self, details: Value) -> None:
        """Keep the details."""
        self.last_heartbeat = details

    def next_try(self) -> MemoryJournal:
        """The journal of a repeat: what this one recorded is on record there."""
        steps = {step.ordinal: step for step in self.steps}
        for body in self.recorded:
            steps[body.ordinal] = _after(steps.get(body.ordinal), body)
        return MemoryJournal([steps[ordinal] for ordinal in sorted(steps)], last_heartbeat=self.last_heartbeat)


def _after(step: JournaledStep | None, body: StepEvent) -> JournaledStep:
    match body:
        case DecisionMade():
            raise AssertionError("tools make no decisions that are recorded")
        case EffectIntended():
            return JournaledStep(
                ordinal=body.ordinal, effect=body.effect, name=body.name, key=body.key, question=body.question
            )
        case EffectDone():
            return structs.replace(_begun(step), status="done", out=body.out)
        case EffectFailed():
            return structs.replace(_begun(step), status="failed", error=body.error)
        case EffectUnknown():
            return structs.replace(_begun(step), status="unknown", error=body.error)


def _begun(step: JournaledStep | None) -> JournaledStep:
    assert step is not None, "a step ended that had not been intended"
    return step


def step_id(ordinal: int, *, attempt: int = 1) -> str:
    """The id of a step of the call that `a_call` makes."""
    return effect_id("run-1", "pay", attempt, ordinal)


def a_call(input: Value | None = None, *, attempt: int = 1, deadline: int | None = None) -> ToolCall:
    """A call with that input."""
    return ToolCall(
        run="run-1",
        path="pay",
        attempt=attempt,
        effect_id=effect_id("run-1", "pay", attempt, 0),
        input={} if input is None else input,
        deadline=deadline,
    )


def a_door(clock: ManualClock | None = None, **settings: Any) -> ToolDoor:  # noqa: ANN401 - a door's own settings
    """A door on a manual clock."""
    settings.setdefault("slots", slots_for(tasks=8, threads=4, processes=2))
    return ToolDoor(clock=clock or ManualClock(), **settings)


def secrets(texts: dict[str, str]) -> SecretSource:
    """Secrets by name."""
    return SecretSource({name: SecretText(text) for name, text in texts.items()})


def the_tool(function: Callable[..., Any]) -> Tool:
    """The tool that a function carries."""
    tool = tool_of(function)
    assert tool is not None
    return tool


class Begun(Generic[T]):
    """Work that was begun, held as the engine holds it: await it for what became of it."""

    def __init__(self, work: Callable[[InFlight[T]], Coroutine[Any, Any, None]]) -> None:
        self._outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._in_flight = InFlight[T](self._outcome.set_result)
        self._in_flight.carry(self._done(work))

    def __await__(self) -> Generator[Any, None, T]:
        return self._outcome.__await__()

    @property
    def is_over(self) -> bool:
        """Whether what became of it was reported."""
        return self._outcome.done()

    def stop(self) -> None:
        """Ask it to stop."""
        self._in_flight.stop()

    async def _done(self, work: Callable[[InFlight[T]], Coroutine[Any, Any, None]]) -> None:
        try:
            await work(self._in_flight)
        except Exception as error:  # noqa: BLE001 - the boundary of a task
            self._outcome.set_exception(error)


def begun(tool: Tool, call: ToolCall, journal: Journal, door: ToolDoor) -> Begun[ToolOutcome]:
    """A call that was begun."""
    return Begun(lambda in_flight: perform(tool, call, journal, door, in_flight))


async def performed(tool: Tool, call: ToolCall, journal: Journal, door: ToolDoor) -> ToolOutcome:
    """What becomes of a call that nobody stops."""
    return await begun(tool, call, journal, door)


def outcome_of(
    function: Callable[..., Any],
    input: Value | None = None,
    *,
    journal: MemoryJournal | None = None,
    door: ToolDoor | None = None,
) -> ToolOutcome:
    """What comes of calling a tool that needs nobody else."""
    return lived(lambda: performed(the_tool(function), a_call(input), journal or MemoryJournal(), door or a_door()))


def lived(story: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What a story comes to on an event loop of its own; one that hangs is ended."""
    return asyncio.run(asyncio.wait_for(story(), timeout=20))
