"""The default tools that are no contact with the world: asking a person, and handing in what a task came to.

As a node of a graph each is called like any tool. An agent that calls one asks a person by its own node, or finishes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from interlock.core.event_parts import Question
from interlock.core.plan import JsonSchema
from interlock.tools.context import TEXT_CHARACTERS_MAX, AsyncToolContext
from interlock.tools.errors import ToolFailed
from interlock.tools.standard.declared import tools_in
from interlock.tools.tool import Tool, tool

Urgency = Literal["low", "medium", "high"]
Choices = Annotated[Sequence[str], Field(description="What can be answered; none: a form, or an answer in words")]
Form = Annotated[JsonSchema | None, Field(description="A JSON Schema of what is to be filled in")]

IN_WORDS: Final[JsonSchema] = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}
"""What is filled in where a question gives neither choices nor a form."""


@dataclass(frozen=True)
class HumanAnswer:
    """What a person answered: the choice, or the form as it was filled in."""

    choice: str = ""
    form: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class TaskResult:
    """What a task came to."""

    summary: str
    artifacts: list[str]
    result: Any


def asking_tools() -> Sequence[Tool]:
    """`request_human_input` and `complete_task`."""

    @tool(effect="read", timeout=None)
    async def request_human_input(
        question: Annotated[str, Field(min_length=1)],
        ctx: AsyncToolContext,
        *,
        context: Annotated[str, Field(description="What the person has to know to answer")] = "",
        urgency: Urgency = "medium",
        choices: Choices = (),
        form: Form = None,
    ) -> HumanAnswer:
        """Ask a person and wait for the answer, for days if need be.

        Give `choices` where the answer is one of a few, a `form` where data is asked for, and neither for an answer in
        words. Say in `context` all that is needed to answer: the person sees nothing else.
        """
        asked = question_of(question, context=context, urgency=urgency, choices=choices, form=form)
        answer = await ctx.ask(asked.text, choices=asked.choices, form=asked.form)
        return HumanAnswer(choice=answer) if asked.choices else HumanAnswer(form=answer)

    @tool(effect="read")
    async def complete_task(
        summary: Annotated[str, Field(min_length=1, description="What was done, and what was not")],
        *,
        artifacts: Annotated[Sequence[str], Field(description="Paths of the files that were made")] = (),
        result: Any = None,  # noqa: ANN401 - whatever the task was to give
    ) -> TaskResult:
        """Hand in what the task came to. Call it once, when everything else is done."""
        return TaskResult(summary, list(artifacts), result)

    return tools_in(request_human_input, complete_task)


def question_of(
    question: str,
    *,
    context: str = "",
    urgency: Urgency = "medium",
    choices: Sequence[str] = (),
    form: JsonSchema | None = None,
) -> Question:
    """The question that a person is asked: choices, or a form, of which there is always one."""
    if choices and form is not None:
        raise _refused("give choices or a form, not both")
    if "" in choices or len(set(choices)) < len(choices):
        raise _refused("the choices must be different, and none of them empty")
    marked = f"Urgent: {question}" if urgency == "high" else question
    text = "\n\n".join(part for part in (marked, context) if part)
    if len(text) > TEXT_CHARACTERS_MAX:
        raise _refused(f"question and context have {len(text):,} characters, and {TEXT_CHARACTERS_MAX:,} are the most")
    return Question(text, tuple(choices), None if choices else form or IN_WORDS)


def _refused(message: str) -> ToolFailed:
    return ToolFailed(message, kind="invalid", retryable=False)
