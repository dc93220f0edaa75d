"""How models stand: what was asked of each since the process began, for whoever watches it."""

from __future__ import annotations

from msgspec import structs

from interlock.models.standing import ModelStanding
from tests.models.fake_replies import FakeReply
from tests.models.fake_server import FakeServer
from tests.models.set_up import REQUEST, asked, compatible, gateway, priced
from tests.store.event_loop import in_event_loop

USAGE = {"prompt_tokens": 100, "completion_tokens": 20}


@in_event_loop
async def test_requests_tokens_and_money_are_counted_by_model() -> None:
    """A pool that costs more than yesterday is seen while it does, and not at the end of the month."""
    request = structs.replace(REQUEST, temperature=0)
    async with (
        FakeServer(FakeReply(status=503), FakeReply("same", usage=USAGE)) as server,
        gateway({"a": compatible(server.url)}, priced("a/m"), cache="temperature_0") as models,
    ):
        none_yet = models.standings()
        for _ in range(2):
            await asked(models, request)
        told = models.standings()

    assert none_yet == []
    assert told == [ModelStanding(model="a/m", answered=1, failed=1, from_memory=1, input=100, output=20, usd=140)]


@in_event_loop
async def test_a_model_that_keeps_failing_stands_as_left_alone() -> None:
    """It costs seconds of every call until somebody sees it."""
    async with (
        FakeServer(*[FakeReply(status=503)] * 5) as server,
        gateway({"a": compatible(server.url, attempts=5)}, priced("a/m")) as models,
    ):
        await asked(models, REQUEST)
        [told] = models.standings()

    assert (told.answered, told.failed, told.usd) == (0, 5, 0)
    assert told.resting is not None
