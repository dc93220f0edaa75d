"""Cassettes as files, which a person can read, review and mend.

JSON with one entry for each call and each asking of a model, in the order of their paths: recorded again, only what
has changed differs. Secrets stand in inputs as handles. The text of every known secret is struck out before anything
is written; one that a tool has encoded, cut or reversed is not recognised.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from interlock.core.canonical import canonical
from interlock.core.events import Error, ErrorClass
from interlock.core.redaction import Redaction
from interlock.core.values import Value, ValueProblem, is_list, is_map
from interlock.engine.worlds.asking_entries import NotOneAnswer, asking_entry, read_asking
from interlock.engine.worlds.askings import AskingOnTape, Askings
from interlock.engine.worlds.cassettes import CallOnTape, Cassette, CassetteError, as_json, from_json
from interlock.tools.outcome import Done, Failed, ToolOutcome, Unknown

FORMAT: Final = 2
FORMATS_READ: Final = (1, 2)
"""The first knew no models."""
_NUMBER: Final = re.compile(r"(\d+)")
BYTES_MAX: Final = 128 * 1024 * 1024
"""How large a cassette may be: more than this nobody reviews, and it is held in memory whole."""


class Recording(Struct, frozen=True):
    """A cassette in the making, and the file in which it will lie."""

    file: Path
    cassette: Cassette


class _Failure(Struct, frozen=True, forbid_unknown_fields=True):
    """What is written of a failure, or of an unknown outcome."""

    kind: ErrorClass
    message: str
    retryable: bool = True


class _Entry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is written of a call."""

    path: str
    attempt: int
    tool: str
    input: Any
    gave: Any = UNSET
    failed: _Failure | UnsetType = UNSET
    unknown: _Failure | UnsetType = UNSET
    calls: int = 1
    labels: tuple[str, ...] = ()


def recording_to(file: Path, *, adds: bool) -> Recording:
    """A recording to a file: of a cassette that is made anew, or that adds to what is on the one that is there."""
    if file.is_dir():
        # Told now: in the end the calls would have been made, and what they answered be lost.
        raise CassetteError(f"the cassette {file} cannot be written: it is a folder, name a file in it")
    return Recording(file, read_cassette(file) if adds and file.exists() else Cassette([]))


def read_cassette(file: Path) -> Cassette:
    """The cassette in a file; `CassetteError` says what is wrong with it, and where."""
    written = _parsed(file)
    if not is_map(written) or "cassette" not in written or not _has_lists(written):
        raise CassetteError(f'{file} is no cassette: it wants {{"cassette": {FORMAT}, "calls": […]}}')
    if written["cassette"] not in FORMATS_READ:
        raise CassetteError(
            f"the cassette {file} has format {json.dumps(written['cassette'])}; this release knows formats "
            f"{FORMATS_READ[0]} to {FORMATS_READ[-1]}: record it anew, or use a newer Interlock"
        )
    calls = [_read_call(call, f"{file}: calls[{index}]") for index, call in enumerate(written["calls"])]
    asked = [_read_asking(each, f"{file}: models[{index}]") for index, each in enumerate(written.get("models", []))]
    return Cassette(calls, Askings(asked))


def _has_lists(written: dict[str, Any]) -> bool:
    return is_list(written.get("calls")) and is_list(written.get("models", []))


def _parsed(file: Path) -> Any:  # noqa: ANN401 - whatever stands in the file
    try:
        size = file.stat().st_size
        if size > BYTES_MAX:
            raise CassetteError(_too_large(file, size))
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CassetteError(f"the cassette {file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CassetteError(f"{file} is no cassette: it is not text in UTF-8 (byte {error.start:,})") from error
    except json.JSONDecodeError as error:
        told = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise CassetteError(f"{file} is no cassette: it is not JSON ({told})") from error
    except RecursionError as error:
        raise CassetteError(f"{file} is no cassette: it is nested too deeply") from error
    except ValueError as error:  # such as a number of ten thousand digits
        raise CassetteError(f"{file} is no cassette: {error}") from error


def _too_large(file: Path, size: int) -> str:
    return (
        f"the cassette {file} has {size:,} bytes, more than {BYTES_MAX:,}: "
        "record less on it, a cassette for each test or run"
    )


def _read_call(written: object, where: str) -> CallOnTape:
    try:
        entry = msgspec.convert(written, _Entry)
        return CallOnTape(
            path=entry.path,
            attempt=entry.attempt,
            tool=entry.tool,
            input=from_json(canonical(entry.input, where="input")),
            outcome=_outcome(entry),
            place=where,
        )
    except (msgspec.ValidationError, ValueProblem, _NotOneOutcome) as problem:
        raise CassetteError(f"{where} is no call: {problem}; record it anew, or mend it by another one") from problem


def _read_asking(written: object, where: str) -> AskingOnTape:
    try:
        return read_asking(written)
    except (msgspec.ValidationError, ValueProblem, NotOneAnswer) as problem:
        raise CassetteError(f"{where} is no asking: {problem}; record it anew, or mend it by another one") from problem


class _NotOneOutcome(ValueError):
    """An entry that says nothing of what came of the call, or two things."""

    def __init__(self) -> None:
        super().__init__("it wants one of `gave`, `failed`, `unknown`")


def _outcome(entry: _Entry) -> ToolOutcome:
    match entry.gave, entry.failed, entry.unknown:
        case gave, UnsetType(), UnsetType() if gave is not UNSET:
            return Done(canonical(gave, where="gave"), entry.labels, entry.calls, simulated=True)
        case UnsetType(), _Failure() as failed, UnsetType():
            error = Error(failed.kind, failed.message)
            return Failed(error, retryable=failed.retryable, calls=entry.calls, simulated=True)
        case UnsetType(), UnsetType(), _Failure() as unknown:
            return Unknown(Error(unknown.kind, unknown.message), entry.calls, simulated=True)
        case _:
            raise _NotOneOutcome


def write_cassette(recording: Recording, redaction: Redaction) -> None:
    """Write it whole or not at all. Where nothing was recorded, what is there stays: perhaps nothing could begin."""
    file, cassette = recording.file, recording.cassette
    if not (cassette.calls or cassette.askings.made) and file.exists():
        return
    data = _text(cassette, redaction).encode()
    if len(data) > BYTES_MAX:
        raise CassetteError(_too_large(file, len(data)))
    beside = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(data)
        os.replace(beside, file)  # noqa: PTH105 - the one that says that it replaces
    except OSError as error:
        raise CassetteError(f"the cassette {file} cannot be written: {error.strerror}") from error


def _text(cassette: Cassette, redaction: Redaction) -> str:
    calls, asked = sorted(cassette.calls, key=_place), sorted(cassette.askings.made, key=_place)
    written: dict[str, Any] = {"cassette": FORMAT, "calls": [_written(call, redaction) for call in calls]}
    if asked:
        written["models"] = [asking_entry(asking, redaction) for asking in asked]
    return json.dumps(written, indent=2, ensure_ascii=False) + "\n"


def _place(one: CallOnTape | AskingOnTape) -> tuple[list[str | int], int]:
    """Where it stands: the tenth step of a node comes after its second."""
    parts = _NUMBER.split(one.path)
    return [int(part) if index % 2 else part for index, part in enumerate(parts)], one.attempt


def _written(call: CallOnTape, redaction: Redaction) -> dict[str, Value]:
    head = {"path": call.path, "attempt": call.attempt, "tool": call.tool}
    head |= {"input": as_json(redaction.value(call.input))}
    match call.outcome:
        case Done() as outcome:
            labels = {"labels": list(outcome.labels)} if outcome.labels else {}
            return head | {"gave": redaction.value(outcome.out), "calls": outcome.calls} | labels
        case Failed() as outcome:
            failed = {**_error(outcome.error, redaction), "retryable": outcome.retryable}
            return head | {"failed": failed, "calls": outcome.calls}
        case Unknown() as outcome:
            return head | {"unknown": _error(outcome.error, redaction), "calls": outcome.calls}


def _error(error: Error, redaction: Redaction) -> dict[str, Value]:
    return {"kind": error.kind, "message": redaction.text(error.message)}
