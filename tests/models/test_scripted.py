"""Models that answer from files: by rules and turn by turn, as slow and as wrong as they are told to be."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from interlock.core.event_parts import Error
from interlock.core.messages import (
    Answered,
    AskedCall,
    Instructions,
    Message,
    ModelReply,
    ModelRequest,
    Said,
    Told,
)
from interlock.models.errors import ScriptsNotRead
from interlock.models.outcomes import ModelAnswered, ModelFailed
from interlock.models.scripted.reading import read_scripts
from tests.models.set_up import REQUEST, ManualTime, asked, gateway
from tests.store.event_loop import in_event_loop

SCRIPTED = {"own": {"kind": "scripted"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project that has a folder for scripts."""
    (tmp_path / "models").mkdir()
    return tmp_path


def script(folder: Path, text: str, *, name: str = "fixer") -> None:
    """Write a script."""
    (folder / f"models/{name}.yaml").write_text(textwrap.dedent(text))


async def reply(folder: Path, *messages: Message, agent: str = "fixer", call_id: str = "c1") -> ModelReply:
    """What the scripts answer."""
    async with gateway(SCRIPTED, folder=folder) as models:
        outcome = await asked(models, ModelRequest(messages or REQUEST.messages), agent=agent, call_id=call_id)
    assert isinstance(outcome, ModelAnswered), outcome
    return outcome.reply


def after(first: ModelReply, result: str) -> tuple[Message, ...]:
    """The conversation after the first calls have been answered."""
    return (
        *REQUEST.messages,
        Said(first.text, first.calls),
        *(Answered(call.id, call.tool, result) for call in first.calls),
    )


@in_event_loop
async def test_turns_are_taken_one_after_the_other(folder: Path) -> None:
    """A transcript is played as it was written, with calls and with data."""
    script(
        folder,
        """
        turns:
          - say: I look.
            calls: [{tool: read_file, arguments: {path: app.py}}]
          - answer: {done: true}
        """,
    )

    first = await reply(folder)
    second = await reply(folder, *after(first, "x = 41"))

    assert (first.text, first.finish, first.model, first.simulated) == ("I look.", "calls", "own/scripted", True)
    assert first.calls == (AskedCall("fixer-0-1", "read_file", {"path": "app.py"}),)
    assert (second.text, second.finish) == ('{"done":true}', "stop")


@in_event_loop
async def test_a_conversation_of_which_the_beginning_was_left_out_goes_on_where_it_was(folder: Path) -> None:
    """Contexts are compacted: how far one has come is in the ids of the last calls."""
    script(folder, "turns: [{calls: [{tool: a}]}, {calls: [{tool: b}]}, {say: the end}]")
    second = Said("", (AskedCall("fixer-1-1", "b", {}),))

    third = await reply(folder, Told("what was before was left out"), second, Answered("fixer-1-1", "b", "done"))

    assert third.text == "the end"


@in_event_loop
async def test_a_rule_is_taken_when_all_its_conditions_hold_and_uses_what_it_has_found(folder: Path) -> None:
    """An agent is answered by what its tools have said, as a model would."""
    script(
        folder,
        r"""
        turns:
          - when: {tool: run_tests, result: "(?P<count>[0-9]+) failed"}
            say: "${count} tests fail, and $${count} is no hole"
            calls: [{tool: patch, arguments: {why: "${count} failed"}}]
          - when: {tool: run_tests, failed: true}
            say: it did not run
          - calls: [{tool: run_tests}]
        """,
    )
    first = await reply(folder)

    failing = await reply(folder, *after(first, "3 failed, 1 passed"))
    crashed = await reply(
        folder, *REQUEST.messages, Said("", first.calls), Answered("fixer-2-1", "run_tests", "no pytest", failed=True)
    )

    assert failing.text == "3 tests fail, and ${count} is no hole"
    assert failing.calls == (AskedCall("fixer-0-1", "patch", {"why": "3 failed"}),)
    assert crashed.text == "it did not run"


@in_event_loop
async def test_a_script_answers_for_the_agent_it_names(folder: Path) -> None:
    """By its name where it is said who asks, else by the name in the instructions."""
    script(folder, "agent: '*_fixer'\nturns: [{say: I fix}]", name="a")
    script(folder, "agent: planner\nturns: [{say: I plan}]", name="b")

    assert (await reply(folder, agent="py_fixer")).text == "I fix"
    assert (await reply(folder, agent="planner")).text == "I plan"
    assert (await reply(folder, Instructions("You are the planner."), Told("go"), agent="")).text == "I plan"


@in_event_loop
async def test_broken_arguments_are_as_broken_as_they_are_written(folder: Path) -> None:
    """Agents are tested with what models really do."""
    script(folder, "turns: [{calls: [{tool: read_file, raw: '{\"path\": '}]}]")

    [call] = (await reply(folder)).calls

    assert (call.raw, call.problem) == ('{"path": ', "the arguments are no JSON: Input data was truncated")


@in_event_loop
async def test_errors_come_as_often_as_they_are_written(folder: Path) -> None:
    """Retries are seen without a network."""
    script(folder, "turns: [{say: ok, error: {kind: rate_limited, retry_after: 3s, times: 2}}]")
    time = ManualTime()

    async with gateway(SCRIPTED, folder=folder, time=time) as models:
        outcome = await asked(models, agent="fixer")

    assert isinstance(outcome, ModelAnswered)
    assert [each.error and each.error.kind for each in outcome.tries] == ["rate_limited", "rate_limited", None]
    assert time.slept == [3_000_000, 3_000_000]


@in_event_loop
async def test_an_answer_may_break_off(folder: Path) -> None:
    """What was heard was told; the call has failed."""
    script(folder, "turns: [{say: one two three four, breaks_off: true}]")
    heard: list[str] = []

    async with gateway(SCRIPTED, folder=folder) as models:
        outcome = await asked(models, on_token=heard.append)

    assert isinstance(outcome, ModelFailed)
    assert (outcome.error, heard) == (
        Error("unavailable", "own/scripted: the answer broke off"),
        ["one ", "two ", "…\n"],
    )


@in_event_loop
async def test_chance_is_the_same_for_the_same_call(folder: Path) -> None:
    """A demo that went wrong goes wrong again."""
    script(folder, "latency: [100ms, 900ms]\nfails: 0.3\nturns: [{say: hello there}]")

    async def seen() -> list[tuple[int, int, object]]:
        time = ManualTime()
        outcomes: list[tuple[int, int, object]] = []
        async with gateway(SCRIPTED, folder=folder, time=time) as models:
            for number in range(20):
                began = time.at
                outcome = await asked(models, call_id=f"call-{number}")
                used = outcome.reply.usage if isinstance(outcome, ModelAnswered) else None
                outcomes.append((time.at - began, len(outcome.tries), used))
        return outcomes

    once, again = await seen(), await seen()

    assert once == again
    assert {1, 2} <= {tries for _, tries, _ in once}
    assert len({took for took, tries, _ in once if tries == 1}) > 5


@in_event_loop
async def test_an_answer_that_takes_longer_than_it_may_is_given_up(folder: Path) -> None:
    """As with a real model, and without waiting for it in a test."""
    script(folder, "latency: 10m\nturns: [{say: late}]")
    time = ManualTime()

    async with gateway({"own": {"kind": "scripted", "whole_seconds": 5}}, folder=folder, time=time) as models:
        outcome = await asked(models)

    assert isinstance(outcome, ModelFailed)
    assert (outcome.error.kind, time.slept) == ("timeout", [5_000_000])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("turns: [{say: a}]", "no script answers for the agent `other` (there are: a for `fixer`)"),
        (
            "turns: [{when: {last: never}, say: a}]",
            (
                "the script fixer has no answer any more: none of its rules holds, "
                "and all turns without a rule have been taken"
            ),
        ),
    ],
)
@in_event_loop
async def test_what_no_script_answers_is_told(folder: Path, text: str, told: str) -> None:
    """A silent default would hide that an agent does something unforeseen."""
    agent = "agent: fixer\n" if "the agent" in told else ""
    script(folder, agent + text, name="a" if agent else "fixer")

    async with gateway(SCRIPTED, folder=folder) as models:
        outcome = await asked(models, agent="other")

    assert isinstance(outcome, ModelFailed)
    assert outcome.error == Error("invalid", f"own/scripted: {told}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("turns: []", "fixer.yaml:1:8: error: `turns` has no turn: write one such as `- say: hello`"),
        ("turns: [{sya: a}]", "fixer.yaml:1:10: error: `sya` is no key here"),
        ("turns: [{say: a, answer: 1}]", "error: `turns` should have `say` or `answer`, not both"),
        ("turns: [{when: {last: '('}, say: a}]", "is no regular expression: missing ), unterminated subpattern"),
        ("turns: [{say: a}]\nlatency: 5", "fixer.yaml:2:10: error: `latency` 5 has no unit"),
        ("turns: 5", "fixer.yaml:1:8: error: `turns` is a list, not the number 5"),
        ("turns: [{say: 5}]", "error: `say` is text, not the number 5"),
        ("turns: [{error: {kind: refuse}}]", "did you mean `refused`?"),
        ("turns: [{say: a, calls: [{tool: t, arguments: []}]}]", "`arguments` is a map, not a list"),
        ("turns: [{say: a}", "fixer.yaml:1:"),
        ("- a", "fixer.yaml:1:1: error:"),
        ("", "fixer.yaml:1:1: error:"),
    ],
)
def test_a_script_that_cannot_be_used_is_told_with_its_place(folder: Path, text: str, told: str) -> None:
    """Scripts are written by hand."""
    script(folder, text)

    with pytest.raises(ScriptsNotRead) as refused:
        read_scripts(folder / "models")

    assert told in str(refused.value)


def test_a_folder_without_scripts_says_what_to_put_there(tmp_path: Path) -> None:
    """The first thing that is seen when the provider is declared and nothing more."""
    with pytest.raises(ScriptsNotRead, match=r"there are no scripts at .*: put a file such as .*planner\.yaml there"):
        read_scripts(tmp_path)
