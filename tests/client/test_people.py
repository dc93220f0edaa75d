"""What waits for people, answered by a program."""

from __future__ import annotations

import asyncio

import pytest

from interlock.client import AsyncClient, Client, ClientError, Invalid, Refused, Reply
from interlock.wire.questions import Question
from tests.api.running_server import RunningServer


def test_a_question_is_answered_by_hand(client: Client) -> None:
    """What is asked comes with the words that can be said about it."""
    run = client.rest(client.start("ask"))
    [question] = client.questions(run)

    client.answer(question, "release", why="looks good")

    ended = client.wait(run)
    assert (question.choices, ended.outputs["ask"]["why"]) == (["release", "reject"], "looks good")


def test_a_function_answers_what_a_run_asks_up_to_its_end(client: Client) -> None:
    """A program that stands in for a person is a function."""
    run = client.start("ask")
    asked: list[str] = []

    def answer(question: Question) -> str:
        asked.append(question.text)
        return "reject"

    count = client.answer_each(answer, run=run)

    assert (count, asked) == (1, ["Release?"])
    assert client.row(run).status == "succeeded"


def test_a_reply_may_say_why_and_gates_are_answered_alike(client: Client) -> None:
    """A held gate is a question like any other: its words are told with it."""
    run = client.start("held")

    client.answer_each(lambda _: Reply(word="promote", why="it was looked at"), run=run)

    [given] = client.events(run, types=["verdict.given"])
    assert given.body
    assert (given.body["verdict"], given.body["why"]) == ("promote", "it was looked at")


def test_what_a_function_leaves_to_others_is_answered_by_them(server: RunningServer) -> None:
    """Nobody is asked twice, and what somebody else has answered is passed over."""
    asked: list[str] = []

    async def leave(question: Question) -> None:
        asked.append(question.path)

    async def scene() -> int:
        async with AsyncClient(server.url, key="") as client:
            run = await client.start("ask")
            following = asyncio.ensure_future(client.answer_each(leave, run=run))
            await client.rest(run)
            await client.answer(f"{run.run}:ask", "release")
            return await following

    assert (asyncio.run(scene()), len(asked) <= 1) == (0, True)


def test_what_somebody_was_quicker_with_is_passed_over(client: Client) -> None:
    """Two desks answer the same questions: the second word is refused, and that is an ordinary thing."""

    def answer_late(question: Question) -> str:
        client.answer(question, "reject")
        return "release"

    run = client.start("ask")

    assert client.answer_each(answer_late, run=run) == 0
    assert client.wait(run).outputs["ask"]["choice"] == "reject"


def test_a_question_that_was_left_is_not_asked_again(server: RunningServer) -> None:
    """Whatever happens elsewhere meanwhile: a person who has said no to it is not asked at each event."""
    asked: list[str] = []
    news = asyncio.Event()

    async def leave(question: Question) -> None:
        asked.append(question.run)
        news.set()

    async def until_asked(run: str) -> None:
        while run not in asked:
            await news.wait()
            news.clear()

    async def scene() -> int:
        async with AsyncClient(server.url, key="") as client:
            desk = asyncio.ensure_future(client.answer_each(leave))
            first = await client.start("ask")
            await until_asked(first.run)
            await until_asked((await client.start("ask")).run)
            desk.cancel()
            await asyncio.gather(desk, return_exceptions=True)
            return asked.count(first.run)

    assert asyncio.run(scene()) == 1


def test_a_word_that_cannot_be_said_stops_who_says_it(client: Client) -> None:
    """A function that answers in the wrong words would leave a run waiting, and nobody would know."""
    run = client.start("ask")

    with pytest.raises(Refused) as refused:
        client.answer_each(lambda _: "perhaps", run=run)

    assert "release" in refused.value.detail


def test_a_word_that_no_gate_knows_is_refused_with_those_that_it_does(client: Client) -> None:
    """The question itself says what can be said."""
    run = client.rest(client.start("held"))
    [question] = client.questions(run)

    with pytest.raises(Invalid) as refused:
        client.reply(question, "perhaps")

    assert refused.value.advice == "say one of promote, block, rollback"


def test_all_runs_are_answered_for_as_long_as_somebody_follows(server: RunningServer) -> None:
    """A desk that is staffed by a program."""

    async def answer(question: Question) -> str | None:
        return "release" if question.path == "ask" else None

    async def scene() -> str:
        async with AsyncClient(server.url, key="") as client:
            desk = asyncio.ensure_future(client.answer_each(answer))
            run = await client.wait(await client.start("ask"), timeout_seconds=20)
            desk.cancel()
            await asyncio.gather(desk, return_exceptions=True)
            return run.outputs["ask"]["choice"]

    assert asyncio.run(scene()) == "release"


def test_a_place_is_written_as_run_and_path(client: Client) -> None:
    """As on the command line."""
    with pytest.raises(Invalid) as refused:
        client.answer("review", "release")

    assert refused.value.advice == "write it as RUN:PATH"


def test_an_async_function_needs_the_client_that_awaits(client: Client) -> None:
    """It would never run, and everything would seem to be answered."""

    async def answer(_: Question) -> str:
        return "release"

    with pytest.raises(ClientError) as told:
        client.answer_each(answer, run=client.start("ask"))

    assert told.value.code == "async_function"
