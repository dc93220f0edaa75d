"""What there is to approve: how the tools of somebody else stand now beside what was approved of them.

Asks every source, and changes nothing. Whether a change is approved is a person's to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct

from interlock.tools.declared.declaring import OpenApiSource
from interlock.tools.declared.reading import SUFFIXES, DeclaredSource, read_source
from interlock.tools.errors import ToolsNotLoaded
from interlock.tools.mcp.clients import McpClients
from interlock.tools.pinning import Approval, Definition, Pins, Quarantine, lock_file_of, read_pins, write_pins
from interlock.tools.secrets import SecretSource
from interlock.tools.sources import Listed, Surroundings, list_source, made_tool, source_files
from interlock.tools.tool import Tool

Turn: TypeAlias = Literal["new", "changed", "gone"]


class Change(Struct, frozen=True, kw_only=True):
    """A tool that is not what was approved. `tool` is what it would be; None if it is gone."""

    name: str
    turn: Turn
    source: str
    lock: Path
    before: Definition | None = None
    after: Definition | None = None
    tool: Tool | None = None


class Review(Struct, frozen=True):
    """Everything that has changed, and what could not be found out."""

    changes: tuple[Change, ...]
    problems: tuple[str, ...]


def declaring_files(sources: Iterable[str]) -> list[Path]:
    """The files among a project's sources of tools that declare tools of somebody else."""
    found: list[Path] = []
    for path in map(Path, sources):
        if path.is_dir():
            found += source_files(path)
        elif path.suffix in SUFFIXES:
            found.append(path)
    return list(dict.fromkeys(found))


async def review(files: Sequence[Path], secrets: SecretSource, *, name: str | None = None) -> Review:
    """How the tools of these files stand now; with a `name`, only that tool is asked about."""
    declared, problems = _read(files)
    around = Surroundings(McpClients(), Quarantine())
    asked = [each for each in declared if name is None or _may_offer(each, name)]
    try:
        listed = await asyncio.gather(*(list_source(each, around.clients, secrets) for each in asked))
    finally:
        await around.clients.close()
    changes = [change for each in listed for change in _changes(each, around)]
    changes += _without_file(files, declared)
    problems += [problem for each in listed for problem in each.problems]
    return Review(tuple(change for change in changes if name is None or change.name == name), tuple(problems))


def _may_offer(declared: DeclaredSource, name: str) -> bool:
    """Whether a tool of that name may be a source's. Its document may be told to call an operation anything."""
    return name.startswith(declared.name) or isinstance(declared.source, OpenApiSource)


def approve(changes: Sequence[Change], *, by: str, at: str) -> None:
    """Write down that a person let these changes pass."""
    for lock in sorted({change.lock for change in changes}):
        of_file = [change for change in changes if change.lock == lock]
        pins = read_pins(lock).without(change.name for change in of_file if change.turn == "gone")
        approvals = [
            Approval(
                source=change.source,
                pin=change.after.pin,
                approved_by=by,
                approved_at=at,
                definition=change.after,
            )
            for change in of_file
            if change.after is not None
        ]
        write_pins(lock, pins.approved(approvals))


def _read(files: Sequence[Path]) -> tuple[list[DeclaredSource], list[str]]:
    declared: list[DeclaredSource] = []
    problems: list[str] = []
    for file in files:
        try:
            declared.append(read_source(file))
        except ToolsNotLoaded as error:
            problems += error.problems
    return declared, problems


def _changes(listed: Listed, around: Surroundings) -> list[Change]:
    declared = listed.declared
    lock = lock_file_of(declared.file.parent)
    pins = read_pins(lock)
    found = [
        _change(declared, definition, pins, around, lock=lock)
        for definition in listed.definitions
        if pins.standing(definition) != "approved"
    ]
    if listed.problems or declared.title == "http":
        return found  # what it did not say may be there all the same
    offered = {definition.name for definition in listed.definitions}
    gone = [each for each in pins.of_source(declared.title) if each.name not in offered]
    return found + [_gone(each, declared.title, lock) for each in gone]


def _change(
    declared: DeclaredSource, definition: Definition, pins: Pins, around: Surroundings, *, lock: Path
) -> Change:
    approved = pins.find(definition.name)
    return Change(
        name=definition.name,
        turn="new" if approved is None else "changed",
        source=declared.title,
        lock=lock,
        before=approved and approved.definition,
        after=definition,
        tool=made_tool(declared, definition, pins, around),
    )


def _without_file(files: Sequence[Path], declared: Sequence[DeclaredSource]) -> list[Change]:
    """What was approved of sources that no file declares any more. A file that cannot be read may declare them."""
    if len(declared) < len(files):
        return []
    titles = {each.title for each in declared} - {"http"}
    operations = {each.name for each in declared if each.title == "http"}
    return [
        _gone(approval.definition, approval.source, lock)
        for lock in sorted({lock_file_of(file.parent) for file in files})
        for approval in read_pins(lock)
        if approval.source not in titles and approval.definition.name not in operations
    ]


def _gone(definition: Definition, source: str, lock: Path) -> Change:
    return Change(name=definition.name, turn="gone", source=source, lock=lock, before=definition)
