"""Tool calls as models ask for them, made into data: arguments that cannot be read are told, never dropped.

A provider hands arguments over as text that a model wrote. It may be broken, no map, or nested without end; names and
ids may be missing or there twice. None of that is an error of the call: the agent sees it and may answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from interlock.core.canonical import canonical
from interlock.core.messages import AskedCall
from interlock.core.values import ValueProblem

CALLS_MAX: Final = 128
"""More calls in one answer are a model gone astray: those behind it are told as one that cannot be read."""
RAW_MAX: Final = 20_000


class HeardCall(Struct, frozen=True):
    """A call as the provider's library hands it over. `arguments`: the text of the model, or what it was read as."""

    id: str
    tool: str
    arguments: str | Mapping[str, Any] | None


def asked_calls(heard: Iterable[HeardCall]) -> tuple[AskedCall, ...]:
    """The calls as data, each with an id of its own."""
    calls: list[AskedCall] = []
    used: set[str] = set()
    for number, each in enumerate(heard, start=1):
        if number > CALLS_MAX:
            calls.append(AskedCall(f"call_{number}", each.tool, problem=f"more than {CALLS_MAX} calls in one answer"))
            break
        identity = _unused(each.id or f"call_{number}", used)
        used.add(identity)
        calls.append(_asked(identity, each))
    return tuple(calls)


def _unused(wanted: str, used: set[str]) -> str:
    identity, count = wanted, 1
    while identity in used:
        count += 1
        identity = f"{wanted}_{count}"
    return identity


def _asked(identity: str, heard: HeardCall) -> AskedCall:
    if not heard.tool:
        return AskedCall(identity, "", raw=_raw(heard), problem="the call names no tool")
    try:
        arguments = canonical(_read(heard.arguments), where="arguments")
    except msgspec.DecodeError as error:
        return AskedCall(identity, heard.tool, raw=_raw(heard), problem=f"the arguments are no JSON: {error}")
    except ValueProblem as error:
        return AskedCall(identity, heard.tool, raw=_raw(heard), problem=str(error))
    except RecursionError:
        return AskedCall(identity, heard.tool, raw=_raw(heard), problem="the arguments are nested too deeply")
    if not isinstance(arguments, dict):
        return AskedCall(identity, heard.tool, raw=_raw(heard), problem="the arguments are no JSON object")
    return AskedCall(identity, heard.tool, arguments)


def _read(arguments: str | Mapping[str, Any] | None) -> object:
    if arguments is None:
        return {}
    if isinstance(arguments, str):
        # Some servers say nothing at all of a call without arguments.
        return msgspec.json.decode(arguments.encode("utf-8", "replace")) if arguments.strip() else {}
    return arguments


def _raw(heard: HeardCall) -> str:
    text = heard.arguments if isinstance(heard.arguments, str) else repr(heard.arguments)
    whole = text.encode("utf-8", "replace").decode()
    return whole if len(whole) <= RAW_MAX else f"{whole[:RAW_MAX]}…"
