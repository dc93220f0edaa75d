"""Tool calls as models ask for them, made into data: arguments that cannot be read are told, never dropped.

A provider hands arguments over as text that a model wrote. It may be broken, no map, or nested without end; names and
ids may be missing or there twice. None of that is an error of the call: the agent sees it and may answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct

from interlock.core.canonical import canonical
from interlock.core.messages import AskedCall
from interlock.core.values import ValueProblem

CALLS_MAX: Final = 128
"""More calls in one answer are a model gone astray: those behind it are told as one that cannot be read."""
RAW_MAX: Final = 20_000
WRITTEN_MAX: Final = 1_000_000
"""More than any answer has room for: arguments are counted and shown to the model in each of its turns."""
NAME_MAX: Final = 256
"""No tool has a longer name, and no provider a longer id."""


Written: TypeAlias = str | Mapping[str, Any] | None
"""The text of the model, or what it was read as."""


class HeardCall(Struct, frozen=True):
    """A call as the provider's library hands it over."""

    id: str
    tool: str
    arguments: Written


def asked_calls(heard: Iterable[HeardCall]) -> tuple[AskedCall, ...]:
    """The calls as data, each with an id of its own."""
    calls: list[AskedCall] = []
    used: set[str] = set()
    for number, each in enumerate(heard, start=1):
        identity = unused(_shortened(each.id, NAME_MAX) or f"call_{number}", used)
        used.add(identity)
        tool = _shortened(each.tool, NAME_MAX)
        if number > CALLS_MAX:
            calls.append(AskedCall(identity, tool, problem=f"more than {CALLS_MAX} calls in one answer"))
            break
        calls.append(_asked(identity, tool, each.arguments))
    return tuple(calls)


def unused(wanted: str, used: Collection[str]) -> str:
    """The id that is wanted, or one like it that no other call has."""
    identity, count = wanted, 1
    while identity in used:
        count += 1
        identity = f"{wanted}_{count}"
    return identity


def _asked(identity: str, tool: str, written: Written) -> AskedCall:
    if not tool:
        return AskedCall(identity, "", raw=_raw(written), problem="the call names no tool")
    try:
        arguments = canonical(_read(written), where="arguments")
    except msgspec.DecodeError as error:
        return AskedCall(identity, tool, raw=_raw(written), problem=f"the arguments are no JSON: {error}")
    except ValueProblem as error:
        return AskedCall(identity, tool, raw=_raw(written), problem=_shortened(str(error), RAW_MAX))
    except RecursionError:
        return AskedCall(identity, tool, raw=_raw(written), problem="the arguments are nested too deeply")
    if not isinstance(arguments, dict):
        return AskedCall(identity, tool, raw=_raw(written), problem="the arguments are no JSON object")
    return AskedCall(identity, tool, arguments)


def _read(arguments: Written) -> object:
    if arguments is None:
        return {}
    if isinstance(arguments, str):
        if len(arguments) > WRITTEN_MAX:
            raise ValueProblem(f"the arguments are longer than {WRITTEN_MAX:,} characters")
        # Some servers say nothing at all of a call without arguments.
        return msgspec.json.decode(arguments.encode("utf-8", "replace")) if arguments.strip() else {}
    return arguments


def _raw(written: Written) -> str:
    if isinstance(written, str):
        return _shortened(written, RAW_MAX)
    try:
        return _shortened(repr(written), RAW_MAX)
    except RecursionError:
        return "(too deep to be shown)"


def _shortened(text: str, letters_max: int) -> str:
    """The text within bounds; half of a surrogate pair can be kept by nobody."""
    cut = text if len(text) <= letters_max else f"{text[:letters_max]}…"
    return cut.encode("utf-8", "replace").decode()
