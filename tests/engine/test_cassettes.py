"""Cassettes: what the world has answered is recorded once, read by people, and played without the world."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from interlock import Interlock, RunResult, ToolFailed, tool
from interlock.core.events import NodeResult, UndoResult
from interlock.engine.cassettes import CassetteError
from tests.client.workshop import graph

CALLED: list[str] = []


@pytest.fixture(autouse=True)
def nothing_called_yet() -> None:
    """Each test sees only its own calls."""
    CALLED.clear()


@tool(effect="read")
async def price(item: str) -> int:
    """What it costs."""
    CALLED.append(item)
    return 10 + len(CALLED)


@tool(effect="once")
async def buy(item: str, token: str) -> dict[str, str]:
    """Buy it, if it can be had."""
    CALLED.append(f"buy {item}")
    if item == "moon":
        raise ToolFailed("nobody sells it", kind="refused", retryable=False)
    return {"receipt": f"{item} for {token}"}


GRAPH = graph(
    {
        "cost": {"tool": "price", "input": {"item": "${inputs.item}"}},
        "again": {"tool": "price", "input": {"item": "${inputs.item}"}, "after": "cost"},
        "bought": {"tool": "buy", "input": {"item": "${inputs.item}", "token": "${secrets.token}"}, "after": "again"},
    },
    inputs={"item": "string"},
    secrets=["token"],
)


def ran(tape: Path, item: str = "tea", **world: Any) -> RunResult:  # noqa: ANN401 - the worlds of `Interlock`
    """A run that plays a cassette, or has another world."""
    world = world or {"world": f"cassette:{tape}"}
    return Interlock(tools=[price, buy], secrets={"token": "s3cr3t"}, **world).run(GRAPH, {"item": item})


def test_what_was_recorded_is_played_and_nothing_is_called(tmp_path: Path) -> None:
    """A test of a graph takes milliseconds and no key."""
    live = ran(tmp_path / "tape.json", record=tmp_path / "tape.json")
    CALLED.clear()

    played = ran(tmp_path / "tape.json")

    assert (played.status, played.outputs) == (live.status, live.outputs)
    assert CALLED == []


def test_the_same_request_made_twice_gets_its_answers_in_turn(tmp_path: Path) -> None:
    """The second look at a price is not the first."""
    ran(tmp_path / "tape.json", record=tmp_path / "tape.json")

    played = ran(tmp_path / "tape.json")

    assert (played.nodes["cost"].output, played.nodes["again"].output) == (11, 12)


def test_a_cassette_can_be_read_in_a_review_and_holds_no_secret(tmp_path: Path) -> None:
    """It is checked in beside the code."""
    ran(tmp_path / "tape.json", record=tmp_path / "tape.json")

    text = (tmp_path / "tape.json").read_text()

    assert "s3cr3t" not in text
    assert json.loads(text)["calls"][1] == {
        "path": "bought",
        "attempt": 1,
        "tool": "buy",
        "input": {"item": "tea", "token": {"$secret": "token"}},
        "gave": {"receipt": "tea for ***"},
        "calls": 1,
    }


def test_failures_are_recorded_as_well(tmp_path: Path) -> None:
    """What goes wrong is what one wants to test."""
    ran(tmp_path / "tape.json", "moon", record=tmp_path / "tape.json")

    played = ran(tmp_path / "tape.json", "moon")

    assert played.error is not None
    assert (played.status, played.error.kind, played.error.message) == ("failed", "refused", "nobody sells it")
    assert CALLED == ["moon", "moon", "buy moon"]


def test_a_request_that_is_not_on_it_is_refused_with_the_nearest_that_is(tmp_path: Path) -> None:
    """An answer to another question would prove nothing."""
    ran(tmp_path / "tape.json", record=tmp_path / "tape.json")

    played = ran(tmp_path / "tape.json", "tee")

    assert played.error is not None
    assert played.error.message == (
        'no call of price with {"item": "tee"} is on the cassette: the nearest is {"item": "tea"}'
    )


def test_a_request_that_is_made_more_often_than_recorded_is_refused(tmp_path: Path) -> None:
    """A loop that goes round once more than it did has changed."""
    more = graph(
        {
            "a": {"tool": "price", "input": {"item": "tea"}},
            "b": {"tool": "price", "input": {"item": "tea"}, "after": "a"},
        }
    )
    less = graph({"a": {"tool": "price", "input": {"item": "tea"}}})
    Interlock(tools=[price], record=tmp_path / "tape.json").run(less)

    played = Interlock(tools=[price], world=f"cassette:{tmp_path / 'tape.json'}").run(more)

    assert played.error is not None
    assert played.error.message == 'price with {"item": "tea"} is on the cassette, but not so often'


def test_several_runs_of_one_client_are_on_one_cassette(tmp_path: Path) -> None:
    """A test that runs two graphs is recorded and played as a whole, each call once."""
    tea = graph({"a": {"tool": "price", "input": {"item": "tea"}}})
    recording = Interlock(tools=[price], record=tmp_path / "tape.json")
    live = [recording.run(tea).outputs, recording.run(tea).outputs]

    playing = Interlock(tools=[price], world=f"cassette:{tmp_path / 'tape.json'}")

    assert [playing.run(tea).outputs, playing.run(tea).outputs] == live == [{"a": 11}, {"a": 12}]


def test_what_comes_from_a_cassette_is_marked(tmp_path: Path) -> None:
    """Nobody may take a played run for one that happened."""
    ran(tmp_path / "tape.json", record=tmp_path / "tape.json")

    async def marks(world: str) -> set[bool]:
        async with Interlock(tools=[price, buy], secrets={"token": "x"}, world=world) as interlock:
            handle = await interlock.start(GRAPH, {"item": "tea"})
            await handle.wait()
            bodies = [event.body async for event in handle.events()]
        return {body.simulated for body in bodies if isinstance(body, NodeResult)}

    assert asyncio.run(marks("live")) == {False}
    assert asyncio.run(marks(f"cassette:{tmp_path / 'tape.json'}")) == {True}


def test_what_is_taken_back_from_a_cassette_is_marked_as_well(tmp_path: Path) -> None:
    """A refund that was played was not made."""
    bought = {"tool": "price", "input": {"item": "tea"}, "undo": {"tool": "price", "input": {"item": "back"}}}
    undone = graph({"a": bought, "no": {"gate": ["${a < 0}"], "otherwise": "rollback"}})
    live = Interlock(tools=[price], record=tmp_path / "tape.json").run(undone)

    async def marks() -> set[bool]:
        async with Interlock(tools=[price], world=f"cassette:{tmp_path / 'tape.json'}") as interlock:
            handle = await interlock.start(undone)
            await handle.wait()
            bodies = [event.body async for event in handle.events()]
        return {body.simulated for body in bodies if isinstance(body, UndoResult)}

    assert (live.status, asyncio.run(marks())) == ("rolled_back", {True})


def test_recording_again_changes_only_what_has_changed(tmp_path: Path) -> None:
    """The difference in a review is the difference in the world."""
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    ran(first, record=first)
    CALLED.clear()

    ran(second, record=second)

    assert first.read_text() == second.read_text()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no cassette: "),
        ("[]", 'is no cassette: it wants {"cassette": 1, "calls": […]}'),
        ('{"cassette": 2, "calls": []}', 'is no cassette: it wants {"cassette": 1, "calls": […]}'),
        ('{"cassette": 1, "calls": [{"path": "a"}]}', "calls[0] is no call: "),
        ("[" * 100_000, "is no cassette: "),
    ],
)
def test_a_file_that_is_no_cassette_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """With what is wrong, before anything runs."""
    (tmp_path / "tape.json").write_text(text)

    with pytest.raises(CassetteError) as refused:
        ran(tmp_path / "tape.json")

    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("world", "told"),
    [
        ({"world": "tape"}, "there is no world 'tape': there are `live` and `cassette:FILE`"),
        ({"world": "cassette:missing.json"}, "the cassette missing.json cannot be read: No such file or directory"),
        ({"world": "cassette:x", "record": "y"}, "what a cassette answers is recorded already"),
    ],
)
def test_a_world_that_cannot_be_is_refused(tmp_path: Path, world: dict[str, str], told: str) -> None:
    """A slip must not make live calls."""
    with pytest.raises(CassetteError) as refused:
        ran(tmp_path, **world)

    assert told in str(refused.value)
    assert CALLED == []
