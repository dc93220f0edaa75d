"""A person is asked by a node as an agent asks one, and a task is handed in."""

from __future__ import annotations

import pytest

from interlock.core.event_parts import Question
from interlock.core.events import EffectIntended
from interlock.core.values import Value
from interlock.tools.errors import ToolFailed
from interlock.tools.outcome import Done, ToolOutcome
from interlock.tools.standard.asking import IN_WORDS, asking_tools, question_of
from interlock.tools.tool import Tool
from tests.tools.doorstep import MemoryJournal, a_call, a_door, begun, lived, performed


def the(name: str) -> Tool:
    """The tool of that name."""
    return next(tool for tool in asking_tools() if tool.name == name)


def asked(input: Value, *, choice: str = "", form: Value = None) -> tuple[ToolOutcome, Question | None]:
    """What comes of asking a person who answers so, and what they were asked."""

    async def story() -> tuple[ToolOutcome, Question | None]:
        journal = MemoryJournal()
        call = begun(the("request_human_input"), a_call(input), journal, a_door())
        await journal.asked.wait()
        journal.answer(1, choice=choice, form=form)
        outcome = await call
        (intended,) = [event for event in journal.recorded if isinstance(event, EffectIntended)]
        return outcome, intended.question

    return lived(story)


def test_a_person_chooses() -> None:
    """The question and all that is needed to answer it are one text."""
    outcome, question = asked(
        {"question": "Release?", "context": "42 tests passed", "urgency": "high", "choices": ["yes", "no"]},
        choice="yes",
    )

    assert question == Question("Urgent: Release?\n\n42 tests passed", ("yes", "no"))
    assert isinstance(outcome, Done)
    assert outcome.out == {"choice": "yes", "form": {}}


@pytest.mark.parametrize("form", [None, {"type": "object", "properties": {"version": {"type": "string"}}}])
def test_a_person_fills_in_a_form_or_answers_in_words(form: Value) -> None:
    """Without choices there is always a form, so that the answer has a place."""
    filled = {"answer": "in words", "version": "1.2"}

    outcome, question = asked({"question": "Which version?", "form": form}, form=filled)

    assert question == Question("Which version?", (), form or IN_WORDS)
    assert isinstance(outcome, Done)
    assert outcome.out == {"choice": "", "form": filled}


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ({"question": "A or B?", "choices": ["A"], "form": IN_WORDS}, "choices or a form, not both"),
        ({"question": "A or A?", "choices": ["A", "A"]}, "the choices must be different"),
        ({"question": "A or nothing?", "choices": ["A", ""]}, "none of them empty"),
        ({"question": "x" * 20_000}, "question and context have 20,000 characters, and 16,000 are the most"),
    ],
)
def test_a_question_that_nobody_could_answer_is_refused(question: dict[str, Value], told: str) -> None:
    """Before a person is bothered with it."""
    with pytest.raises(ToolFailed, match=told):
        question_of(**question)


def test_a_task_is_handed_in_as_it_was_told() -> None:
    """In a graph the tool is a node like any other: its output is the result."""
    given = {"summary": "Fixed it.", "artifacts": ["src/a.py"], "result": {"score": 1}}

    outcome = lived(lambda: performed(the("complete_task"), a_call(given), MemoryJournal(), a_door()))

    assert isinstance(outcome, Done)
    assert outcome.out == {"artifacts": ["src/a.py"], "result": {"score": 1}, "summary": "Fixed it."}
