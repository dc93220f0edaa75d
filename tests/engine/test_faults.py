"""Faults put in on purpose: each is one line, and a run lives through it as it would through the real one."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import get_args

import pytest

from interlock import Interlock, tool
from interlock.core.events import NodeResult, ResultLate
from interlock.faults import (
    AnswerLost,
    ClockJumped,
    DeliveredTwice,
    Fault,
    Killed,
    LeaseDropped,
    RateLimited,
    Slow,
    Unavailable,
    drawn,
)
from interlock.faults.store import Unanswered
from interlock.store import LeaseLostError, StoreError
from tests.embedded.workshop import graph
from tests.engine.soundness import assert_sound
from tests.store.event_loop import in_event_loop

CALLED: list[str] = []


@pytest.fixture(autouse=True)
def nothing_called_yet() -> None:
    """Each test sees only its own calls."""
    CALLED.clear()


@tool(effect="idempotent")
async def write(name: str) -> str:
    """Write a name."""
    CALLED.append(name)
    return name


def writing(name: str, **keys: object) -> dict[str, object]:
    """A node that writes its name."""
    return {"tool": "write", "input": {"name": name}, **keys}


@pytest.mark.parametrize("fault", [Unavailable("write", times=2), RateLimited("write", times=2)])
def test_a_tool_that_is_not_reached_is_tried_again(fault: Fault) -> None:
    """Two bad minutes of a service are what `retry` is for."""
    patient = writing("a", retry={"attempts": 3, "backoff": "1ms"})

    result = Interlock(tools=[write], faults=[fault]).run(graph({"a": patient}))

    assert (result.status, result.nodes["a"].attempts, CALLED) == ("succeeded", 3, ["a"])


def test_a_tool_that_is_not_reached_often_enough_fails() -> None:
    """With the error that the real thing would have."""
    result = Interlock(tools=[write], faults=[Unavailable("write")]).run(graph({"a": writing("a")}))

    assert result.error is not None
    assert (result.status, result.error.kind, CALLED) == ("failed", "unavailable", [])


def test_a_slow_tool_meets_its_deadline() -> None:
    """A timeout that never fires is not tested."""
    result = Interlock(tools=[write], faults=[Slow("write", "1h")]).run(graph({"a": writing("a", timeout="20ms")}))

    assert result.error is not None
    assert (result.error.kind, CALLED) == ("timeout", [])


def test_a_tool_that_is_only_a_little_late_is_none_the_worse() -> None:
    """Slow is not broken."""
    assert Interlock(tools=[write], faults=[Slow("write", "1ms")]).run(graph({"a": writing("a")})).status == "succeeded"


KILLED = """
import sys
from pathlib import Path

from interlock import Interlock, tool
from interlock.faults import Killed

FAULTS = {
    "call": Killed(at=2),
    "append": Killed(at=2, of="append"),
    "later": Killed(at=1, of="append", later="1ms"),
    "none": None,
}


@tool(effect="idempotent")
def write(name: str) -> str:
    with Path("written").open("a") as file:
        file.write(name)
    return name


NODES = {name: {"tool": "write", "input": {"name": name}} for name in "abc"} | {
    "b": {"tool": "write", "input": {"name": "b"}, "after": "a"},
    "c": {"tool": "write", "input": {"name": "c"}, "after": "b"},
}
fault = FAULTS[sys.argv[1]]
faults = [] if fault is None else [fault]
print(Interlock("runs.db", tools=[write], faults=faults).run({"graph": "g", "nodes": NODES}, key="once").status)
"""


@pytest.mark.parametrize(("when", "written"), [("call", "abbc"), ("append", "aabc|abc"), ("later", "aabc|abc")])
def test_a_process_that_is_killed_is_followed_by_one_that_ends_the_run(tmp_path: Path, when: str, written: str) -> None:
    """What was in flight is called again under its id, and nothing else is."""
    (tmp_path / "story.py").write_text(KILLED)
    command = [sys.executable, "story.py"]

    killed = subprocess.run([*command, when], cwd=tmp_path, capture_output=True, text=True, check=False)
    followed = subprocess.run([*command, "none"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (killed.returncode, followed.stdout) == (-9, "succeeded\n"), killed.stderr + followed.stderr
    assert (tmp_path / "written").read_text() in written.split("|")


@pytest.mark.parametrize("fault", [LeaseDropped(at=2), LeaseDropped(at=2, of="append")])
@in_event_loop
async def test_who_has_lost_the_lease_writes_nothing_more(tmp_path: Path, fault: Fault) -> None:
    """Two owners of one run would each believe their own story."""
    place, chain = tmp_path / "runs.db", graph({"a": writing("a"), "b": writing("b", after="a")})
    async with Interlock(place, tools=[write], faults=[fault]) as interlock:
        run = await interlock.start(chain)
        with pytest.raises(LeaseLostError):
            await run.wait()

        again = await interlock.take_up(run.id)

        assert (await again.wait()).status == "succeeded"
    await assert_sound(place)


def test_a_clock_that_jumps_fires_what_is_due_by_then() -> None:
    """A machine that was asleep wakes to timers of yesterday."""
    waits = graph({"nap": {"wait": "1h"}, "a": writing("a")})

    result = Interlock(tools=[write], faults=[ClockJumped(at=1, by="2h")]).run(waits)

    assert (result.status, CALLED) == ("succeeded", ["a"])


def test_what_is_to_happen_at_a_call_happens_although_the_call_is_turned_away() -> None:
    """Faults are counted by calls, and not by those that get through."""
    nodes = {"nap": {"wait": "1h"}, "a": writing("a", on_error="continue")}

    result = Interlock(tools=[write], faults=[Unavailable("write"), ClockJumped(at=1, by="2h")]).run(graph(nodes))

    assert (result.nodes["nap"].status, CALLED) == ("succeeded", [])


@in_event_loop
async def test_a_result_that_comes_twice_counts_once() -> None:
    """The second is on record as late."""
    async with Interlock(tools=[write], faults=[DeliveredTwice("write")]) as interlock:
        run = await interlock.start(graph({"a": writing("a"), "b": writing("b", after="a")}))
        result = await run.wait()
        bodies = [event.body async for event in run.events()]

    assert (result.status, CALLED) == ("succeeded", ["a", "b"])
    assert [type(body) for body in bodies if isinstance(body, NodeResult | ResultLate)].count(NodeResult) == 2


@pytest.mark.parametrize(("made", "called"), [(True, ["a", "b"]), (False, ["a", "a", "b"])])
@in_event_loop
async def test_an_append_that_is_not_answered_may_have_been_made(
    tmp_path: Path, *, made: bool, called: list[str]
) -> None:
    """Whoever goes on believes the log, and nothing that it had in mind."""
    place, chain = tmp_path / "runs.db", graph({"a": writing("a"), "b": writing("b", after="a")})
    async with Interlock(place, tools=[write], faults=[AnswerLost(at=2, made=made)]) as interlock:
        run = await interlock.start(chain)
        with pytest.raises(Unanswered, match=f"an append to run {run.id} was not answered"):
            await run.wait()

        again = await interlock.take_up(run.id)

        assert (await again.wait()).status == "succeeded"
    assert called == CALLED
    await assert_sound(place)


def test_faults_that_are_drawn_are_the_same_for_the_same_seed() -> None:
    """A test that fails with them has to fail again."""
    assert drawn(7, tools=["a", "b"], often=0.5) == drawn(7, tools=["a", "b"], often=0.5)
    assert drawn(7, often=0.5) != drawn(8, often=0.5)
    assert drawn(7, tools=["a"], often=0) == []


def test_nothing_that_is_drawn_kills_unless_that_is_wanted() -> None:
    """It would end the tests as well."""
    assert {type(fault) for fault in drawn(7, tools=["a"] * 20, often=1)} == set(get_args(Fault)) - {Killed}
    assert Killed in {type(fault) for fault in drawn(7, often=1, kills=True)}


@pytest.mark.parametrize("seed", range(8))
@in_event_loop
async def test_a_run_lives_through_whatever_is_drawn(tmp_path: Path, seed: int) -> None:
    """Each time its process cannot go on, the next one does."""
    place, chain = tmp_path / "runs.db", graph({"a": writing("a"), "b": writing("b", after="a")})
    async with Interlock(place, tools=[write], faults=drawn(seed, often=0.4)) as interlock:
        run = await interlock.start(chain, key="once")
        with suppress(StoreError):
            await run.wait()

    async with Interlock(place, tools=[write]) as interlock:
        result = await (await interlock.take_up(run.id)).wait()

    assert (result.status, set(CALLED)) == ("succeeded", {"a", "b"})
    await assert_sound(place)
