"""Answers that were given before: which are kept, for which requests, and how many."""

from __future__ import annotations

import pytest
from msgspec import structs

from interlock.core.messages import ModelReply
from interlock.core.spending import NOTHING
from interlock.models.answer_cache import AnswerCache, cache_key
from interlock.models.outcomes import ModelAnswered
from tests.models.fake_replies import FakeReply
from tests.models.fake_server import FakeServer
from tests.models.set_up import READ_FILE, REQUEST, asked, compatible, gateway, priced
from tests.store.event_loop import in_event_loop


def test_the_longest_unused_answer_makes_room() -> None:
    """Memory is bounded however long a process lives."""
    cache = AnswerCache(entries_max=2)
    cache.keep("a", ModelReply("a"))
    cache.keep("b", ModelReply("b"))
    assert cache.find("a") is not None
    cache.keep("c", ModelReply("c"))

    assert [cache.find(key) and key for key in "abc"] == ["a", None, "c"]


def test_answers_are_bounded_by_their_size_too() -> None:
    """A thousand answers of a megabyte are a gigabyte."""
    cache = AnswerCache(bytes_max=1_000)
    cache.keep("a", ModelReply("x" * 600))
    cache.keep("b", ModelReply("x" * 600))
    cache.keep("huge", ModelReply("x" * 2_000))

    assert [cache.find(key) is not None for key in ("a", "b", "huge")] == [False, True, False]


@pytest.mark.parametrize(
    "other",
    [
        structs.replace(REQUEST, temperature=0.1),
        structs.replace(REQUEST, tokens_max=5),
        structs.replace(REQUEST, tools=(READ_FILE,)),
        structs.replace(REQUEST, output={"type": "object"}),
        structs.replace(REQUEST, messages=REQUEST.messages[1:]),
    ],
)
def test_everything_that_an_answer_may_depend_on_is_in_the_key(other: object) -> None:
    """An answer to another question is worse than none."""
    assert cache_key("a/m", REQUEST) != cache_key("a/m", other)  # pyright: ignore[reportArgumentType] - a request
    assert cache_key("a/m", REQUEST) != cache_key("b/m", REQUEST)


@pytest.mark.parametrize(
    ("cache", "temperature", "requests"),
    [
        ("never", 0, 2),
        ("temperature_0", 0, 1),
        ("temperature_0", None, 2),
        ("temperature_0", 0.5, 2),
        ("always", 0.5, 1),
    ],
)
@in_event_loop
async def test_a_pool_says_which_requests_are_answered_from_memory(
    cache: str, temperature: float | None, requests: int
) -> None:
    """The same question twice may be wanted: only who sets the pool up knows."""
    request = structs.replace(REQUEST, temperature=temperature)
    heard: list[str] = []
    async with (
        FakeServer(FakeReply("same"), FakeReply("same")) as server,
        gateway({"a": compatible(server.url)}, priced("a/m"), cache=cache) as models,
    ):
        first = await asked(models, request)
        second = await asked(models, request, on_token=heard.append)

    assert isinstance(first, ModelAnswered)
    assert isinstance(second, ModelAnswered)
    assert len(server.requests) == requests
    assert (second.cached, second.spent == NOTHING) == (requests == 1, requests == 1)
    assert (second.reply.text, "".join(heard)) == ("same", "same")
