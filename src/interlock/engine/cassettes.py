"""Cassettes: what the world has answered, kept in a file that a person can read, review and mend.

A file of JSON with one entry a call, in the order of their paths: recorded again, only what has changed differs.
A call is found by its request: the tool and its whole input, in which secrets are handles. What a tool gave back has
had its secrets struck out before it comes here.
"""

from __future__ import annotations

import difflib
import json
import os
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from interlock.core.canonical import canonical
from interlock.core.errors import InterlockError
from interlock.core.events import Error
from interlock.core.values import Secret, Value, digest_of, is_list, is_map
from interlock.tools.outcome import Done, Failed, ToolOutcome, Unknown

FORMAT: Final = 1
SECRET_KEY: Final = "$secret"  # noqa: S105 - it marks a handle, and is none itself
_SHOWN_MAX: Final = 200


class CassetteError(InterlockError):
    """A file that is no cassette, or cannot be read or written."""


class CallOnTape(Struct, frozen=True):
    """One call and what came of it. `path` says where it was made, for people and for the order."""

    path: str
    attempt: int
    tool: str
    input: Value
    outcome: ToolOutcome

    @property
    def request(self) -> str:
        """What it is found by."""
        return digest_of([self.tool, self.input])


class Cassette:
    """Recorded calls, each to be played once: a request that is made twice gets one answer, and then the other."""

    def __init__(self, calls: list[CallOnTape]) -> None:
        self.calls = calls
        self._left: dict[str, list[CallOnTape]] = {}
        for call in calls:
            self._left.setdefault(call.request, []).append(call)

    def keep(self, call: CallOnTape) -> None:
        """One more call that was made."""
        self.calls.append(call)

    def play(self, tool: str, input: Value, *, path: str) -> ToolOutcome:
        """What was recorded for a request, there or else elsewhere; one that is not on it is refused."""
        left = self._left.get(digest_of([tool, input]))
        if left is None:
            return _refused(f"no call of {tool} with {_shown(input)} is on the cassette{self._nearest(tool, input)}")
        if not left:
            return _refused(f"{tool} with {_shown(input)} is on the cassette, but not so often")
        here = next((call for call in left if call.path == path), left[0])
        left.remove(here)
        return here.outcome

    def _nearest(self, tool: str, input: Value) -> str:
        others = [_shown(call.input) for call in self.calls if call.tool == tool]
        if not others:
            tools = sorted({call.tool for call in self.calls})
            return f": it has calls of {', '.join(tools)}" if tools else ": it is empty"
        (nearest,) = difflib.get_close_matches(_shown(input), others, n=1, cutoff=0)
        return f": the nearest is {nearest}"


class Recording(Struct, frozen=True):
    """A cassette in the making, and the file in which it will lie."""

    file: Path
    cassette: Cassette


def _refused(message: str) -> Failed:
    return Failed(Error("refused", message), retryable=False, calls=0, simulated=True)


# --- the file --------------------------------------------------------------------------------------------------------


def read_cassette(file: Path) -> Cassette:
    """The cassette in a file; `CassetteError` says what is wrong with it, and where."""
    try:
        written = canonical(json.loads(file.read_text(encoding="utf-8")), where="it")
    except OSError as error:
        raise CassetteError(f"the cassette {file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise CassetteError(f"{file} is no cassette: {error}") from error
    if not is_map(written) or written.get("cassette") != FORMAT or not is_list(written.get("calls")):
        raise CassetteError(f'{file} is no cassette: it wants {{"cassette": {FORMAT}, "calls": […]}}')
    return Cassette([_read_call(call, f"{file}: calls[{index}]") for index, call in enumerate(written["calls"])])


def write_cassette(cassette: Cassette, file: Path) -> None:
    """Write it whole or not at all."""
    calls = [_written(call) for call in sorted(cassette.calls, key=lambda call: (call.path, call.attempt))]
    text = json.dumps({"cassette": FORMAT, "calls": calls}, indent=2, ensure_ascii=False) + "\n"
    beside = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, file)  # noqa: PTH105 - the one that says that it replaces
    except OSError as error:
        raise CassetteError(f"the cassette {file} cannot be written: {error.strerror}") from error


def _written(call: CallOnTape) -> dict[str, Any]:
    head = {"path": call.path, "attempt": call.attempt, "tool": call.tool, "input": _as_json(call.input)}
    match call.outcome:
        case Done() as outcome:
            labels = {"labels": list(outcome.labels)} if outcome.labels else {}
            return head | {"gave": outcome.out, "calls": outcome.calls} | labels
        case Failed() as outcome:
            failed = {"kind": outcome.error.kind, "message": outcome.error.message, "retryable": outcome.retryable}
            return head | {"failed": failed, "calls": outcome.calls}
        case Unknown() as outcome:
            unknown = {"kind": outcome.error.kind, "message": outcome.error.message}
            return head | {"unknown": unknown, "calls": outcome.calls}


def _read_call(written: Value, where: str) -> CallOnTape:
    try:
        return CallOnTape(
            path=str(written["path"]),
            attempt=int(written["attempt"]),
            tool=str(written["tool"]),
            input=_from_json(written["input"]),
            outcome=_read_outcome(written),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise CassetteError(f"{where} is no call: {problem}; record it anew, or mend it by another one") from problem


def _read_outcome(written: Value) -> ToolOutcome:
    calls = int(written.get("calls", 1))
    if "gave" in written:
        return Done(written["gave"], tuple(written.get("labels", ())), calls, simulated=True)
    if "failed" in written:
        failed = written["failed"]
        error = Error(failed["kind"], failed["message"])
        return Failed(error, retryable=bool(failed.get("retryable", True)), calls=calls, simulated=True)
    unknown = written["unknown"]
    return Unknown(Error(unknown["kind"], unknown["message"]), calls, simulated=True)


def _as_json(value: Value) -> Any:  # noqa: ANN401 - JSON data
    """A whole value as JSON: a handle to a secret stands in it by its name."""
    if isinstance(value, Secret):
        return {SECRET_KEY: value.name}
    if is_map(value):
        return {key: _as_json(item) for key, item in value.items()}
    if is_list(value):
        return [_as_json(item) for item in value]
    return value


def _from_json(value: Value) -> Value:
    if is_map(value):
        if value.keys() == {SECRET_KEY}:
            return Secret(value[SECRET_KEY])
        return {key: _from_json(item) for key, item in value.items()}
    if is_list(value):
        return [_from_json(item) for item in value]
    return value


def _shown(input: Value) -> str:
    text = json.dumps(_as_json(input), ensure_ascii=False)
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}…"
