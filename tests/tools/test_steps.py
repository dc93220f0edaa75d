"""A tool journals its steps: each is on record before the tool goes on, and a repeat makes none of them twice."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any, cast

import pytest

from interlock.core.events import EffectDone, EffectFailed, EffectIntended, EffectUnknown, Error, Question
from interlock.tools import (
    AsyncToolContext,
    Done,
    Failed,
    JournaledStep,
    StepFailed,
    ToolContext,
    ToolFailed,
    Unknown,
    tool,
)
from tests.tools.doorstep import MemoryJournal, a_call, a_door, begun, lived, outcome_of, performed, step_id, the_tool

made: list[str] = []


@pytest.fixture(autouse=True)
def nothing_made_yet() -> None:
    """Each test sees only what was made in it."""
    made.clear()


def make(what: str) -> Callable[[str], str]:
    """A step's function: it notes that it was called, and with which id."""

    def step(id_: str) -> str:
        made.append(f"{what} {id_}")
        return f"{what} made"

    return step


@tool
async def buy(ctx: AsyncToolContext) -> list[str]:
    """Charge, then ship."""
    charged = await ctx.effect("charge", make("charge"), key="order-7")
    return [charged, await ctx.effect("ship", make("ship"))]


@tool
def buy_blocking(ctx: ToolContext) -> list[str]:
    """Charge, then ship."""
    charged = ctx.effect("charge", make("charge"), key="order-7")
    return [charged, ctx.effect("ship", make("ship"))]


both = pytest.mark.parametrize("function", [buy, buy_blocking])


@both
def test_a_step_is_intended_on_record_then_made_then_done_on_record(function: Callable[..., object]) -> None:
    """Whatever crashes where: what is on record says what may have happened."""
    journal = MemoryJournal()

    outcome = outcome_of(function, journal=journal)

    assert outcome == Done(["charge made", "ship made"], calls=3)
    assert journal.recorded == [
        EffectIntended(1, step_id(1), "charge", key="order-7"),
        EffectDone(1, step_id(1), "charge made"),
        EffectIntended(2, step_id(2), "ship"),
        EffectDone(2, step_id(2), "ship made"),
    ]
    assert made == [f"charge {step_id(1)}", f"ship {step_id(2)}"]


@both
def test_a_repeat_answers_recorded_steps_from_the_journal(function: Callable[..., object]) -> None:
    """The card was charged before the crash: it must not be charged again after it."""
    before = MemoryJournal()
    before.recorded = [
        EffectIntended(1, step_id(1), "charge", key="order-7"),
        EffectDone(1, step_id(1), "charged before the crash"),
    ]

    outcome = outcome_of(function, journal=before.next_try())

    assert outcome == Done(["charged before the crash", "ship made"], calls=2)
    assert made == [f"ship {step_id(2)}"]


def test_a_repeat_under_another_attempt_keeps_the_ids_of_the_one_that_began() -> None:
    """The id is the idempotency key that the other side knows; a count of attempts must not change it."""
    repeat = a_call(attempt=2)
    repeat = type(repeat)(
        run=repeat.run, path=repeat.path, attempt=2, first_attempt=1, effect_id=a_call().effect_id, input={}
    )

    lived(lambda: performed(the_tool(buy), repeat, MemoryJournal(), a_door()))

    assert made == [f"charge {step_id(1)}", f"ship {step_id(2)}"]


def test_another_step_in_a_recorded_place_ends_the_attempt_as_invalid() -> None:
    """Answering a refund with the recorded charge would be worse than failing."""
    step = JournaledStep(ordinal=1, effect=step_id(1), name="refund", status="done", out="refunded")

    outcome = outcome_of(buy, journal=MemoryJournal([step]))

    message = (
        "step 1 was `refund` before and is `charge` for `order-7` now: "
        "a tool's steps must come in the same order each time"
    )
    assert outcome == Failed(Error("invalid", message), retryable=False)
    assert made == []


def test_another_key_in_a_recorded_place_ends_the_attempt_as_invalid() -> None:
    """The same step for another order is another step."""
    step = JournaledStep(ordinal=1, effect=step_id(1), name="charge", key="order-6", status="done", out="charged")

    outcome = outcome_of(buy, journal=MemoryJournal([step]))

    assert isinstance(outcome, Failed)
    assert outcome.error.message.startswith(
        "step 1 was `charge` for `order-6` before and is `charge` for `order-7` now"
    )


def test_an_attempt_that_ended_stays_ended_whatever_the_tool_catches() -> None:
    """`except BaseException` in a tool must not turn a broken order into a result."""

    @tool
    async def catches_all(ctx: AsyncToolContext) -> str:
        try:
            await ctx.effect("charge", make("charge"))
        except BaseException:  # noqa: BLE001 - on purpose
            return "all is well"
        return "charged"

    step = JournaledStep(ordinal=1, effect=step_id(1), name="refund", status="done")

    outcome = outcome_of(catches_all, journal=MemoryJournal([step]))

    assert isinstance(outcome, Failed)
    assert outcome.error.kind == "invalid"


@both
def test_a_once_step_that_was_begun_and_not_recorded_leaves_the_attempt_unknown(
    function: Callable[..., object],
) -> None:
    """Perhaps the card was charged, perhaps not: that is for the other side or a person to say (rule 33)."""
    journal = MemoryJournal([JournaledStep(ordinal=1, effect=step_id(1), name="charge", key="order-7")])

    outcome = outcome_of(function, journal=journal)

    message = "step 1 `charge` for `order-7` was begun and its result is not on record: whether it happened is unknown"
    error = Error("lost", message, path="pay.1")
    assert outcome == Unknown(error)
    assert journal.recorded == [EffectUnknown(1, step_id(1), error)]
    assert made == []


def test_a_doubt_that_is_on_record_is_not_recorded_again() -> None:
    """The log tells each fact once."""
    journal = MemoryJournal(
        [JournaledStep(ordinal=1, effect=step_id(1), name="charge", key="order-7", status="unknown")]
    )

    outcome = outcome_of(buy, journal=journal)

    assert isinstance(outcome, Unknown)
    assert journal.recorded == []


def test_a_step_that_is_known_not_to_have_happened_is_made_under_its_id() -> None:
    """Somebody looked it up: nothing arrived, so it may be sent, and the other side sees the same key.

    It is begun on record once more: if nobody hears of this try, it is in doubt again.
    """
    journal = MemoryJournal(
        [JournaledStep(ordinal=1, effect=step_id(1), name="charge", key="order-7", status="not_done")]
    )

    outcome = outcome_of(buy, journal=journal)

    assert outcome == Done(["charge made", "ship made"], calls=3)
    assert journal.recorded[:2] == [
        EffectIntended(1, step_id(1), "charge", key="order-7"),
        EffectDone(1, step_id(1), "charge made"),
    ]


@pytest.mark.parametrize("effect", ["read", "idempotent"])
def test_a_repeatable_step_that_was_begun_is_simply_made_again(effect: str) -> None:
    """Reading twice harms nobody, and an idempotent call with the same id counts once."""

    @tool
    async def look(ctx: AsyncToolContext) -> str:
        return await ctx.effect("look", make("look"), effect=effect)  # pyright: ignore[reportArgumentType] - a class

    journal = MemoryJournal([JournaledStep(ordinal=1, effect=step_id(1), name="look")])

    outcome = outcome_of(look, journal=journal)

    assert outcome == Done("look made", calls=2)
    assert journal.recorded == [EffectDone(1, step_id(1), "look made")]


def fail() -> None:
    """A step that fails and knows how."""
    made.append("fail")
    raise ToolFailed("the shop is closed", kind="unavailable")


@tool
async def shop(ctx: AsyncToolContext) -> str:
    """Order, or say why not."""
    try:
        await ctx.effect("order", fail)
    except StepFailed as failed:
        return f"{failed.name}: {failed.kind}: {failed}"
    return "ordered"


@tool
def shop_blocking(ctx: ToolContext) -> str:
    """Order, or say why not."""
    try:
        ctx.effect("order", fail)
    except StepFailed as failed:
        return f"{failed.name}: {failed.kind}: {failed}"
    return "ordered"


@pytest.mark.parametrize("function", [shop, shop_blocking])
def test_a_failing_step_is_recorded_and_fails_alike_on_a_repeat(function: Callable[..., object]) -> None:
    """A tool that takes another way after a failure must take the same way when it is repeated."""
    first = MemoryJournal()

    outcome = outcome_of(function, journal=first)
    repeated = outcome_of(function, journal=first.next_try())

    assert outcome == Done("order: unavailable: the shop is closed", calls=2)
    assert repeated == Done("order: unavailable: the shop is closed", calls=1)
    assert first.recorded == [
        EffectIntended(1, step_id(1), "order"),
        EffectFailed(1, step_id(1), Error("unavailable", "the shop is closed")),
    ]
    assert made == ["fail"]


def test_a_step_that_fails_unseen_fails_the_tool_with_its_class() -> None:
    """A busy shop is worth a retry of the node, and the step's own words say why."""

    @tool
    async def careless(ctx: AsyncToolContext) -> None:
        await ctx.effect("order", fail)

    assert outcome_of(careless) == Failed(Error("unavailable", "the shop is closed"), calls=2)


def test_steps_that_run_side_by_side_are_numbered_as_they_were_begun() -> None:
    """The order of results is chance; the order of asking is the program's."""

    @tool
    async def both_at_once(ctx: AsyncToolContext) -> list[object]:
        return list(await asyncio.gather(ctx.effect("left", make("left")), ctx.effect("right", make("right"))))

    journal = MemoryJournal()

    outcome = outcome_of(both_at_once, journal=journal)

    assert outcome == Done(["left made", "right made"], calls=3)
    assert [body for body in journal.recorded if isinstance(body, EffectIntended)] == [
        EffectIntended(1, step_id(1), "left"),
        EffectIntended(2, step_id(2), "right"),
    ]


def test_the_result_of_a_step_is_what_was_recorded_also_the_first_time() -> None:
    """A tuple that comes back as a list only after a crash would be a bug that nobody can find."""

    @tool
    async def measure(ctx: AsyncToolContext) -> bool:
        return await ctx.effect("measure", lambda: (1, 2)) == [1, 2]

    assert outcome_of(measure) == Done(out=True, calls=2)


QUESTION = Question("Release it?", ("release", "reject"))


@tool
async def release(ctx: AsyncToolContext) -> str:
    """Ask whether to release."""
    return await ctx.ask("Release it?", choices=["release", "reject"])


@tool
def release_blocking(ctx: ToolContext) -> str:
    """Ask whether to release."""
    return ctx.ask("Release it?", choices=["release", "reject"])


@pytest.mark.parametrize("function", [release, release_blocking])
def test_a_question_waits_for_the_person_and_is_answered_once(function: Callable[..., object]) -> None:
    """Nobody wants to be asked again because a machine was restarted."""

    async def story() -> object:
        journal, door = MemoryJournal(), a_door()
        call = begun(the_tool(function), a_call(), journal, door)
        await journal.asked.wait()
        journal.answer(1, choice="release")
        first = await call
        answered = JournaledStep(
            ordinal=1,
            effect=step_id(1),
            name="ask",
            status="done",
            out={"choice": "release", "form": None, "why": ""},
            question=QUESTION,
        )
        repeat = MemoryJournal([answered])
        again = await performed(the_tool(function), a_call(), repeat, door)
        return first, journal.recorded, again, repeat.recorded

    intended = EffectIntended(1, step_id(1), "ask", question=QUESTION)
    assert lived(story) == (Done("release"), [intended], Done("release"), [])


def test_a_question_that_is_still_open_is_waited_for_again_and_not_asked_again() -> None:
    """The person sees one question, though the tool that asks was started twice."""

    async def story() -> object:
        journal = MemoryJournal([JournaledStep(ordinal=1, effect=step_id(1), name="ask", question=QUESTION)])
        call = begun(the_tool(release), a_call(), journal, a_door())
        await journal.asked.wait()
        journal.answer(1, choice="reject")
        return await call, journal.recorded

    assert lived(story) == (Done("reject"), [])


def test_a_form_comes_back_as_it_was_filled_in() -> None:
    """A form is a schema: the door that takes the answer has checked it."""
    form = {"type": "object", "properties": {"hours": {"type": "integer"}}}

    @tool
    async def plan(ctx: AsyncToolContext) -> dict[str, int]:
        return await ctx.ask("How long?", form=form)

    async def story() -> object:
        journal = MemoryJournal()
        call = begun(the_tool(plan), a_call(), journal, a_door())
        await journal.asked.wait()
        journal.answer(1, form={"hours": 3})
        return await call

    assert lived(story) == Done({"hours": 3})


def test_a_question_without_an_answer_to_choose_is_refused() -> None:
    """A question that nobody can answer would wait for ever."""

    @tool
    async def wonder(ctx: AsyncToolContext) -> str:
        return await ctx.ask("Well?")

    error = Error("invalid", "the question 'Well?' needs either choices or a form")
    assert outcome_of(wonder) == Failed(error, retryable=False)


LONG = "x" * 20_000

WRONG: list[tuple[Callable[[ToolContext], object], str]] = [
    (lambda ctx: ctx.effect("pay", list, key=cast("str", 7)), "the key of step 'pay' is 7: give a text"),
    (lambda ctx: ctx.effect(cast("str", None), list), "the name of a step is None: give a text"),
    (lambda ctx: ctx.effect("half a \ud800", list), "the name of a step is text with a lone surrogate"),
    (lambda ctx: ctx.effect(LONG, list), "the name of a step has 20,000 characters, more than 16,000"),
    (lambda ctx: ctx.effect("pay", list, effect=cast("Any", "twice")), "step 'pay': effect='twice' is unknown"),
    (lambda ctx: ctx.ask(cast("str", 5), choices=["a"]), "a question is 5: give a text"),
    (lambda ctx: ctx.ask("Well?", choices=cast("Any", [1, 2])), "a choice of the question 'Well?' is 1: give a text"),
    (lambda ctx: ctx.ask("Well?", choices="yes"), "the choices of the question 'Well?' are one text"),
    (lambda ctx: ctx.ask("Well?", choices=["a", "a"]), "the choices of the question 'Well?' must be different"),
    (lambda ctx: ctx.ask("Well?", form={"type": "odd"}), "the form of the question 'Well?' cannot be used: `odd`"),
    (
        lambda ctx: ctx.ask("Well?", form={"$ref": "http://x.invalid"}),
        "the form of the question 'Well?' cannot be used",
    ),
    (lambda ctx: ctx.progress(cast("float", "half")), "the progress 'half' is no number between 0 and 1"),
    (lambda ctx: ctx.progress(math.nan), "the progress nan is no number between 0 and 1"),
    (lambda ctx: ctx.heartbeat(object()), "details is a object"),
]
"""What a tool may say wrongly, and what it is told."""


@pytest.mark.parametrize(("says", "told"), WRONG)
def test_what_could_not_be_read_again_is_refused_before_it_is_on_record(
    says: Callable[[ToolContext], object], told: str
) -> None:
    """A slip of a tool is its own failure, at its own line; it must never make the log of its run unreadable."""

    @tool
    def slips(ctx: ToolContext) -> None:
        says(ctx)

    journal = MemoryJournal()
    outcome = outcome_of(slips, journal=journal)

    assert isinstance(outcome, Failed)
    assert (outcome.error.kind, outcome.retryable) == ("invalid", False)
    assert told in outcome.error.message
    assert journal.recorded == []


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_a_step_that_exits_has_failed_on_record(error: BaseException) -> None:
    """Else the ledger would show it as under way for ever."""

    def exits() -> None:
        raise error

    @tool
    def closes(ctx: ToolContext) -> None:
        ctx.effect("close", exits)

    journal = MemoryJournal()
    outcome_of(closes, journal=journal)

    assert [type(event) for event in journal.recorded] == [EffectIntended, EffectFailed]


@pytest.mark.parametrize("function", [release, release_blocking])
def test_a_tool_that_waits_for_a_person_can_be_stopped(function: Callable[..., object]) -> None:
    """A cancelled run withdraws its questions; a thread must not wait for an answer that cannot come."""

    async def story() -> object:
        journal, door = MemoryJournal(), a_door()
        call = begun(the_tool(function), a_call(), journal, door)
        await journal.asked.wait()
        call.stop()
        return type(await call), door.slots[the_tool(function).runs].free

    assert lived(story) == (Unknown, {"task": 8, "thread": 4}[the_tool(function).runs])


def test_no_step_begins_after_the_tool_was_asked_to_stop() -> None:
    """A cancel that lets new payments begin is no cancel (rule 34)."""

    async def story() -> object:
        journal, started = MemoryJournal(), asyncio.Event()

        @tool
        async def keeps_going(ctx: AsyncToolContext) -> None:
            started.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await ctx.effect("charge", make("charge"))

        call = begun(the_tool(keeps_going), a_call(), journal, a_door())
        await started.wait()
        call.stop()
        return type(await call), journal.recorded

    assert lived(story) == (Unknown, [])
    assert made == []


def test_progress_is_shown_and_a_heartbeat_is_readable_on_the_next_try() -> None:
    """A download goes on where it was, without any of it being in the log."""

    @tool
    def download(ctx: ToolContext) -> object:
        ctx.progress(0.5, "half of it")
        ctx.heartbeat({"page": 3})
        return ctx.last_heartbeat

    first = MemoryJournal()
    again = MemoryJournal(last_heartbeat={"page": 2})

    assert outcome_of(download, journal=first) == Done(None)
    assert (first.shown, first.last_heartbeat, first.recorded) == ([(0.5, "half of it")], {"page": 3}, [])
    assert outcome_of(download, journal=again) == Done({"page": 2})


def test_a_context_tells_which_call_this_is() -> None:
    """What a tool needs for its own logs, and the key that makes its call idempotent."""

    @tool
    async def introduce(ctx: AsyncToolContext) -> list[object]:
        return [ctx.run, ctx.path, ctx.attempt, ctx.effect_id, ctx.deadline]

    async def story() -> object:
        return await performed(the_tool(introduce), a_call(deadline=1_500_000), MemoryJournal(), a_door())

    assert lived(story) == Done(["run-1", "pay", 1, a_call().effect_id, "1970-01-01T00:00:01.500000Z"])
