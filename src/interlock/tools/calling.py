"""Calling the function itself: from a checked input to an ending, in whatever task, thread or process this runs."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from interlock.core.canonical import canonical
from interlock.core.events import Error
from interlock.core.values import Value, ValueProblem
from interlock.tools.context import AsyncToolContext, ToolContext
from interlock.tools.conversation import Ending, Raised, Returned, Said, Stopped, Vanished
from interlock.tools.errors import AttemptEnded, ToolStopped
from interlock.tools.failure import error_of, writable
from interlock.tools.outcome import Labelled
from interlock.tools.tool import Tool


async def call_async(tool: Tool, input: Value, context: AsyncToolContext | None) -> Ending:
    """Await an async tool. Whatever it does, there is an ending."""
    try:
        arguments = _arguments(tool, input, context)
        return arguments if isinstance(arguments, Raised) else _returned(tool, await tool.function(**arguments))
    except asyncio.CancelledError:
        return _interrupted(tool)
    except (ToolStopped, AttemptEnded):
        return Stopped()
    except BaseException as error:  # noqa: BLE001 - the boundary to a person's code; what passed it would end the loop
        return error_of(error, tool.function)


def call_blocking(tool: Tool, input: Value, context: ToolContext | None) -> Said:
    """Call a blocking tool. Whatever it does, there is an ending."""
    try:
        arguments = _arguments(tool, input, context)
        return arguments if isinstance(arguments, Raised) else _returned(tool, tool.function(**arguments))
    except (ToolStopped, AttemptEnded):
        return Stopped()
    except BaseException as error:  # noqa: BLE001 - the boundary to a person's code
        return error_of(error, tool.function)


def canonical_result(tool: Tool, result: object) -> Value:
    """A result in canonical form, by way of the tool's return annotation; `ValueProblem` if it has none."""
    if tool.signature.dump is not None:
        try:
            result = tool.signature.dump(result)
        except PydanticSerializationError as error:
            raise ValueProblem(f"result cannot be written as JSON: {error}") from error
    return canonical(result, where="result")


def _interrupted(tool: Tool) -> Ending:
    """A tool whose task was cancelled, as the end of the event loop does it, has said nothing of its effect."""
    task = asyncio.current_task()
    if task is None or not task.cancelling():
        return Stopped()
    return Vanished(f"the task of `{tool.name}` was cancelled before it had ended; whether it took effect is unknown")


def _arguments(tool: Tool, input: Value, context: AsyncToolContext | ToolContext | None) -> dict[str, Any] | Raised:
    """What the function is called with; a failure if its annotations refuse what its schema accepts."""
    try:
        arguments = tool.signature.convert(input)
    except ValidationError as error:
        return _not_convertible(error)
    if context is not None and tool.context_parameter is not None:
        arguments[tool.context_parameter] = context
    return arguments


def _returned(tool: Tool, result: object) -> Returned:
    if isinstance(result, Labelled):
        labelled = cast("Labelled[object]", result)  # what it labels is not known before it is looked at
        return Returned(canonical_result(tool, labelled.value), tuple(map(_label, labelled.labels)))
    return Returned(canonical_result(tool, result))


def _label(label: object) -> str:
    if not isinstance(label, str):
        raise ValueProblem(f"the label {label!r} is a {type(label).__name__}: labels are text")
    return canonical(label, where=f"the label {label!r}")


def _not_convertible(error: ValidationError) -> Raised:
    """The input has the right schema, and the annotations still refuse it (a validator of a model)."""
    problems = [
        ".".join(("input", *map(str, problem["loc"]))) + f": {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    return Raised(Error("invalid", writable("; ".join(problems))), retryable=False)
