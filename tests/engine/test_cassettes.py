"""Cassettes: what the world has answered is recorded once, read by people, and played without the world."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest

from interlock import Interlock, InvalidGraphError, RunResult, ToolFailed, tool
from interlock.core.events import Error, NodeResult, UndoResult
from interlock.core.redaction import NOTHING_SECRET
from interlock.engine.worlds import cassette_files
from interlock.engine.worlds.cassettes import CallOnTape, Cassette, CassetteError
from interlock.tools.outcome import Done, Failed
from tests.embedded.workshop import graph

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
        'no call of price with {"item": "tee"} is on the cassette: the nearest is {"item": "tea"}, '
        "which differs in input.item"
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


@pytest.mark.parametrize(("adds", "kept"), [(False, ["b"]), (True, ["a", "b"])])
def test_a_cassette_is_made_anew_or_added_to(tmp_path: Path, *, adds: bool, kept: list[str]) -> None:
    """A run that waits for a person is recorded by one process up to there, and by another from there on."""
    tape = tmp_path / "tape.json"
    Interlock(tools=[price], record=tape).run(graph({"a": {"tool": "price", "input": {"item": "tea"}}}))
    other = graph({"b": {"tool": "price", "input": {"item": "milk"}}})

    Interlock(tools=[price], record=tape, adds_to_record=adds).run(other)

    assert [call["path"] for call in json.loads(tape.read_text())["calls"]] == kept


def test_a_cassette_on_which_nothing_could_be_recorded_stays_as_it_was(tmp_path: Path) -> None:
    """A slip in a graph must not cost the recording of yesterday."""
    ran(tmp_path / "tape.json", record=tmp_path / "tape.json")
    before = (tmp_path / "tape.json").read_text()

    with pytest.raises(InvalidGraphError):
        Interlock(tools=[price], record=tmp_path / "tape.json").run(graph({"a": {"tool": "prise"}}))

    assert (tmp_path / "tape.json").read_text() == before


def test_each_attempt_gets_the_answer_that_it_got(tmp_path: Path) -> None:
    """Also where the first attempt is not played: a run may be taken up by the process that plays the second."""
    calls = [
        CallOnTape("a", 1, "price", {}, Failed(Error("unavailable", "closed"))),
        CallOnTape("a", 2, "price", {}, Done(3)),
        CallOnTape("b", 1, "price", {}, Done(4)),
    ]

    assert Cassette(list(calls)).play("price", {}, path="a", attempt=2) == Done(3)
    assert Cassette(list(calls)).play("price", {}, path="b", attempt=1) == Done(4)
    assert Cassette(list(calls)).play("price", {}, path="c", attempt=1) == calls[0].outcome


@tool(effect="read")
async def leak(how: str) -> Any:  # noqa: ANN401 - whatever way a secret can take out of a tool
    """Tell a secret that was not given with the call, as a tool may that reads its environment."""
    match how:
        case "text":
            return "the key is s3cr3t!"
        case "nested":
            return {"found": [["s3cr3t"], {"s3cr3t": {"by": "s3cr3t"}}]}
        case "error":
            raise ToolFailed("login with 's3cr3t' failed", kind="refused", retryable=False)
        case _:
            return base64.b64encode(b"s3cr3t").decode()


def leaked(tape: Path, how: str) -> str:
    """What stands on the cassette of a tool that leaks."""
    leaking = graph({"a": {"tool": "leak", "input": {"how": how}}, "b": {"tool": "same", "input": {"x": "${a}"}}})
    Interlock(tools=[leak, same], secrets={"token": "s3cr3t"}, record=tape).run(leaking)
    return tape.read_text()


@tool(effect="read")
async def same(x: Any) -> Any:  # noqa: ANN401 - any value
    """What it was given."""
    return x


@pytest.mark.parametrize(("how", "stars"), [("text", 3), ("nested", 9), ("error", 1)])
def test_no_known_secret_is_written_whatever_way_it_came(tmp_path: Path, how: str, stars: int) -> None:
    """Neither as an answer nor as what was asked with it next: a cassette is read by everybody who reads the code."""
    text = leaked(tmp_path / "tape.json", how)

    assert "s3cr3t" not in text
    assert text.count("***") == stars


def test_what_was_struck_out_still_plays(tmp_path: Path) -> None:
    """A request that was made of a struck answer is found, with the secret at hand or without."""
    leaked(tmp_path / "tape.json", "nested")
    leaking = graph({"a": {"tool": "leak", "input": {"how": "nested"}}, "b": {"tool": "same", "input": {"x": "${a}"}}})

    played = [
        Interlock(tools=[leak, same], secrets=known, world=f"cassette:{tmp_path / 'tape.json'}").run(leaking).status
        for known in ({}, {"token": "s3cr3t"})
    ]

    assert played == ["succeeded", "succeeded"]


def test_a_secret_that_a_tool_has_encoded_is_not_recognised(tmp_path: Path) -> None:
    """That is not promised: a tool that encodes what it was trusted with has to keep it to itself."""
    assert "czNjcjN0" in leaked(tmp_path / "tape.json", "base64")


def test_data_that_looks_like_a_handle_stays_data(tmp_path: Path) -> None:
    """Else whoever can write an input could name a secret with it."""
    odd: dict[str, Any] = {"$secret": "token", "in": [{"$secret": {"$$secret": 1}}]}
    document = graph({"a": {"tool": "same", "input": {"x": odd}}})
    Interlock(tools=[same], record=tmp_path / "tape.json").run(document)

    played = Interlock(tools=[same], world=f"cassette:{tmp_path / 'tape.json'}").run(document)

    assert (played.status, played.outputs) == ("succeeded", {"a": odd})


@tool(effect="read", labels=("cheap",))
async def found(item: str) -> dict[str, int]:
    """What is known of it."""
    return {"n": len(item)}


def edited(tape: Path, **written: object) -> None:
    """A recorded cassette of one call, in which a person has changed something."""
    Interlock(tools=[found], record=tape).run(FINDING)
    cassette = json.loads(tape.read_text())
    cassette["calls"][0] |= written
    tape.write_text(json.dumps(cassette))


FINDING = graph({"a": {"tool": "found", "input": {"item": "tea"}}})


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            {"gave": {"n": "x"}},
            'the result of `found` breaks its contract: result.n is "x", not an integer',
        ),
        ({"labels": ["dear"]}, "`found` returned the label 'dear', which it does not declare (declared: cheap)"),
    ],
)
def test_a_recorded_result_that_its_tool_could_not_give_fails_as_a_live_one_would(
    tmp_path: Path, written: dict[str, object], told: str
) -> None:
    """A graph that passes its tests with such an answer has been tested against a tool that does not exist."""
    edited(tmp_path / "tape.json", **written)

    played = Interlock(tools=[found], world=f"cassette:{tmp_path / 'tape.json'}").run(FINDING)

    assert played.error is not None
    assert (played.status, played.error.kind) == ("failed", "invalid")
    assert played.error.message.startswith(told)
    assert played.error.message.endswith(f"; so it stands in {tmp_path / 'tape.json'}: calls[0]: record it anew")


def one_call(**written: object) -> str:
    """A cassette with one call, in which something is written otherwise."""
    call = {"path": "a", "attempt": 1, "tool": "price", "input": dict[str, object](), "gave": 1, **written}
    return json.dumps({"cassette": 1, "calls": [{key: at for key, at in call.items() if at != "left out"}]})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no cassette: it is not JSON (line 1, column 1: Expecting value)"),
        ("cassette: 1", "is no cassette: it is not JSON (line 1, column 1: Expecting value)"),
        ('{"cassette": 1,\n "calls": [}', "it is not JSON (line 2, column 12: Expecting value)"),
        ("[]", 'is no cassette: it wants {"cassette": 2, "calls": […]}'),
        ('{"cassette": 3, "calls": []}', "has format 3; this release knows formats 1 to 2: record it anew, or use a"),
        ('{"cassette": 1, "calls": {}}', 'is no cassette: it wants {"cassette": 2, "calls": […]}'),
        ('{"cassette": 2, "calls": [], "models": 7}', 'is no cassette: it wants {"cassette": 2, "calls": […]}'),
        ("[" * 100_000, "is no cassette: it is nested too deeply"),
        ("9" * 10_000, "is no cassette: "),
        ('{"cassette": 1, "calls": [7]}', "calls[0] is no call: Expected `object`, got `int`; record it anew"),
        (one_call(path="left out"), "calls[0] is no call: Object missing required field `path`"),
        (one_call(path=None), "calls[0] is no call: Expected `str`, got `null` - at `$.path`"),
        (one_call(attempt="one"), "calls[0] is no call: Expected `int`, got `str` - at `$.attempt`"),
        (one_call(gave="left out"), "calls[0] is no call: it wants one of `gave`, `failed`, `unknown`"),
        (one_call(failed={"kind": "failed", "message": ""}), "it wants one of `gave`, `failed`, `unknown`"),
        (one_call(gave="left out", failed={"kind": "sad", "message": ""}), "Invalid enum value 'sad'"),
        (one_call(give=1), "calls[0] is no call: Object contains unknown field `give`"),
        (one_call(input={"$secret": 7}), "calls[0] is no call: `$secret` names a secret: it wants text"),
        (one_call(gave=2**70), "calls[0] is no call: gave is an integer beyond 64 bits"),
    ],
)
def test_a_file_that_is_no_cassette_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """With what is wrong and where, before anything runs."""
    (tmp_path / "tape.json").write_text(text)

    with pytest.raises(CassetteError) as refused:
        ran(tmp_path / "tape.json")

    assert told in str(refused.value)


def test_a_file_of_other_bytes_is_refused(tmp_path: Path) -> None:
    """A picture of a cassette is none."""
    (tmp_path / "tape.json").write_bytes(b'{"cassette": \xff}')

    with pytest.raises(CassetteError, match=r"it is not text in UTF-8 \(byte 13\)"):
        ran(tmp_path / "tape.json")


def test_a_cassette_that_nobody_could_review_is_neither_read_nor_written(tmp_path: Path) -> None:
    """It would be held in memory whole; the message says what to do instead."""
    tape = tmp_path / "tape.json"
    with tape.open("wb") as file:
        file.truncate(cassette_files.BYTES_MAX + 1)
    huge = Cassette([CallOnTape("a", 1, "price", {}, Done("x" * cassette_files.BYTES_MAX))])

    with pytest.raises(CassetteError, match="134,217,729 bytes, more than 134,217,728: record less on it"):
        ran(tape)
    with pytest.raises(CassetteError, match="more than 134,217,728: record less on it"):
        cassette_files.write_cassette(cassette_files.Recording(tmp_path / "other.json", huge), NOTHING_SECRET)

    assert not (tmp_path / "other.json").exists()


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
