"""Runs as tasks, and messages as what runs take: inputs when one begins, an answer when one waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from a2a.types import a2a_pb2 as a2a
from a2a.utils.errors import InvalidParamsError
from google.protobuf.json_format import MessageToDict, ParseDict

from interlock.authoring.errors import NoTextInputError
from interlock.authoring.single_step import inputs_of_text
from interlock.core.plan import Plan
from interlock.core.values import Value, is_map
from interlock.engine.agents.memory.entries import SESSION_LABEL
from interlock.engine.telling.history import RunView
from interlock.engine.waits import Wait
from interlock.showing.json import plain_data
from interlock.showing.runs import wait as wait_shown
from interlock.store.rows import QuestionRow, RunRow
from interlock.tools.a2a.whole_numbers import with_whole_numbers

ABOUT: Final = "interlock"
OUTPUTS: Final = "outputs"
STATES: Final = {
    "pending": a2a.TaskState.TASK_STATE_SUBMITTED,
    "running": a2a.TaskState.TASK_STATE_WORKING,
    "waiting": a2a.TaskState.TASK_STATE_WORKING,
    "paused": a2a.TaskState.TASK_STATE_WORKING,
    "compensating": a2a.TaskState.TASK_STATE_WORKING,
    "succeeded": a2a.TaskState.TASK_STATE_COMPLETED,
    "failed": a2a.TaskState.TASK_STATE_FAILED,
    "rolled_back": a2a.TaskState.TASK_STATE_FAILED,
    "cancelled": a2a.TaskState.TASK_STATE_CANCELED,
}
"""A run that waits works on, but where it asks something that the caller may answer."""


# --- runs ------------------------------------------------------------------------------------------------------------


def task_of(view: RunView, outputs: Value, *, may_answer: bool) -> a2a.Task:
    """A run as a task; `outputs` are those of the view, loaded as far as they are to be."""
    task = a2a.Task(
        id=view.run,
        context_id=context_of(view.labels, view.run),
        status=status_of(view, may_answer=may_answer),
        artifacts=[artifact_of(outputs)] if view.status == "succeeded" else [],
    )
    ParseDict({ABOUT: {"graph": view.graph, "simulated": view.costs.simulated_calls > 0}}, task.metadata)
    return task


def task_in_short(row: RunRow) -> a2a.Task:
    """A run as lists show it: without what it came to, or what it asks."""
    task = a2a.Task(id=row.run, context_id=context_of(row.labels, row.run))
    task.status.state = STATES[row.status]
    task.status.timestamp.FromMicroseconds(row.ended_at or row.started_at)
    return task


def context_of(labels: dict[str, str], run: str) -> str:
    """What tasks have in common that belong together: the session of their runs, or the run by itself."""
    return labels.get(SESSION_LABEL) or run


def status_of(view: RunView, *, may_answer: bool) -> a2a.TaskStatus:
    """How a run stands, with what it asks or why it failed."""
    asked = [wait for wait in view.waits if wait.question is not None]
    status = a2a.TaskStatus(state=STATES[view.status])
    if asked and may_answer:
        status.state = a2a.TaskState.TASK_STATE_INPUT_REQUIRED
        status.message.CopyFrom(_said(view, "\n".join(_asked(each) for each in asked), asked))
    elif view.error is not None:
        status.message.CopyFrom(_said(view, view.error.message, []))
    status.timestamp.FromMicroseconds(view.ended_at or view.started_at)
    return status


def artifact_of(outputs: Value) -> a2a.Artifact:
    """What a run came to, as data; also as text, where it is one text."""
    artifact = a2a.Artifact(artifact_id=OUTPUTS, name=OUTPUTS)
    ParseDict({"data": plain_data(outputs), "mediaType": "application/json"}, artifact.parts.add())
    texts = list(outputs.values()) if is_map(outputs) else [outputs]
    if len(texts) == 1 and isinstance(texts[0], str):
        artifact.parts.add(text=texts[0], media_type="text/plain")
    return artifact


def working(view_of: str, context: str, text: str) -> a2a.TaskStatusUpdateEvent:
    """That a task gets on, and how."""
    event = a2a.TaskStatusUpdateEvent(task_id=view_of, context_id=context)
    event.status.state = a2a.TaskState.TASK_STATE_WORKING
    event.status.message.CopyFrom(_message(view_of, context, f"{view_of}-working", text))
    return event


def _asked(wait: Wait) -> str:
    assert wait.question is not None
    choices = ", ".join(wait.question.choices)
    return wait.question.text + (f" ({choices})" if choices else "")


def _said(view: RunView, text: str, waits: Sequence[Wait]) -> a2a.Message:
    context = context_of(view.labels, view.run)
    message = _message(view.run, context, f"{view.run}-{view.seq}", text)
    if waits:
        data = {"data": {"waiting": [plain_data(wait_shown(each)) for each in waits]}, "mediaType": "application/json"}
        ParseDict(data, message.parts.add())
    return message


def _message(run: str, context: str, id_: str, text: str) -> a2a.Message:
    return a2a.Message(
        message_id=id_,
        task_id=run,
        context_id=context,
        role=a2a.Role.ROLE_AGENT,
        parts=[a2a.Part(text=text, media_type="text/plain")],
    )


# --- messages --------------------------------------------------------------------------------------------------------


def inputs_in(message: a2a.Message, plan: Plan) -> dict[str, Any]:
    """The inputs that a message is: its data, or else the one input that its words are."""
    data, text = data_in(message), text_in(message)
    if data:
        return data
    if not text:
        return {}
    try:
        return inputs_of_text(plan.root.inputs, text, what=f"the graph {plan.name}")
    except NoTextInputError as error:
        raise InvalidParamsError(str(error)) from error


def answer_in(message: a2a.Message, rows: Sequence[QuestionRow]) -> tuple[QuestionRow, str, Value, str]:
    """The question that a message answers, with the choice, the form and the reason that it gives.

    Which of several is meant is said by `path` in its data; else it is the one that was asked first.
    """
    data, text = data_in(message), text_in(message)
    row = _meant(rows, data.get("path"))
    if row.question.form is not None and not row.question.choices:
        form = data.get("form", {name: each for name, each in data.items() if name != "path"})
        return row, "", form or _form_of(row, text), ""
    said = str(data.get("choice") or text).strip()
    choice = next((each for each in row.question.choices if each.casefold() == said.casefold()), said)
    return row, choice, data.get("form"), str(data.get("why") or "")


def data_in(message: a2a.Message) -> dict[str, Any]:
    """The data of a message, taken together."""
    found: dict[str, Any] = {}
    for part in message.parts:
        kind = part.WhichOneof("content")
        if kind == "data":
            value = with_whole_numbers(MessageToDict(part.data))
            if not is_map(value):
                raise InvalidParamsError("the data of a message is an object")
            found |= value
        elif kind in {"raw", "url"}:
            raise InvalidParamsError("files are not taken: upload them as artifacts, and send what names them as data")
    return found


def text_in(message: a2a.Message) -> str:
    """The words of a message."""
    return "\n".join(part.text for part in message.parts if part.WhichOneof("content") == "text")


def _meant(rows: Sequence[QuestionRow], path: object) -> QuestionRow:
    if not rows:
        raise InvalidParamsError("the task asks nothing just now")
    found = rows[0] if path is None else next((row for row in rows if row.path == path), None)
    if found is None:
        raise InvalidParamsError(f"the task asks nothing at {path}: it asks at {', '.join(row.path for row in rows)}")
    return found


def _form_of(row: QuestionRow, text: str) -> Value:
    form = row.question.form
    try:
        return inputs_of_text(form if is_map(form) else None, text, what=f"the question at {row.path}")
    except NoTextInputError as error:
        raise InvalidParamsError(str(error)) from error
