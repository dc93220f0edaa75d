"""The terms on which a tool is called stand in its contract, and the door keeps its pace."""

from __future__ import annotations

import asyncio

import pytest

from interlock.core.events import Error
from interlock.core.plan import Permissions, ToolTerms
from interlock.core.values import Value
from interlock.tools import BadTool, Done, Failed, tool
from interlock.tools.terms import TermsProblem, parse_usd
from tests.tools.doorstep import SECOND, ManualClock, MemoryJournal, a_call, a_door, begun, lived, performed, the_tool


def test_a_tool_says_on_what_terms_it_is_called() -> None:
    """Policies and budgets read them from the contract, without any code."""

    @tool(
        risk="high",
        hosts=("api.example.com", "*.example.org:443"),
        reads=("src/**",),
        writes=("out/*",),
        external=True,
        rate_per_minute=30,
        usd="0.002",
        undo="refund",
    )
    def pay(amount: int) -> None: ...

    assert the_tool(pay).contract.terms == ToolTerms(
        risk="high",
        permissions=Permissions(
            hosts=("api.example.com", "*.example.org:443"), reads=("src/**",), writes=("out/*",), external=True
        ),
        rate_per_minute=30,
        usd=2_000,
        undo="refund",
    )


def test_a_tool_that_says_nothing_of_terms_has_none() -> None:
    """Its bundle keeps the bytes, and so the hash, that it had before."""

    @tool
    def pay(amount: int) -> None: ...

    assert the_tool(pay).contract.terms is None


@pytest.mark.parametrize(
    ("terms", "problem"),
    [
        ({"risk": "extreme"}, "risk='extreme' is unknown: it is one of low, medium, high"),
        ({"hosts": "api.example.com"}, "hosts is the text 'api.example.com': write hosts=(\"api.example.com\",)"),
        ({"hosts": ("https://example.com",)}, "'https://example.com' names no host"),
        ({"hosts": ("a*.example.com",)}, "names no host"),
        ({"reads": ("",)}, "reads holds what is no text"),
        ({"rate_per_minute": 0}, "rate_per_minute=0 is no number from 1"),
        ({"usd": "2 cents"}, "usd is '2 cents': write dollars as text"),
        ({"usd": "0.0000001"}, "counted in millionths of a dollar"),
        ({"usd": "-1"}, "counted in millionths of a dollar"),
        ({"usd": "NaN"}, "write dollars as text|counted in millionths"),
        ({"usd": 0.002}, "usd is 0.002: write dollars as text"),
    ],
)
def test_terms_that_cannot_be_meant_are_refused_at_the_tool(terms: dict[str, Value], problem: str) -> None:
    """The line of the tool is named, and what to write instead."""

    def pay() -> None: ...

    with pytest.raises(BadTool, match=problem.replace("(", r"\(").replace(")", r"\)").replace("*", r"\*")):
        tool(**terms)(pay)


@pytest.mark.parametrize(("written", "micros"), [("0", 0), ("0.002", 2_000), ("1e-6", 1), ("12.50", 12_500_000)])
def test_dollars_are_read_without_a_float(written: str, micros: int) -> None:
    """A tenth of a cent must not become a hundredth less."""
    assert parse_usd(written) == micros


@pytest.mark.parametrize("written", ["Infinity", "1e400", "", "1_0e99", None, True, []])
def test_what_is_no_amount_is_refused(written: object) -> None:
    """Whatever stands there."""
    with pytest.raises(TermsProblem):
        parse_usd(written)


def test_a_call_needs_what_its_arguments_say() -> None:
    """Which host a general tool speaks to is known only with the call, and policy is asked about that host."""

    def of_url(arguments: Value) -> Permissions:
        return Permissions(hosts=(arguments["url"].split("/")[2],))

    @tool(hosts=("*",), needs=of_url)
    def call(url: str) -> None: ...

    @tool(hosts=("api.example.com",))
    def fixed(url: str) -> None: ...

    arguments = {"url": "https://a.example/x"}
    asked = [the_tool(each).permissions(arguments).hosts for each in (call, fixed)]
    assert asked == [("a.example",), ("api.example.com",)]


@pytest.mark.parametrize("arguments", [{}, {"url": 7}, None, {"url": ""}])
def test_a_call_of_which_nobody_can_say_what_it_needs_is_taken_to_need_all_it_may(arguments: Value) -> None:
    """A model's arguments are judged before they are checked, and must not pass by being nonsense."""

    def of_url(arguments: Value) -> Permissions:
        return Permissions(hosts=(arguments["url"].split("/")[2],))

    @tool(hosts=("*",), needs=of_url)
    def call(url: str) -> None: ...

    assert the_tool(call).permissions(arguments) == Permissions(hosts=("*",))


def test_no_minute_sees_more_calls_than_the_tool_allows() -> None:
    """However many come at once: the first begin now, the rest each when the minute before them has room."""
    started: list[int] = []

    @tool(rate_per_minute=50)
    async def ask() -> None:
        started.append(clock.now() // SECOND)

    clock = ManualClock()

    async def story() -> list[int]:
        door = a_door(clock)
        calls = [begun(the_tool(ask), a_call(), MemoryJournal(), door) for _ in range(120)]
        seen: list[int] = []
        for _ in range(3):
            await _settled()
            seen.append(len(started))
            clock.advance(60 * SECOND)
        await asyncio.gather(*calls)
        return seen

    assert lived(story) == [50, 100, 120]


def test_a_call_that_would_wait_beyond_its_deadline_fails_at_once() -> None:
    """Nothing is gained by waiting for what will be too late; the graph may do something else in that time."""

    @tool(rate_per_minute=1)
    async def ask() -> str:
        return "answer"

    async def story() -> list[object]:
        door = a_door(ManualClock())
        first = await performed(the_tool(ask), a_call(), MemoryJournal(), door)
        late = await performed(the_tool(ask), a_call(deadline=30 * SECOND), MemoryJournal(), door)
        return [first, late]

    told = "`ask` was not called: it may be called 1 times a minute, and its turn is 60.0 s away"
    assert lived(story) == [Done("answer"), Failed(Error("rate_limited", told), retryable=True, calls=0)]


def test_a_call_that_is_stopped_while_it_waits_gives_its_turn_back() -> None:
    """Who comes after it must not wait for somebody who has gone."""

    @tool(rate_per_minute=1)
    async def ask() -> str:
        return "answer"

    clock = ManualClock()

    async def story() -> tuple[object, object]:
        door = a_door(clock)
        await performed(the_tool(ask), a_call(), MemoryJournal(), door)
        waiting = begun(the_tool(ask), a_call(), MemoryJournal(), door)
        await _settled()
        waiting.stop()
        stopped = await waiting
        next_one = begun(the_tool(ask), a_call(), MemoryJournal(), door)
        await _settled()
        clock.advance(60 * SECOND)
        return stopped, await next_one

    stopped, next_one = lived(story)

    assert stopped == Failed(
        Error("cancelled", "`ask` was not called: it was stopped before it had begun"), retryable=False, calls=0
    )
    assert next_one == Done("answer")


async def _settled() -> None:
    """Let everything that can go on go on."""
    for _ in range(20):
        await asyncio.sleep(0)
