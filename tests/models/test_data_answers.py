"""Data that a model was asked for, out of the fence it has put it in."""

from __future__ import annotations

import pytest

from interlock.core.messages import ModelReply, Usage
from interlock.models.data_answers import unfenced
from interlock.models.outcomes import ModelAnswered
from tests.models.fake_replies import FakeReply
from tests.models.fake_server import FakeServer
from tests.models.set_up import REQUEST, asked, compatible, gateway, priced
from tests.store.event_loop import in_event_loop


@pytest.mark.parametrize(
    ("said", "data"),
    [
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        ('\n```\n{"a": 1}\n```\n', '{"a": 1}'),
        ('{"a": 1}', '{"a": 1}'),
        ('Here it is:\n```json\n{"a": 1}\n```', 'Here it is:\n```json\n{"a": 1}\n```'),
        ('{"a": "```"}', '{"a": "```"}'),
        ("```", "```"),
    ],
)
def test_a_fence_around_the_whole_answer_is_taken_off(said: str, data: str) -> None:
    """It saves a repair; what else stands there is the agent's to judge."""
    assert unfenced(said) == data


@in_event_loop
async def test_an_answer_that_is_to_be_prose_keeps_its_fences() -> None:
    """Code was asked for, perhaps."""
    async with (
        FakeServer(FakeReply("```\nx\n```")) as server,
        gateway({"a": compatible(server.url)}, priced("a/m")) as models,
    ):
        outcome = await asked(models, REQUEST)

    assert isinstance(outcome, ModelAnswered)
    assert outcome.reply == ModelReply("```\nx\n```", model="a/m", usage=Usage(20, 5))
