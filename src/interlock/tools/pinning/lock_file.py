"""`tools.lock`: the definitions that were approved, by whom and when, in a file that is kept with the project.

One tool after the other, sorted, a line for each part, so that a change reads well where it is reviewed. A pin that
does not belong to its definition was edited by hand, and the file is refused.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct, structs

from interlock.authoring.places import shown
from interlock.tools.errors import ToolError, ToolsNotLoaded
from interlock.tools.pinning.definition import Definition, definition_of

LOCK_FILE: Final = "tools.lock"
LOCK_BYTES_MAX: Final = 64 << 20
_FORMAT: Final = 1
_PROJECT_FILE: Final = "interlock.toml"

Standing: TypeAlias = Literal["approved", "new", "changed"]


class Approval(Struct, frozen=True, kw_only=True):
    """A definition that a person has looked at and let pass."""

    source: str
    pin: str
    approved_by: str
    approved_at: str
    definition: Definition


class Pins:
    """What was approved, by the tools' names."""

    def __init__(self, approvals: Iterable[Approval] = ()) -> None:
        self._approvals = {each.definition.name: each for each in approvals}

    def find(self, name: str) -> Approval | None:
        """What was approved of that tool."""
        return self._approvals.get(name)

    def of_source(self, source: str) -> list[Definition]:
        """The definitions that were approved of a source."""
        return [each.definition for each in self if each.source == source]

    def standing(self, definition: Definition) -> Standing:
        """Whether a tool is what was approved of it."""
        approval = self.find(definition.name)
        if approval is None:
            return "new"
        return "approved" if approval.pin == definition.pin else "changed"

    def approved(self, approvals: Iterable[Approval]) -> Pins:
        """These pins with more of them, or others in their place."""
        return Pins([*self, *approvals])

    def without(self, names: Iterable[str]) -> Pins:
        """These pins without those of some tools."""
        gone = frozenset(names)
        return Pins(each for each in self if each.definition.name not in gone)

    def __iter__(self) -> Iterator[Approval]:
        return iter([self._approvals[name] for name in sorted(self._approvals)])

    def __len__(self) -> int:
        return len(self._approvals)


def lock_file_of(folder: Path) -> Path:
    """Where the pins of the tools in a folder are kept: beside the project's settings, else beside the folder."""
    for each in (folder, *folder.parents):
        if (each / LOCK_FILE).is_file() or (each / _PROJECT_FILE).is_file():
            return each / LOCK_FILE
    return folder.parent / LOCK_FILE


def read_pins(file: Path) -> Pins:
    """The pins of a file; none where there is no such file. `ToolsNotLoaded` if it cannot be trusted."""
    try:
        if not file.exists():
            return Pins()
        if file.stat().st_size > LOCK_BYTES_MAX:
            raise ToolsNotLoaded([f"{shown(str(file))}: it is larger than {LOCK_BYTES_MAX >> 20} MiB"])
        written = msgspec.json.decode(file.read_bytes(), type=_Lock)
    except OSError as error:
        raise ToolsNotLoaded([f"{shown(str(file))} cannot be read: {error.strerror}"]) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        told = f"{shown(str(file))} is no file of pins: {error}; take back what was changed in it"
        raise ToolsNotLoaded([told]) from error
    if written.format != _FORMAT:
        raise ToolsNotLoaded([f"{shown(str(file))} was written by a later release (format {written.format})"])
    found = [_problem(name, entry) for name, entry in written.tools.items()]
    problems = [f"{shown(str(file))}: {each}" for each in found if each]
    if problems:
        raise ToolsNotLoaded(problems)
    return Pins(_approval(name, entry) for name, entry in written.tools.items())


def write_pins(file: Path, pins: Pins) -> None:
    """Write the file as a whole, or leave it as it was."""
    lock = _Lock(format=_FORMAT, tools={each.definition.name: _entry(each) for each in pins})
    text = msgspec.json.format(msgspec.json.encode(lock, order="sorted"), indent=2) + b"\n"
    try:
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(text)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(file)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise ToolError(f"{shown(str(file))} cannot be written: {error.strerror}") from error


# --- as it stands in the file ----------------------------------------------------------------------------------------


class _Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    source: str
    pin: str
    approved_by: str = ""
    approved_at: str = ""
    description: str = ""
    input: dict[str, Any]
    output: dict[str, Any] | None = None
    annotations: dict[str, Any] = {}


class _Lock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: int
    tools: dict[str, _Entry]


def _problem(name: str, entry: _Entry) -> str:
    try:
        approval = _approval(name, entry)
    except ToolError as error:
        return str(error)
    if approval.definition.pin != approval.pin:
        return f"the pin of `{name}` is not that of its definition: somebody edited it; approve the tool again"
    return ""


def _approval(name: str, entry: _Entry) -> Approval:
    definition = definition_of(
        name,
        description=entry.description,
        input=entry.input,
        output=entry.output,
        annotations=entry.annotations,
    )
    return Approval(
        source=entry.source,
        pin=entry.pin,
        approved_by=entry.approved_by,
        approved_at=entry.approved_at,
        definition=definition,
    )


def _entry(approval: Approval) -> _Entry:
    said = structs.asdict(approval.definition)
    del said["name"]
    return _Entry(
        source=approval.source,
        pin=approval.pin,
        approved_by=approval.approved_by,
        approved_at=approval.approved_at,
        **said,
    )
