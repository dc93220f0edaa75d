"""What models are saying just now: told to whoever listens, and kept nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from interlock import Interlock, Words, tool
from interlock.agents import agent
from interlock.core.events import Event
from interlock.core.messages import ModelRequest
from interlock.core.plan import Micros
from interlock.embedded.following import WORDS_TOGETHER_MAX, Following
from interlock.engine.agents.model_door import Chosen, Heard
from tests.embedded.workshop import graph
from tests.engine.agents.scripted_models import Answers, ScriptedModels, calls
from tests.engine.agents.workbench import RUN, Workbench
from tests.engine.fleet import on_virtual_time
from tests.store.event_loop import in_event_loop

SAYS = """\
agent: teller
latency: [50ms, 50ms]
turns:
  - answer: {story: "Once upon a time there was a queue."}
"""
STORY = '{"story":"Once upon a time there was a queue."}'
TELL: dict[str, Any] = {"tell": {"agent": "teller", "input": {}}}


def telling(folder: Path) -> Interlock:
    """A client whose one agent tells a story."""
    (folder / "models").mkdir()
    (folder / "models" / "teller.yaml").write_text(SAYS, encoding="utf-8")
    teller = agent("teller", prompt="You tell stories.", output={"story": "string"})
    models = {"providers": {"script": {"kind": "scripted", "path": "models"}}}
    return Interlock(folder / "interlock.db", agents=[teller], models=models, folder=folder)


@in_event_loop
async def test_who_streams_a_run_hears_what_its_models_are_saying(tmp_path: Path) -> None:
    """A person who waits for a long answer wants to see it come."""
    async with telling(tmp_path) as interlock:
        handle = await interlock.start(graph(TELL))
        seen = [item async for item in handle.stream()]

        words = [item for item in seen if isinstance(item, Words)]
        assert {each.path for each in words} == {"tell"}
        assert "".join(each.text for each in words) == STORY
        assert [item for item in seen if isinstance(item, Event)] == [event async for event in handle.events()]


class Whispering(ScriptedModels):
    """Models that say other words than their answer holds, once the test lets them."""

    def __init__(self) -> None:
        super().__init__({"fixer": [calls("look"), Answers({"number": 424_242})]})
        self.goes_on = asyncio.Event()

    async def ask(
        self,
        chosen: Chosen,
        request: ModelRequest,
        *,
        agent: str,
        call_id: str,
        deadline: Micros | None,
        says: Callable[[str], None] | None,
    ) -> Heard:
        """Whisper, and answer."""
        await self.goes_on.wait()
        if says is not None:
            says("hush, ")
            says("hush")
        return await super().ask(chosen, request, agent=agent, call_id=call_id, deadline=deadline, says=says)


@tool(effect="read")
async def look() -> int:
    """Look around."""
    return 1


def bench() -> Workbench:
    """An agent that is asked twice."""
    fixer = agent("fixer", prompt="You fix things.", tools=["look"], output={"number": "integer"})
    return Workbench(fixer, tools=[look], models=Whispering())


@on_virtual_time
async def test_live_words_reach_no_store() -> None:
    """They may be half a thought, or half a secret: what counts is the answer, and that is on record."""
    async with bench() as at, at.life() as life:
        models = at.models
        assert isinstance(models, Whispering)
        await at.start(life, {"fix": {"agent": "fixer", "input": {}}})
        async with Following(life.worker, RUN, hears=True) as following:
            models.goes_on.set()
            await at.ended()
            told = "".join(each.text for each in following.take_live() if isinstance(each, Words))

        assert told == "hush, hush…" * 2
        assert "424242" in repr(at.store.appends)
        assert "hush" not in repr(at.store.appends)


@on_virtual_time
async def test_models_are_asked_for_pieces_only_while_somebody_listens() -> None:
    """Answers in pieces cost time; who only waits for the end, or reads events, needs none."""
    async with bench() as at, at.life() as life:
        models = at.models
        assert isinstance(models, Whispering)
        await at.start(life, {"fix": {"agent": "fixer", "input": {}}})
        async with Following(life.worker, RUN):
            models.goes_on.set()
            await at.ended()

        assert models.was_heard == [False, False]


@on_virtual_time
async def test_pieces_that_nobody_has_taken_yet_are_given_together() -> None:
    """A model writes a hundred pieces a second: who draws eight frames of it wants eight of them."""
    async with bench() as at, at.life() as life:
        driver = await at.start(life, {"fix": {"agent": "fixer", "input": {}}})
        async with Following(life.worker, RUN, hears=True) as following:
            driver.show_words("a", "one ")
            driver.show_words("a", "two")
            driver.show_words("b", "three")
            driver.show_progress("a", 0.5, "half way")
            driver.show_words("b", "x" * WORDS_TOGETHER_MAX)
            driver.show_words("b", "y")

            told = following.take_live()

        assert [(each.path, each.text) for each in told] == [
            ("a", "one two"),
            ("b", "three"),
            ("a", "half way"),
            ("b", "x" * WORDS_TOGETHER_MAX),
            ("b", "y"),
        ]
