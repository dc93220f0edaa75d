"""A tool's `reconcile` says what became of an effect in doubt; what it cannot say goes to a person (rule 33)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from interlock.core.values import Secret, Value
from interlock.tools import (
    CannotTell,
    DidNotTakePlace,
    Reconciled,
    TookPlace,
    Tool,
    ToolDoor,
    ask_reconcile,
    cannot_tell,
    done,
    not_done,
    tool,
)
from tests.tools.doorstep import SECOND, Begun, ManualClock, a_door, lived, secrets, the_tool


def begun_asking(pay: Tool, called_with: Value, door: ToolDoor) -> Begun[Reconciled]:
    """A tool that is being asked what became of the effect `e-7`."""
    return Begun(lambda in_flight: ask_reconcile(pay, called_with, "e-7", door, in_flight))


async def answer_of(pay: Tool, called_with: Value, door: ToolDoor) -> Reconciled:
    """What it says."""
    return await begun_asking(pay, called_with, door)


def asked(hook: Callable[..., Any] | None) -> Reconciled:
    """What a tool with this hook says of the effect `e-7`."""

    @tool(reconcile=hook)
    def pay(amount: int, token: str) -> dict[str, int]:
        return {"paid": amount}

    called_with = {"amount": 3, "token": Secret("token")}
    door = a_door(secrets=secrets({"token": "x-4711"}))
    return lived(lambda: answer_of(the_tool(pay), called_with, door))


async def looks_it_up(effect_id: str, amount: int) -> TookPlace:
    """Find the payment."""
    assert effect_id == "e-7"
    return done({"paid": amount})


def looks_it_up_blocking(**known: Any) -> TookPlace:  # noqa: ANN401 - everything there is
    """Find the payment."""
    assert known == {"effect_id": "e-7", "amount": 3, "token": "x-4711"}
    return done({"paid": known["amount"]})


@pytest.mark.parametrize("hook", [looks_it_up, looks_it_up_blocking])
def test_a_hook_gets_the_effect_id_and_the_input_and_answers_with_the_result(hook: Callable[..., Any]) -> None:
    """The run goes on as if the answer had not got lost."""
    assert asked(hook) == TookPlace({"paid": 3})


def test_a_hook_may_say_that_nothing_happened() -> None:
    """Then the effect is called again under the same id."""

    def finds_nothing() -> DidNotTakePlace:
        return not_done()

    assert asked(finds_nothing) == DidNotTakePlace()


def test_a_hook_may_say_that_it_cannot_tell_and_why_without_telling_secrets() -> None:
    """The reason is for the person who is asked next."""

    def is_refused(token: str) -> CannotTell:
        return cannot_tell(f"no answer to {token}")

    assert asked(is_refused) == CannotTell("no answer to ***")


def breaks() -> None:
    """Cannot reach the shop."""
    raise ConnectionError("no route")


@pytest.mark.parametrize(
    ("hook", "why"),
    [
        (None, "`pay` has no reconcile hook"),
        (breaks, "ConnectionError: no route (tests/tools/test_reconciling.py:"),
        (lambda: None, "the reconcile hook returned nothing: it must answer done(result), not_done() or cannot_tell()"),
        (lambda: "done", "the reconcile hook of `pay` returned a str: it must answer done(result)"),
        (
            lambda: done({"paid": "three"}),
            "the reconcile hook of `pay` answered done, but its result breaks the contract",
        ),
        (lambda: done({1, 2}), "the reconcile hook of `pay` answered done, but result is a set"),
    ],
)
def test_whatever_else_a_hook_does_it_could_not_tell(hook: Callable[..., Any] | None, why: str) -> None:
    """A hook that breaks must neither repeat a payment nor invent one."""
    answer = asked(hook)

    assert isinstance(answer, CannotTell)
    assert answer.why.startswith(why)


def test_a_hook_that_says_nothing_in_time_could_not_tell() -> None:
    """A run in doubt must not wait for ever without anybody knowing."""

    async def story() -> object:
        clock, started = ManualClock(), asyncio.Event()

        async def silent() -> None:
            started.set()
            await asyncio.Event().wait()

        @tool(reconcile=silent)
        async def pay() -> None: ...

        door = a_door(clock)
        answer = begun_asking(the_tool(pay), {}, door)
        await started.wait()
        clock.advance(60 * SECOND)
        return await answer, door.slots["task"].free

    assert lived(story) == (CannotTell("the reconcile hook of `pay` did not answer in time"), 8)
