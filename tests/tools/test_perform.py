"""A call goes in with its input and comes back with one outcome, whatever the tool does."""

from __future__ import annotations

import asyncio
import enum
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
from msgspec import to_builtins
from pydantic import BaseModel, field_validator

from interlock.core.events import Error
from interlock.core.values import decode, encode
from interlock.tools import AsyncToolContext, Done, Failed, Labelled, ToolFailed, slots_for, tool
from tests.tools.doorstep import ManualClock, MemoryJournal, a_call, a_door, begun, lived, outcome_of, the_tool


@tool
async def add(a: int, b: int = 2) -> int:
    """Add two numbers."""
    return a + b


@tool
def add_blocking(a: int, b: int = 2) -> int:
    """Add two numbers."""
    return a + b


@pytest.mark.parametrize("function", [add, add_blocking])
def test_a_tool_is_called_with_its_input_and_its_defaults(function: Callable[..., object]) -> None:
    """Async or blocking is the author's choice, and the caller's never."""
    assert outcome_of(function, {"a": 40}) == Done(42)


def test_input_that_breaks_the_contract_never_reaches_the_tool() -> None:
    """Calls 0: a limit on calls must not be charged for what was refused at the door."""
    reached: list[object] = []

    @tool
    async def take(a: int) -> None:
        reached.append(a)

    outcome = outcome_of(take, {"a": "forty"})

    assert isinstance(outcome, Failed)
    assert (outcome.error.kind, outcome.retryable, outcome.calls) == ("invalid", False, 0)
    assert "the input of `take` breaks its contract" in outcome.error.message
    assert reached == []


class Order(BaseModel):
    """An order as the shop's code knows it."""

    number: int
    due: date

    @field_validator("number")
    @classmethod
    def is_ours(cls, number: int) -> int:
        """Our orders have three digits."""
        if number > 999:
            raise ValueError("not one of our orders")
        return number


class Size(enum.StrEnum):
    """How large the parcel is."""

    SMALL = "small"


@dataclass
class Receipt:
    """What the shop answers."""

    order: Order
    size: Size


@tool
def book(order: Order, size: Size) -> Receipt:
    """Book an order."""
    return Receipt(order, size)


def test_annotations_become_objects_on_the_way_in_and_json_on_the_way_out() -> None:
    """Authors work with their own types; the log holds nothing but JSON data."""
    order = {"number": 7, "due": "2026-01-31"}

    assert outcome_of(book, {"order": order, "size": "small"}) == Done({"order": order, "size": "small"})


def test_what_a_model_refuses_is_an_invalid_input_and_names_the_field() -> None:
    """A schema cannot say everything that an author's validators know."""
    outcome = outcome_of(book, {"order": {"number": 1001, "due": "2026-01-31"}, "size": "small"})

    message = "input.order.number: Value error, not one of our orders"
    assert outcome == Failed(Error("invalid", message), retryable=False)


@tool
def explode() -> None:
    """Fail unexpectedly."""
    raise RuntimeError("no paper")


def test_an_exception_is_a_known_failure_told_with_its_type_and_the_authors_line() -> None:
    """The author needs the line that is theirs, and nobody needs a traceback of ours."""
    line = explode.__code__.co_firstlineno + 3

    outcome = outcome_of(explode)

    assert outcome == Failed(Error("failed", f"RuntimeError: no paper (tests/tools/test_perform.py:{line})"))


def test_a_tool_that_knows_how_it_failed_decides_class_and_whether_to_retry() -> None:
    """Only the tool can tell a busy service from an order that will never be accepted."""

    @tool
    async def refuse() -> None:
        raise ToolFailed("the shop is closed", kind="unavailable", retryable=False)

    assert outcome_of(refuse) == Failed(Error("unavailable", "the shop is closed"), retryable=False)


def test_a_timeout_inside_the_tool_is_an_ordinary_failure() -> None:
    """Our deadline leaves the outcome unknown; a timeout that the tool caught itself is a fact it knows of."""

    @tool
    async def impatient() -> None:
        raise TimeoutError

    outcome = outcome_of(impatient)

    assert isinstance(outcome, Failed)
    assert outcome.error.kind == "failed"
    assert outcome.error.message.startswith("TimeoutError")


@tool
async def leaves() -> None:
    """Exit, as scripts do."""
    sys.exit(3)


@tool
def leaves_its_thread() -> None:
    """Exit, as scripts do."""
    sys.exit(3)


@pytest.mark.parametrize("function", [leaves, leaves_its_thread])
def test_a_tool_that_exits_fails_alone(function: Callable[..., object]) -> None:
    """`sys.exit` in somebody's script must not end the engine."""
    outcome = outcome_of(function)

    assert isinstance(outcome, Failed)
    assert outcome.error.message.startswith("it called exit(3)")


@tool
async def returns_set() -> object:
    """Return what JSON does not know."""
    return {"found": [1, {2}]}


class Mute(Exception):
    """An error that fails when it is asked what it says."""

    def __str__(self) -> str:
        raise SystemExit


class Odd(BaseException):
    """An error that no `except Exception` catches."""


NASTY = [
    (SystemExit(3), "failed", "it called exit(3)"),
    (SystemExit(Mute()), "failed", "it called exit(Mute())"),
    (KeyboardInterrupt(), "failed", "KeyboardInterrupt"),
    (GeneratorExit(), "failed", "GeneratorExit"),
    (Odd("odd"), "failed", "Odd: odd"),
    (Mute(), "failed", "Mute"),
    (MemoryError(), "failed", "MemoryError"),
    (ValueError("half a \ud800"), "failed", "ValueError: half a \\ud800"),
    (ValueError("x" * 10_000_000), "failed", "ValueError: xxx"),
    (ToolFailed("no", kind="wrong"), "failed", "no (its kind 'wrong' is none: timeout, "),  # pyright: ignore[reportArgumentType] - on purpose
    (ToolFailed("half a \udfff", kind="refused"), "refused", "half a \\udfff"),
]
"""What a tool may raise, and how its failure is told."""


@pytest.mark.parametrize(("error", "kind", "told"), NASTY, ids=[told for _, _, told in NASTY])
@pytest.mark.parametrize("is_async", [True, False])
def test_whatever_a_tool_raises_is_a_known_failure_that_can_be_recorded(
    error: BaseException, kind: str, told: str, *, is_async: bool
) -> None:
    """A tool must neither end the process that drives a hundred runs nor leave a log that cannot be read again."""

    @tool
    async def breaks() -> None:
        raise error

    @tool
    def breaks_its_thread() -> None:
        raise error

    outcome = outcome_of(breaks if is_async else breaks_its_thread)

    assert isinstance(outcome, Failed)
    assert (outcome.error.kind, outcome.error.message[: len(told)]) == (kind, told)
    assert len(outcome.error.message) < 5_000
    assert decode(encode(to_builtins(outcome.error))) == to_builtins(outcome.error)


class Trap(BaseModel):
    """Input whose validator does more than to validate."""

    number: int

    @field_validator("number")
    @classmethod
    def explode(cls, number: int) -> int:
        """End the program."""
        raise KeyboardInterrupt(number)


def test_a_validator_that_breaks_is_a_failure_of_the_tool() -> None:
    """Annotations run code as well, before the function does."""

    @tool
    async def take(trap: Trap) -> None:
        """Never called."""

    outcome = outcome_of(take, {"trap": {"number": 1}})

    assert isinstance(outcome, Failed)
    assert outcome.error.message.startswith("KeyboardInterrupt: 1 (tests/tools/test_perform.py:")


def test_a_result_that_is_no_value_fails_and_says_where() -> None:
    """The effect may well have happened, so it is not repeated for the sake of its result."""
    outcome = outcome_of(returns_set)

    assert isinstance(outcome, Failed)
    assert (outcome.error.kind, outcome.retryable) == ("invalid", False)
    assert outcome.error.message.startswith("result.found[1] is a set")


def test_a_result_that_breaks_the_contract_fails() -> None:
    """Graphs are checked against the contract, so what breaks it must not flow on."""

    @tool
    async def lies() -> int:
        return "seven"  # pyright: ignore[reportReturnType] - on purpose

    outcome = outcome_of(lies)

    assert isinstance(outcome, Failed)
    assert (outcome.error.kind, outcome.retryable) == ("invalid", False)
    assert outcome.error.message.startswith("the result of `lies` breaks its contract: ")


def test_a_result_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound on every payload: one tool must not fill the store."""
    monkeypatch.setattr("interlock.core.canonical.VALUE_BYTES_MAX", 100)

    @tool
    async def verbose() -> str:
        return "x" * 200

    outcome = outcome_of(verbose)

    assert isinstance(outcome, Failed)
    assert outcome.error.message == ("result is 202 bytes long, more than 100: keep it outside and pass its address")


@tool(labels=("risky", "small"))
async def assess() -> Labelled[dict[str, int]]:
    """Judge something."""
    return Labelled({"score": 3}, "risky", "small")


def test_labels_come_back_beside_the_result() -> None:
    """Edges wait for labels; values flow into inputs."""
    assert outcome_of(assess) == Done({"score": 3}, ("risky", "small"))


def test_a_label_that_was_not_declared_fails() -> None:
    """A graph that waits for labels was checked against those declared."""

    @tool(labels=("risky",))
    async def surprise() -> Labelled[int]:
        return Labelled(1, "odd")

    outcome = outcome_of(surprise)

    message = (
        "`surprise` returned the label 'odd', which it does not declare (declared: risky): add it to labels of @tool"
    )
    assert outcome == Failed(Error("invalid", message), retryable=False)


def test_calls_beyond_the_slots_wait_their_turn_and_are_served_in_order() -> None:
    """Ten thousand items of an `each` must not mean ten thousand connections."""
    order: list[int] = []

    async def story() -> list[object]:
        release = asyncio.Event()

        @tool
        async def visit(n: int) -> int:
            order.append(n)
            await release.wait()
            return n

        door = a_door()
        calls = [begun(the_tool(visit), a_call({"n": n}), MemoryJournal(), door) for n in range(20)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(order) == 8
        release.set()
        return [await call for call in calls]

    assert lived(story) == [Done(n) for n in range(20)]
    assert order == list(range(20))


def test_a_call_that_finds_no_slot_before_its_deadline_is_a_known_failure() -> None:
    """The tool was never reached, so the call can be repeated without asking anybody."""

    async def story() -> object:
        clock, hold = ManualClock(), asyncio.Event()
        started = asyncio.Event()

        @tool
        async def occupy() -> None:
            started.set()
            await hold.wait()

        door = a_door(clock, slots=slots_for(tasks=1))
        first = begun(the_tool(occupy), a_call(), MemoryJournal(), door)
        await started.wait()
        second = begun(the_tool(add), a_call({"a": 1}, deadline=5), MemoryJournal(), door)
        await asyncio.sleep(0)
        clock.advance(5)
        refused = await second
        hold.set()
        return refused, await first, door.slots["task"].free

    message = "`add` was not called: no slot was free before its deadline"
    assert lived(story) == (Failed(Error("timeout", message), calls=0), Done(None), 1)


def test_a_journal_that_cannot_be_written_is_the_engines_error_not_the_tools() -> None:
    """A lost lease must stop the engine, not appear as a failure of somebody's tool."""

    class BrokenJournal(MemoryJournal):
        async def record(self, body: object) -> None:  # noqa: ARG002 - the port's signature
            raise ConnectionError("the store is gone")

    @tool
    async def pay(ctx: AsyncToolContext) -> str:
        try:
            return await ctx.effect("charge", lambda: "paid")
        except Exception:  # noqa: BLE001 - on purpose: it must not get in between
            return "caught"

    with pytest.raises(ConnectionError, match="the store is gone"):
        outcome_of(pay, journal=BrokenJournal())


def test_the_loop_of_a_tool_that_stops_itself_goes_on() -> None:
    """A tool that cancels its own task harms nobody's but its own."""

    @tool
    async def gives_up() -> None:
        raise asyncio.CancelledError

    assert outcome_of(gives_up) == Failed(Error("failed", "`gives_up` stopped itself: nobody asked it to"))
