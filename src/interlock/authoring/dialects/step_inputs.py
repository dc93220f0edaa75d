"""What a step of a step list is given: there a map of whatever was at hand, here what its agent declares, if it does.

A field is found by its name: in what the step before gave, else in what the run was given. What nobody has by that name
may be there under another word for the same, which is told here.
"""

from __future__ import annotations

from typing import Any, Final

from interlock.authoring.dialects.callees import Callee
from interlock.authoring.dialects.handing import INPUTS, Giver, Maybe, fields_of, fitted, is_closed
from interlock.core.values import JsonSchema

FEEDBACK: Final = "feedback"
_TASK_WORDS: Final = ("task", "question", "goal", "topic", "query", "request", "text")
"""Words for what a run is about: who asks for it by one of them is given what there is under another."""
_DRAFT_WORDS: Final = ("draft", "previous_output")
"""Words for all that the step before gave."""
_FEEDBACK_WORDS: Final = (FEEDBACK, "previous_feedback", "previous")
"""Words for what was said of the round before."""


def takes_anything(callee: Callee) -> bool:
    """Whether it declares no fields, so that it is given all that there is."""
    return callee.input is None or not is_closed(callee.input)


def given_first(callee: Callee, feedback: Maybe | None = None) -> Any:  # noqa: ANN401 - a template: JSON data
    """The run's input. What takes anything has no room for feedback in it: that is for who calls."""
    if callee.input is None or takes_anything(callee):
        return "${inputs}"
    words = _words(callee.input, before=None, feedback=feedback)
    return fitted(callee.input, [INPUTS], else_from=words)


def given_after(callee: Callee, before: Giver, feedback: Maybe | None = None) -> Any:  # noqa: ANN401 - a template
    """What the step before gave; what gave text is handed on as the field `text`."""
    if callee.input is not None and not takes_anything(callee):
        words = _words(callee.input, before=before, feedback=feedback)
        return fitted(callee.input, [before, INPUTS], else_from=words)
    if before.is_map:
        return f"${{{before.expression}}}"
    if not before.may_be_map:
        return {"text": f"${{{before.expression}}}"}
    whole = f"dyn({before.expression})"
    return f"${{type({whole}) == map ? {whole} : {{'text': {whole}}}}}"


def _words(taken: JsonSchema, *, before: Giver | None, feedback: Maybe | None) -> dict[str, list[Maybe]]:
    """For fields that may be declared: what stands for them where nothing has that very name."""
    words: dict[str, list[Maybe]] = {}
    if before is not None:
        words |= {word: [f"optional.of({before.expression})"] for word in _DRAFT_WORDS}
        words["text"] = _as_text(before)
    if feedback is not None:
        words |= {word: [feedback] for word in _FEEDBACK_WORDS}
    # A word that is declared beside another one means something of its own.
    others = [word for word in _TASK_WORDS if word not in fields_of(taken)]
    for word in _TASK_WORDS:
        words[word] = [*words.get(word, []), *(f"inputs.?{other}" for other in others if other != word)]
    return words


def _as_text(before: Giver) -> list[Maybe]:
    if before.is_map:
        return []
    whole = f"optional.of({before.expression})"
    return [f"(type(dyn({before.expression})) == map ? optional.none() : {whole})"] if before.may_be_map else [whole]
