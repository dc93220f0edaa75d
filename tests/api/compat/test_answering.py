"""What a person's response says to a question: AgentOps took anything, runs take a choice or a form."""

from __future__ import annotations

import pytest

from interlock.api.compat.agentops.answering import Asked, Response, Said, question_meant, said_to
from interlock.api.errors import ApiError
from interlock.core.event_parts import Question
from interlock.core.values import JsonSchema
from interlock.engine.waits import Wait

IN_WORDS: JsonSchema = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
TWO_NUMBERS: JsonSchema = {
    "type": "object",
    "properties": {"low": {"type": "integer"}, "high": {"type": "integer"}},
    "required": ["low", "high"],
}


@pytest.mark.parametrize("response", ["yes", {"response": "yes"}, {"decision": "yes"}])
def test_words_are_the_choice_however_they_are_wrapped(response: Response) -> None:
    """What the field is called was everybody's own matter there."""
    assert said_to(Question("Go on?", choices=("yes", "no")), response) == Said(choice="yes")


@pytest.mark.parametrize(
    ("response", "form"),
    [
        ("PostgreSQL", {"answer": "PostgreSQL"}),
        ({"answer": "PostgreSQL"}, {"answer": "PostgreSQL"}),
        ({"database": "PostgreSQL"}, {"answer": "PostgreSQL"}),
        ({"database": "PostgreSQL", "port": 5432}, {"answer": '{"database": "PostgreSQL", "port": 5432}'}),
    ],
)
def test_no_word_of_a_response_is_lost(response: Response, form: object) -> None:
    """What has other fields than were asked for is told to the model as it is."""
    assert said_to(Question("Which?", form=IN_WORDS), response) == Said(form=form)


def test_a_form_is_filled_in_field_by_field() -> None:
    """Words alone would be nothing that the agent can use."""
    question = Question("Between what?", form=TWO_NUMBERS)

    assert said_to(question, {"low": 1, "high": 2}) == Said(form={"low": 1, "high": 2})
    with pytest.raises(ApiError, match="it takes high, low: give them by name"):
        said_to(question, "between one and two")


def test_of_several_questions_the_first_is_answered() -> None:
    """What nobody can answer, as a timer, is passed over."""
    first, second = Question("First?"), Question("Second?")
    waits = [
        Wait(path="step.7", reason="person", since=30, question=second),
        Wait(path="step.3", reason="approval", since=20, question=first),
        Wait(path="step", reason="time", since=10),
    ]

    assert question_meant("research@r1", waits) == Asked("step.3", first)
    with pytest.raises(ApiError, match="waits for no answer"):
        question_meant("research@r1", waits[2:])
