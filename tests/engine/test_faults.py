"""Faults put in on purpose: each is one line, and a run lives through it as it would through the real one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from interlock import Interlock, tool
from interlock.core.events import NodeResult, ResultLate
from interlock.faults import (
    ClockJumped,
    DeliveredTwice,
    Fault,
    LeaseDropped,
    RateLimited,
    Slow,
    Unavailable,
)
from interlock.store import LeaseLostError
from tests.client.workshop import graph
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


@tool(effect="idempotent")
def write(name: str) -> str:
    with Path("written").open("a") as file:
        file.write(name)
    return name


NODES = {name: {"tool": "write", "input": {"name": name}} for name in "abc"} | {
    "b": {"tool": "write", "input": {"name": "b"}, "after": "a"},
    "c": {"tool": "write", "input": {"name": "c"}, "after": "b"},
}
faults = [Killed(at=2)] if sys.argv[1:] else []
print(Interlock("runs.db", tools=[write], faults=faults).run({"graph": "g", "nodes": NODES}, key="once").status)
"""


def test_a_process_that_is_killed_in_a_step_is_followed_by_one_that_ends_the_run(tmp_path: Path) -> None:
    """What was in flight is called again under its id, and nothing else is."""
    (tmp_path / "story.py").write_text(KILLED)
    command = [sys.executable, "story.py"]

    killed = subprocess.run([*command, "killed"], cwd=tmp_path, capture_output=True, text=True, check=False)
    followed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (killed.returncode, followed.stdout) == (-9, "succeeded\n"), killed.stderr + followed.stderr
    assert (tmp_path / "written").read_text() == "abbc"


@in_event_loop
async def test_who_has_lost_the_lease_writes_nothing_more(tmp_path: Path) -> None:
    """Two owners of one run would each believe their own story."""
    place, chain = tmp_path / "runs.db", graph({"a": writing("a"), "b": writing("b", after="a")})
    async with Interlock(place, tools=[write], faults=[LeaseDropped(at=2)]) as interlock:
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
