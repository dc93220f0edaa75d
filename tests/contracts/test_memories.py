"""What agents' memories promise, whatever store they are kept in."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from interlock.core.values import Value
from interlock.engine.agents.memory.door import MemoryCall
from interlock.engine.agents.memory.keeping import ENTRIES_MAX, VALUE_BYTES_MAX, KeptMemories
from interlock.engine.retaining.leftovers import KINDS
from interlock.store import EventStore
from interlock.tools.outcome import Done
from tests.store.event_loop import in_event_loop
from tests.store.logs import TENANT, WORKER, append, ended, started, waiting_run
from tests.store.places import Place


class Desk:
    """Agents in runs of one store, and what comes of what they ask of their memories."""

    def __init__(self, store: EventStore, *, tenant: str = TENANT) -> None:
        self._memories = KeptMemories(store, tenant=tenant)
        self._count = 0

    async def __call__(
        self,
        tool: str,
        *,
        run: str = "run1",
        agent: str = "writer",
        effect: str = "",
        tainted: bool = False,
        **given: Any,  # noqa: ANN401 - the arguments of the tool
    ) -> Value:
        """A call of a memory tool: its result, or what is said of its failure."""
        self._count += 1
        call = MemoryCall(
            run=run,
            agent=agent,
            path="a.1",
            attempt=1,
            effect=effect or f"effect-{self._count}",
            tool=tool,
            arguments={"memory": "long_term", **given},
            tainted=tainted,
        )
        outcome = await self._memories.call(call)
        return outcome.out if isinstance(outcome, Done) else f"{outcome.error.kind}: {outcome.error.message}"

    async def values(self, **given: Any) -> list[Value]:  # noqa: ANN401 - as above
        """What is recalled, without what else is told of it."""
        return [each["value"] for each in await self("recall", **given)]


@in_event_loop
async def test_what_an_agent_remembers_it_recalls_in_another_run(place: Place) -> None:
    """Also in another process; and what it keeps again under a key takes the place of what was there."""
    async with place.store() as store:
        desk = Desk(store)
        await desk("remember", run="run1", key="tone", text="formal")
        await desk("remember", run="run1", key="tone", text="friendly", tags=["style"])
        await desk("remember", run="run1", key="limits", value={"words": 80})

    async with place.store() as store:
        assert await Desk(store)("recall", run="run2", query="tone") == [
            {"by": "writer", "key": "tone", "tags": ["style"], "value": "friendly"}
        ]
        assert await Desk(store).values(run="run2", query="words") == [{"words": 80}]


@in_event_loop
async def test_nothing_crosses_tenants(place: Place) -> None:
    """Not even what is shared by all agents."""
    async with place.store() as store:
        mine, theirs = Desk(store), Desk(store, tenant="other")
        await mine("remember", key="a", text="mine")
        await mine("remember", key="b", text="ours", shared=True)

        await theirs("forget", key="a")

        assert await theirs.values() == []
        assert sorted(await mine.values()) == ["mine", "ours"]


@in_event_loop
async def test_long_term_memory_is_an_agents_own_unless_it_shares_it(place: Place) -> None:
    """What one has learnt of its own work is no matter of the others."""
    async with place.store() as store:
        desk = Desk(store)
        await desk("remember", agent="writer", key="a", text="own")
        await desk("remember", agent="writer", key="a", text="for all", shared=True)

        assert sorted(await desk.values(agent="writer")) == ["for all", "own"]
        assert await desk.values(agent="editor") == ["for all"]
        assert await desk("forget", agent="editor", key="a", shared=True) == {"key": "a"}
        assert await desk.values(agent="writer") == ["own"]


@in_event_loop
async def test_the_agents_of_a_sessions_runs_share_its_memory(place: Place) -> None:
    """A thread goes on in another run, by whichever agent; another session knows nothing of it."""
    async with place.store() as store:
        for run, labels in {"r1": {"session": "s"}, "r2": {"session": "s"}, "r3": {"session": "t"}}.items():
            await waiting_run(store, run, labels=labels)
        desk = Desk(store)
        await desk("remember", run="r1", memory="session", text="called Ada")

        recalled = [await desk.values(run=run, agent="editor", memory="session") for run in ("r1", "r2", "r3")]

        assert recalled == [["called Ada"], ["called Ada"], []]
        assert await desk.values(run="r1") == []


@in_event_loop
async def test_a_run_without_a_session_is_its_own(place: Place) -> None:
    """Its agents share what they keep, and nobody else sees it."""
    async with place.store() as store:
        await waiting_run(store, "r1")
        await waiting_run(store, "r2")
        desk = Desk(store)
        await desk("remember", run="r1", memory="session", text="a draft")

        assert await desk.values(run="r1", agent="editor", memory="session") == ["a draft"]
        assert await desk.values(run="r2", memory="session") == []


@in_event_loop
async def test_what_a_run_kept_for_itself_goes_once_it_has_ended(place: Place) -> None:
    """Nobody can come to it any more; what is a session's or an agent's stays."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started()))
        desk = Desk(store)
        await desk("remember", run="r1", memory="session", text="a draft")
        await desk("remember", run="r1", text="for longer")
        kept_while_it_lives = await store.retention.drop_leftovers(TENANT, kinds=KINDS)

        await store.append(append(lease, ended(), after=1, status="succeeded"))
        dropped = await store.retention.drop_leftovers(TENANT, kinds=KINDS)

        assert (kept_while_it_lives, dropped) == (0, 1)
        assert await desk.values(run="r1", memory="session") == []
        assert await desk.values(run="r1") == ["for longer"]


@in_event_loop
async def test_a_call_that_is_repeated_under_its_effect_keeps_nothing_twice(place: Place) -> None:
    """A worker may die after it has written and before that is on record."""
    async with place.store() as store:
        desk = Desk(store)

        keys = [await desk("remember", effect="effect-7-of-run1", text="once") for _ in range(2)]

        assert keys[0] == keys[1]
        assert await desk.values() == ["once"]


@in_event_loop
async def test_what_shares_most_words_comes_first_and_of_that_the_newest(place: Place) -> None:
    """No model ranks: the same question gets the same answer."""
    async with place.store() as store:
        desk = Desk(store)
        for key, text in {"best": "green tea pot", "old": "red tea", "new": "black tea", "other": "coffee"}.items():
            place.setting.now += 1
            await desk("remember", key=key, text=text, tags=["drink"])

        assert [each["key"] for each in await desk("recall", query="Green TEA?")] == ["best", "new", "old"]
        assert [each["key"] for each in await desk("recall")] == ["other", "new", "old", "best"]
        assert [each["key"] for each in await desk("recall", limit=1)] == ["other"]
        assert [each["key"] for each in await desk("recall", query="pot", tags=["drink"])] == ["best"]
        assert await desk("recall", tags=["food"]) == []


@in_event_loop
async def test_what_was_written_by_an_agent_that_had_read_foreign_text_says_so(place: Place) -> None:
    """An instruction that came with a web page must not come back as the agent's own thought."""
    async with place.store() as store:
        desk = Desk(store)
        await desk("remember", key="a", text="obey the page", tainted=True)
        await desk("remember", key="b", text="mine")

        told = {each["key"]: each.get("tainted", False) for each in await desk("recall")}

        assert told == {"a": True, "b": False}


@in_event_loop
async def test_a_memory_has_bounds_in_size_and_number(place: Place) -> None:
    """What is full is said to be, and nothing is lost in silence."""
    async with place.store() as store:
        desk = Desk(store)
        await asyncio.gather(*(desk("remember", key=f"{n}", text="x") for n in range(ENTRIES_MAX)))

        assert await desk("remember", key="more", text="x") == (
            f"exhausted: this memory is full ({ENTRIES_MAX} entries): forget something first"
        )
        assert await desk("remember", key="7", text="y") == {"key": "7"}
        await desk("forget", key="8")
        assert await desk("remember", key="more", text="x") == {"key": "more"}
        assert await desk("remember", key="7", value="y" * VALUE_BYTES_MAX) == (
            f"invalid: {VALUE_BYTES_MAX + 3:,} bytes are more than the {VALUE_BYTES_MAX:,} that are kept under one key"
        )


@in_event_loop
async def test_no_more_is_recalled_at_once_than_a_model_can_read(place: Place) -> None:
    """The best of it, as much as fits."""
    async with place.store() as store:
        desk = Desk(store)
        for n in range(4):
            place.setting.now += 1
            await desk("remember", key=f"{n}", text=f"{n}" * 8_000)

        assert [each["key"] for each in await desk("recall")] == ["3", "2", "1"]


@pytest.mark.parametrize("given", [{}, {"text": "a", "value": 1}])
@in_event_loop
async def test_what_is_to_be_kept_is_text_or_data(place: Place, given: dict[str, Any]) -> None:
    """One of the two, since nobody could say which was meant."""
    async with place.store() as store:
        assert await Desk(store)("remember", **given) == "invalid: give `text` or `value`, and not both"
