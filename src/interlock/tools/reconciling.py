"""Asking a tool what became of an effect that is in doubt (rule 33), through the hook it was declared with.

The hook gets `effect_id` and the tool's own input by name, as many of them as it has parameters for. What follows from
its answer is decided by the core; a hook that fails, or says nothing in time, cannot tell.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeAlias

from msgspec import Struct

from interlock.core.plan import Micros
from interlock.core.redaction import Redaction
from interlock.core.values import Value
from interlock.tools.calling import canonical_result
from interlock.tools.door import ToolDoor
from interlock.tools.failure import error_of, shortened, writable
from interlock.tools.in_flight import InFlight
from interlock.tools.running import Running, RunningHere, RunningThread
from interlock.tools.secrets import MissingSecret, fill
from interlock.tools.tool import Runs, Tool
from interlock.tools.watch import Watch

ANSWER_WITHIN: Final[Micros] = 60_000_000


class TookPlace(Struct, frozen=True):
    """The effect took place: this is what the tool would have returned."""

    out: Value = None


class DidNotTakePlace(Struct, frozen=True):
    """The effect did not take place: it may be called again under its id."""


class CannotTell(Struct, frozen=True):
    """The tool cannot say: a person has to."""

    why: str = ""


Reconciled: TypeAlias = TookPlace | DidNotTakePlace | CannotTell


def done(result: object = None) -> TookPlace:
    """Answer of a hook: the effect took place, with this result."""
    return TookPlace(result)


def not_done() -> DidNotTakePlace:
    """Answer of a hook: the effect did not take place."""
    return DidNotTakePlace()


def cannot_tell(why: str = "") -> CannotTell:
    """Answer of a hook: it cannot say, and why."""
    return CannotTell(why)


async def ask_reconcile(
    tool: Tool, input: Value, effect_id: str, door: ToolDoor, in_flight: InFlight[Reconciled]
) -> None:
    """Report what became of this effect, as far as its tool can say. `input` is what the tool was called with."""
    hook = tool.reconcile
    if hook is None:
        in_flight.over(CannotTell(f"`{tool.name}` has no reconcile hook"))
        return
    try:
        filled, redaction = fill(input, door.secrets)
    except MissingSecret as missing:
        in_flight.over(CannotTell(str(missing)))
        return
    try:
        arguments = _arguments(tool, hook, filled, effect_id)
    except Exception:  # noqa: BLE001 - converting runs a person's validators
        in_flight.over(CannotTell(f"the input on record is not what `{tool.name}` takes any more"))
        return
    await _ask(hook, arguments, tool, redaction, door=door, in_flight=in_flight)


def _arguments(tool: Tool, hook: Callable[..., Any], input: Value, effect_id: str) -> dict[str, Any]:
    offered = tool.signature.convert(input) | {"effect_id": effect_id}
    parameters = inspect.signature(hook).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return offered
    return {name: argument for name, argument in offered.items() if name in parameters}


async def _ask(
    hook: Callable[..., Any],
    arguments: dict[str, Any],
    tool: Tool,
    redaction: Redaction,
    *,
    door: ToolDoor,
    in_flight: InFlight[Reconciled],
) -> None:
    runs: Runs = "task" if inspect.iscoroutinefunction(hook) else "thread"
    deadline = door.clock.now() + (tool.timeout or ANSWER_WITHIN)
    refused = await door.take_slot(runs, f"{tool.name}.reconcile", deadline, in_flight)
    if refused is not None:
        in_flight.over(CannotTell(refused.error.message))
        return
    try:
        running: Running[object]
        if runs == "task":
            running = RunningHere(_answer_async(hook, arguments), in_flight.interrupt)
        else:
            work = partial(_answer_blocking, hook, arguments)
            running = RunningThread(work, door.threads, stopping=threading.Event())
        watch = Watch(running, door.clock, grace=door.grace)
        no_answer = CannotTell(f"the reconcile hook of `{tool.name}` did not answer in time")
        watch.on_given_up = partial(in_flight.over, no_answer)
        in_flight.on_stop(watch.cancel)
        watch.stop_at(deadline)
        answer = await running.ending()
        watch.end()
        if not in_flight.is_over:
            in_flight.over(no_answer if answer is None else _checked(answer, tool, redaction))
    finally:
        door.slots[runs].release()


async def _answer_async(hook: Callable[..., Any], arguments: dict[str, Any]) -> object:
    try:
        return await hook(**arguments) or _no_answer()
    except asyncio.CancelledError:
        return None
    except BaseException as error:  # noqa: BLE001 - the boundary to a person's code; what passed it would end the loop
        return CannotTell(error_of(error, hook).error.message)


def _answer_blocking(hook: Callable[..., Any], arguments: dict[str, Any]) -> object:
    try:
        return hook(**arguments) or _no_answer()
    except BaseException as error:  # noqa: BLE001 - the boundary to a person's code
        return CannotTell(error_of(error, hook).error.message)


def _no_answer() -> CannotTell:
    return CannotTell("the reconcile hook returned nothing: it must answer done(result), not_done() or cannot_tell()")


def _checked(answer: object, tool: Tool, redaction: Redaction) -> Reconciled:
    match answer:
        case TookPlace():
            return _took_place(answer.out, tool, redaction)
        case DidNotTakePlace():
            return answer
        case CannotTell():
            return CannotTell(shortened(redaction.text(writable(str(answer.why)))))
        case _:
            return CannotTell(
                f"the reconcile hook of `{tool.name}` returned a {type(answer).__name__}: "
                "it must answer done(result), not_done() or cannot_tell()"
            )


def _took_place(result: object, tool: Tool, redaction: Redaction) -> Reconciled:
    try:
        out = redaction.value(canonical_result(tool, result))
    except Exception as error:  # noqa: BLE001 - converting runs a person's serializers
        told = shortened(redaction.text(error_of(error, tool.function).error.message))
        return CannotTell(f"the reconcile hook of `{tool.name}` answered done, but {told}")
    problems = [] if tool.output is None else tool.output.problems(out, "result")
    if problems:
        told = shortened("; ".join(problems))
        return CannotTell(
            f"the reconcile hook of `{tool.name}` answered done, but its result breaks the contract: {told}"
        )
    return TookPlace(out)
