"""What an agent answered, as the result of a tool: words and data, and nothing that would have to be fetched."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from interlock.core.canonical import canonical
from interlock.core.values import Value, is_map
from interlock.tools.a2a.whole_numbers import with_whole_numbers

if TYPE_CHECKING:
    from a2a.types.a2a_pb2 import Message, Part, Task


def result_of_task(task: Task) -> Value:
    """What a task came to: the words of all its artifacts, and their data (a list, where there are several)."""
    from google.protobuf.json_format import MessageToDict  # noqa: PLC0415 - an extra, loaded when one is spoken to

    result = _result([part for artifact in task.artifacts for part in artifact.parts], task.id)
    metadata: dict[str, Any] = MessageToDict(task.metadata)
    about: Value = metadata.get("interlock")
    is_simulated = is_map(about) and about.get("simulated") is True
    return canonical({**result, "simulated": True} if is_simulated else result, where="the answer")


def result_of_message(message: Message) -> Value:
    """What an agent said that made no task of it."""
    return canonical(_result(message.parts, ""), where="the answer")


def words_of(parts: Iterable[Part]) -> str:
    """The text among the parts."""
    return "\n".join(part.text for part in parts if part.WhichOneof("content") == "text")


def _result(parts: Iterable[Part], task: str) -> dict[str, Any]:
    from google.protobuf.json_format import MessageToDict  # noqa: PLC0415 - as above

    listed = list(parts)
    data = [with_whole_numbers(MessageToDict(part.data)) for part in listed if part.WhichOneof("content") == "data"]
    left_out = sum(part.WhichOneof("content") not in {"text", "data"} for part in listed)
    told: dict[str, Any] = {
        "text": words_of(listed),
        "data": data[0] if len(data) == 1 else data or None,
        "task": task,
    }
    return {**told, "left_out": left_out} if left_out else told
