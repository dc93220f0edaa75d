"""Runs with agents on cassettes: what models and tools answered is kept, and played by itself, byte for byte."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec
import pytest
from msgspec.structs import replace

from interlock import ToolFailed, tool
from interlock.agents import Agent, agent
from interlock.bootstrap import TENANT
from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.event_parts import Decision, Error, ScopeOutcome
from interlock.core.messages import ModelReply, ModelRequest, Told
from interlock.core.redaction import NOTHING_SECRET, Redaction
from interlock.core.verdicts import Verdict
from interlock.engine.agents.memory.keeping import KeptMemories
from interlock.engine.agents.model_door import Chosen, Heard, NoModels, Turn
from interlock.engine.engine import Engine
from interlock.engine.performing import LiveWorld, Performer
from interlock.engine.worker import Worker
from interlock.engine.worlds.asked_requests import asked_request
from interlock.engine.worlds.askings import AskingOnTape, Askings, NotOnTape
from interlock.engine.worlds.cassette_files import Recording, read_cassette, recording_to, write_cassette
from interlock.engine.worlds.cassettes import CassetteError
from interlock.engine.worlds.taped_worlds import PlayingWorld, RecordingWorld
from interlock.store.lease import LeaseOwner
from interlock.tools.door import ToolDoor
from interlock.tools.marking import told_to_model
from tests.engine.agents.scripted_models import Answers, ScriptedModels, calls
from tests.engine.agents.workbench import RUN, Life, Workbench, rule
from tests.simulation.process_door import ProcessDoor
from tests.simulation.virtual_time import run_at_once

KEY = "sk-planted-7Hq"


class Market:
    """Tools that count who calls them. Prices rise, and the first look at the moon fails."""

    def __init__(self) -> None:
        self.called: list[str] = []

        @tool(effect="read")
        async def price(item: str) -> str:
            """What it costs."""
            self.called.append(f"price {item}")
            if item == "moon" and self.called.count("price moon") == 1:
                raise ToolFailed("clouds", kind="unavailable")
            return f"{10 + len(self.called)} by {KEY}"

        @tool(effect="once")
        async def buy(item: str) -> str:
            """Buy it."""
            self.called.append(f"buy {item}")
            return item

        self.tools: list[Any] = [price, buy]


def buyer(**keys: Any) -> Agent:  # noqa: ANN401 - the keys of a contract
    """An agent that looks at prices and buys."""
    terms: dict[str, Any] = {"tools": ["price", "buy"], "output": {"bought": "string"}, "limits": {"steps": 9}} | keys
    return agent("buyer", prompt="You buy what is wanted.", **terms)


SCRIPT = [
    calls(("price", {"item": "tea"}), ("price", {"item": "moon"})),
    calls(("buy", {"item": "tea"})),
    Answers({"bought": "tea"}),
]
"""Two looks, one of which fails; a purchase that a person has to allow, before which the model fails; an answer."""
NODES: dict[str, Any] = {
    "left": {"agent": "buyer", "input": {}},
    "right": {"agent": "buyer", "input": {}},
    "moon": {"tool": "price", "input": {"item": "moon"}, "retry": {"attempts": 3, "backoff": "1s"}},
}
"""Two agents that ask the same at the same time, and a node that is tried again."""
ASKS = rule(Verdict("ask", "no purchase by itself", "policy-1"), "buy")


class Moody(ScriptedModels):
    """Models that fail twice before they answer the second turn. What they say is not marked, as if it were real."""

    async def ask(self, chosen: Chosen, request: ModelRequest, **keys: Any) -> Heard:  # noqa: ANN401 - the port's
        """What the script says, later."""
        heard = await super().ask(chosen, request, **keys)
        if self.asked[-1][1] == 2 and self.asked.count(self.asked[-1]) <= 2:
            return Heard(error=Error("unavailable", f"nobody knows {KEY} here"), spent=heard.spent)
        return heard if heard.reply is None else replace(heard, reply=replace(heard.reply, simulated=False))


class TapedBench(Workbench):
    """A workbench whose worker records on a tape, or plays it."""

    def __init__(self, tape: Path, *agents: Agent, redaction: Redaction = NOTHING_SECRET, **keys: Any) -> None:  # noqa: ANN401 - of a workbench
        given: dict[str, Any] = {"models": NoModels(), "judge": ASKS} | keys
        super().__init__(*agents, **given)
        self.tape = tape
        self.redaction = redaction
        self.plays = isinstance(self.models, NoModels)

    @asynccontextmanager
    async def life(self) -> AsyncGenerator[Life]:
        """A worker in that world."""
        door = ProcessDoor(self.store, Random(0), blobs={})  # noqa: S311 - the same again each time
        engine = Engine(door.as_store(), tenant=TENANT, now=self.clock.now, judge=self.judge)
        recording = recording_to(self.tape, adds=False)
        owner = LeaseOwner("worker", "here", 1, 1)
        worker = Worker(engine, self._world(recording), self.clock, owner=owner, new_id=lambda: RUN)
        async with worker:
            yield Life(worker, door)
        write_cassette(recording, self.redaction)

    def _world(self, recording: Recording) -> Performer:
        if self.plays:
            return PlayingWorld(read_cassette(self.tape), self.toolbox, self.redaction, agents=self.agents)
        door = ToolDoor(clock=self.clock)
        memory = KeptMemories(self.store, tenant=TENANT)
        live = LiveWorld(self.toolbox, door, tenant=TENANT, models=self.models, agents=self.agents, memory=memory)
        return RecordingWorld(live, recording.cassette, self.redaction)

    async def bought(self, nodes: dict[str, Any], *, asked: int) -> Course:
        """The run to its end: so many purchases are asked about, and each is allowed at once."""
        async with self.life() as life:
            driver = await self.start(life, nodes)
            for number in range(1, asked + 1):
                path, _ = await self.question("approval", number)
                await self.tell(driver, r.Answer(path=path, by="ada", choice="approve"))
            state = await self.ended()
        assert state.outcome is not None
        payloads = [(event.seq, event.path, msgspec.json.encode(event.body)) for event in await self.log()]
        return Course(state.outcome, await self.log(), payloads)


class Course(NamedTuple):
    """How a run went."""

    outcome: ScopeOutcome
    events: list[e.Event]
    payloads: list[tuple[int, str, bytes]]
    """What the events say, as bytes."""


def recorded(tape: Path, market: Market, nodes: dict[str, Any] = NODES, **keys: Any) -> Course:  # noqa: ANN401 - of a bench
    """A run that is recorded."""
    given: dict[str, Any] = {"models": Moody({"buyer": SCRIPT})} | keys
    return ran(tape, market, nodes, **given)


def ran(
    tape: Path,
    market: Market,
    nodes: dict[str, Any] = NODES,
    *,
    asked: int | None = None,
    also: Sequence[Agent] = (),
    **keys: Any,  # noqa: ANN401 - of a bench
) -> Course:
    """A run; without models it is played. Unless it is said otherwise, each agent asks for leave once."""
    asks = sum("agent" in node for node in nodes.values()) if asked is None else asked
    courses: list[Course] = []

    async def story() -> None:
        async with TapedBench(tape, buyer(), *also, tools=market.tools, **keys) as bench:
            courses.append(await bench.bought(nodes, asked=asks))

    run_at_once(story())
    return courses[0]


def test_two_plays_of_one_cassette_give_the_same_events_byte_for_byte(tmp_path: Path) -> None:
    """Two agents that ask the same, a tool and a model that fail, a retry, a person's leave: and nobody is called."""
    live, called = recorded(tmp_path / "tape.json", Market()), Market()

    plays = [ran(tmp_path / "tape.json", called) for _ in range(2)]

    assert plays[0].payloads == plays[1].payloads
    assert [play.outcome for play in plays] == [live.outcome] * 2
    assert (live.outcome.status, called.called) == ("succeeded", [])


def test_agents_that_agents_call_and_their_memories_are_played_as_well(tmp_path: Path) -> None:
    """However deep: and what was recalled then is recalled, whatever the memory says by now."""
    note = ("remember", {"memory": "long_term", "key": "shop", "text": "closed on Sundays"})
    scripts = {
        "boss": [
            calls(note),
            calls(("agent:buyer", {})),
            calls(("recall", {"memory": "long_term"})),
            Answers("bought"),
        ],
        "buyer": SCRIPT,
    }
    boss = agent("boss", prompt="You delegate.", tools=["agent:buyer"], memory="long_term")
    nodes: dict[str, Any] = {"boss": {"agent": "boss", "input": {}}}
    live = recorded(tmp_path / "tape.json", Market(), nodes, models=Moody(scripts), also=[boss])
    called = Market()

    plays = [ran(tmp_path / "tape.json", called, nodes, also=[boss]) for _ in range(2)]

    assert plays[0].payloads == plays[1].payloads
    assert [plays[0].outcome, plays[1].outcome] == [live.outcome] * 2
    assert (live.outcome.status, called.called) == ("succeeded", [])
    assert recalled(plays[0]) == recalled(live) == [[], [{"by": "boss", "key": "shop", "value": "closed on Sundays"}]]


def recalled(course: Course) -> list[Any]:
    """What was recalled in a run."""
    bodies = [event.body for event in course.events]
    asked = {body.effect for body in bodies if isinstance(body, e.EffectIntended) and body.name == "recall"}
    return [body.out for body in bodies if isinstance(body, e.EffectDone) and body.effect in asked]


def test_everything_that_is_played_is_marked(tmp_path: Path) -> None:
    """Nobody may take for real what no model and no tool has said, down to its failures."""
    live = recorded(tmp_path / "tape.json", Market())

    played = ran(tmp_path / "tape.json", Market())

    settled = (e.EffectDone, e.EffectFailed, e.NodeResult)
    marks = [
        [each.body.simulated for each in course.events if isinstance(each.body, settled)] for course in (live, played)
    ]
    assert marks == [[False] * len(marks[1]), [True] * len(marks[0])]


def test_a_request_that_is_not_on_the_cassette_is_refused_with_the_nearest_that_is(tmp_path: Path) -> None:
    """Whoever has changed a prompt is told so, and gets no answer to another question."""
    recorded(tmp_path / "tape.json", Market(), {"left": NODES["left"]})

    played = ran(tmp_path / "tape.json", Market(), {"left": {"agent": "buyer", "input": {"for": "ada"}}}, asked=0)

    assert played.outcome.error is not None
    assert played.outcome.error.message == (
        "the agent `buyer` got no answer: what a model is asked at left.1 is not on the cassette: the nearest is that "
        "of left.1, which differs in 'told: {}' there, 'told: {\"for\":\"ada\"}' here"
    )


def test_a_policy_that_allows_less_than_it_did_is_heeded(tmp_path: Path) -> None:
    """What may not be asked is not played either: a change of policy is tried on yesterday's runs."""
    recorded(tmp_path / "tape.json", Market(), {"left": NODES["left"]})
    denies = rule(Verdict("deny", "no scripts", "policy-2"), "script/any")

    played = ran(tmp_path / "tape.json", Market(), {"left": NODES["left"]}, judge=denies, asked=0)

    assert played.outcome.error is not None
    assert played.outcome.error.kind == "refused"
    assert "on the cassette script/any answers, and it may not be asked: " in played.outcome.error.message


def test_that_no_model_could_be_chosen_is_played_as_well(tmp_path: Path) -> None:
    """A run that failed for want of a model fails for it again, and not for want of a cassette."""
    priceless = Moody({"buyer": SCRIPT}, has_price=False)
    live = recorded(tmp_path / "tape.json", Market(), {"left": NODES["left"]}, models=priceless, asked=0)

    played = ran(tmp_path / "tape.json", Market(), {"left": NODES["left"]}, asked=0)

    assert played.outcome == live.outcome
    assert played.outcome.status == "failed"


def test_no_known_secret_is_on_the_cassette_whoever_said_it(tmp_path: Path) -> None:
    """A tool tells a key, a model fails with it, the next request repeats it: and it still plays."""
    redaction = Redaction([KEY])
    live = recorded(tmp_path / "tape.json", Market(), redaction=redaction)
    text = (tmp_path / "tape.json").read_text()

    plays = [ran(tmp_path / "tape.json", Market(), redaction=known) for known in (redaction, NOTHING_SECRET)]

    assert (KEY in text, "by ***" in text, "nobody knows *** here" in text) == (False, True, True)
    assert [play.outcome.status for play in plays] == [live.outcome.status] * 2


def test_a_cassette_that_was_read_is_written_as_it_was(tmp_path: Path) -> None:
    """Adding to one changes nothing else on it."""
    recorded(tmp_path / "tape.json", Market())

    again = Recording(tmp_path / "again.json", read_cassette(tmp_path / "tape.json"))
    write_cassette(again, NOTHING_SECRET)

    assert (tmp_path / "again.json").read_text() == (tmp_path / "tape.json").read_text()


def test_a_cassette_without_models_still_plays_its_tools(tmp_path: Path) -> None:
    """Those of before are kept; an agent is told that no model was asked then."""
    (tmp_path / "tape.json").write_text(
        json.dumps(
            {
                "cassette": 1,
                "calls": [{"path": "tea", "attempt": 1, "tool": "price", "input": {"item": "t"}, "gave": "7"}],
            }
        )
    )
    nodes = {"tea": {"tool": "price", "input": {"item": "t"}}, "left": {**NODES["left"], "after": "tea"}}

    played = ran(tmp_path / "tape.json", Market(), nodes, asked=0)

    assert played.outcome.error is not None
    assert (played.outcome.error.path, played.outcome.error.message.rpartition(": ")[2]) == (
        "left",
        "no model was asked when it was recorded",
    )


def test_a_cassette_is_read_in_the_order_of_the_steps(tmp_path: Path) -> None:
    """The tenth comes after the second, as it did."""
    looks = [calls(("price", {"item": f"tea {number}"})) for number in range(5)]
    recorded(tmp_path / "tape.json", Market(), {"left": NODES["left"]}, models=Moody({"buyer": [*looks, *SCRIPT[1:]]}))

    tape = json.loads((tmp_path / "tape.json").read_text())

    steps = [[int(each["path"].removeprefix("left.")) for each in tape[part]] for part in ("calls", "models")]
    assert max(steps[0]) > 9
    assert steps == [sorted(steps[0]), sorted(steps[1])]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"path": 7}, "models[0] is no asking: Expected `str`, got `int` - at `$.path`; record it anew"),
        ({"decision": None}, "models[0] is no asking: Expected `object`, got `null` - at `$.decision`"),
        ({"said": {"text": 7}}, "models[0] is no asking: Expected `str`, got `int` - at `$.said.text`"),
        ({"spend": {}}, "models[0] is no asking: Object contains unknown field `spend`"),
        ({"failed": {"kind": "failed", "message": ""}}, "it wants one of `said`, `failed`, `none_chosen`"),
        ({"reserve": {"usd": 2**70}}, "models[0] is no asking: model.reserve.usd is an integer beyond 64 bits"),
    ],
)
def test_an_asking_that_is_none_is_refused(tmp_path: Path, written: dict[str, Any], told: str) -> None:
    """With its place, before anything runs."""
    recorded(tmp_path / "tape.json", Market(), {"left": NODES["left"]})
    cassette = json.loads((tmp_path / "tape.json").read_text())
    cassette["models"][0] |= written
    (tmp_path / "tape.json").write_text(json.dumps(cassette))

    with pytest.raises(CassetteError) as refused:
        read_cassette(tmp_path / "tape.json")

    assert told in str(refused.value)


# --- which answer is whose --------------------------------------------------------------------------------------------


def asking(text: str, *, path: str = "a.1", attempt: int = 1, is_heard: bool = True) -> AskingOnTape:
    """An asking that is answered with its own path."""
    return AskingOnTape(
        path=path,
        attempt=attempt,
        request=asked_request(request(text), NOTHING_SECRET),
        candidates=(),
        decision=Decision("model", "script/any"),
        heard=Heard(ModelReply(path)) if is_heard else None,
    )


def request(text: str) -> ModelRequest:
    """A request of one message."""
    return ModelRequest((Told(text),))


def found(askings: Askings, text: str, path: str, attempt: int = 1) -> tuple[str, int] | str:
    """Which asking is played for a request; it is used up."""
    answer = askings.find(asked_request(request(text), NOTHING_SECRET), Turn(path, attempt))
    if isinstance(answer, NotOnTape):
        return answer.message
    askings.use(answer)
    return answer.path, answer.attempt


def test_of_the_same_request_each_place_and_each_attempt_gets_its_own_answer() -> None:
    """Ten agents that vote on one question are ten answers, and not one of them ten times."""
    askings = Askings([asking("hm?", path=path, attempt=attempt) for path in ("a.1", "b.1") for attempt in (1, 2)])

    played = [
        found(askings, "hm?", path, attempt) for path, attempt in (("b.1", 2), ("a.1", 2), ("b.1", 1), ("c.1", 1))
    ]

    assert played == [("b.1", 2), ("a.1", 2), ("b.1", 1), ("a.1", 1)]
    assert found(askings, "hm?", "a.1") == "what a model is asked at a.1 is on the cassette, but not so often"


def test_what_was_broken_off_is_played_only_if_it_was_not_made_again() -> None:
    """A run that was let go in the middle of a call and gone on with is recorded with both."""
    askings = Askings([asking("hm?", is_heard=False), asking("hm?")])

    chosen = [askings.find(asked_request(request("hm?"), NOTHING_SECRET), Turn("a.1", 1))]

    assert chosen == [asking("hm?")]


def test_requests_that_differ_in_the_marks_of_their_runs_alone_are_the_same() -> None:
    """What somebody outside may have written stands between marks that are drawn anew for each run."""
    texts = [told_to_model("hello", tool="mail", source="mcp:post", mark=run) for run in ("run1", "run2")]
    other = told_to_model("hallo", tool="mail", source="mcp:post", mark="run1")

    named = [asked_request(request(text), NOTHING_SECRET) for text in (*texts, other)]

    assert texts[0] != texts[1]
    assert named[0] == named[1]
    assert named[0].digest != named[2].digest
