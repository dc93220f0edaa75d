"""The schema of an answer, told to a model in words where nobody else sees to it that the answer is of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from interlock.core.messages import Instructions, Message, ModelRequest
from interlock.core.plan import JsonSchema


def with_schema_told(request: ModelRequest) -> list[Message]:
    """The messages of a request; its instructions say what the answer has to look like."""
    messages = list(request.messages)
    if request.output is not None:
        messages.insert(_after_instructions(messages), Instructions(_in_words(request.output)))
    return messages


def _after_instructions(messages: Sequence[Message]) -> int:
    return next((place for place, each in enumerate(messages) if not isinstance(each, Instructions)), len(messages))


def _in_words(schema: JsonSchema) -> str:
    written = msgspec.json.encode(schema, order="deterministic").decode()
    return (
        "Answer with one JSON value that this JSON Schema describes, and with nothing else: no prose before or after "
        f"it, and no code fence.\n{written}"
    )
