"""What becomes of runs, as a person reads it in a chat. Pure: text in, text out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from interlock.core.events import Event, NodeResult, NodeStarted, RunStarted
from interlock.embedded.result import RunResult
from interlock.showing.json import plain_data
from interlock.store.rows import QuestionRow

SIMULATED: Final = "_Simulated: scripts answered, and no model did._"
_ASKED: Final = re.compile(r"`@answer (\S+) (\S+) …`")
_SHOWN_MAX: Final = 100_000
"""How much of a result is shown: the rest is in the run."""


def shown_outputs(outputs: object) -> str:
    """Outputs: text as it is, where there is nothing but one text, and data as JSON."""
    told: Any = plain_data(outputs)
    while isinstance(told, dict) and len(cast("dict[str, Any]", told)) == 1:
        (told,) = cast("dict[str, Any]", told).values()
    if told is None:
        return "_It has no outputs._"
    if isinstance(told, str):
        return _cut(told)
    return f"```json\n{_cut(json.dumps(told, ensure_ascii=False, indent=2))}\n```"


def shown_end(result: RunResult) -> str:
    """What a run has come to."""
    if result.succeeded:
        return shown_outputs(result.outputs)
    why = "" if result.error is None else f": {result.error.message}"
    where = "" if result.error is None or not result.error.path else f" at `{result.error.path}`"
    return f"**The run {result.status.replace('_', ' ')}**{where}{why}"


def shown_progress(event: Event) -> str:
    """A line about an event that a reader may want to see; nothing of others."""
    match event.body:
        case RunStarted():
            return ""
        case NodeStarted():
            return f"- `{event.path}` begins\n"
        case NodeResult(status="done"):
            return f"- `{event.path}` is done\n"
        case NodeResult(error=error):
            return f"- `{event.path}` failed: {'' if error is None else error.message}\n"
        case _:
            return ""


def shown_questions(run: str, rows: Sequence[QuestionRow]) -> str:
    """What a run asks, and how it is answered here."""
    return "\n\n".join(_shown_question(run, row) for row in rows)


def _shown_question(run: str, row: QuestionRow) -> str:
    how = f"`@answer {run} {row.path} …`"
    choices = ", ".join(f"`{choice}`" for choice in row.question.choices)
    if row.question.form is not None:
        fields = ", ".join(f"`{name}`" for name in cast("Mapping[str, Any]", row.question.form.get("properties", {})))
        told = f"Answer with {how} and a JSON object with {fields or 'the fields it asks for'}."
    else:
        told = f"Answer with {choices or 'words'}, here or as {how}."
    return f"**{row.question.text}**\n\n{told}"


def question_put(text: str) -> tuple[str, str] | None:
    """The run and the path of the last question that a message has put."""
    found = _ASKED.findall(text)
    return found[-1] if found else None


def shown_list(title: str, things: Mapping[str, str]) -> str:
    """Names with what they are."""
    lines = [f"- `{name}`" + (f": {' '.join(what.split())}" if what else "") for name, what in things.items()]
    return f"**{title}**\n\n" + ("\n".join(lines) if lines else "_none_")


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}…"
