"""Reading a file of tools: which source it declares, or everything that is wrong with it, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

from msgspec import Struct
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from interlock.authoring.places import shown
from interlock.authoring.yaml_document import DEFAULT_LIMITS, Document, read_document
from interlock.core.problems import Place, Problem, nearest, shortened
from interlock.core.values import Value, is_list, is_map
from interlock.tools.declared.declaring import SOURCES, OperationWritten, Source
from interlock.tools.errors import ToolsNotLoaded

SUFFIXES: Final = (".yaml", ".yml")


class DeclaredSource(Struct, frozen=True):
    """A source as its file declares it."""

    file: Path
    kind: str
    name: str
    source: Source
    document: Document

    @property
    def title(self) -> str:
        """The source as tools, pins and models name it."""
        return "http" if self.kind == "http" else f"{self.kind}:{self.name}"

    def place(self, *keys: str | int) -> str:
        """Where something of it stands: `tools/pay.yaml:3:5`."""
        position = self.document.locate((self.kind, *keys))
        return f"{shown(str(self.file))}:{position.line}:{position.column}"

    def problem(self, message: str, *keys: str | int) -> str:
        """What is wrong with it, and where."""
        return f"{self.place(*keys)}: {message}"


def read_source(file: Path) -> DeclaredSource:
    """The source that a file declares; `ToolsNotLoaded` with all that is wrong with the file."""
    document = read_document(_text(file), source=shown(str(file)))
    problems = list(document.problems)
    if problems or not is_map(document.data):
        raise ToolsNotLoaded([_told(document, problem) for problem in problems])
    kind = _kind(document, document.data)
    try:
        source = SOURCES[kind].model_validate(document.data[kind], strict=False)
    except ValidationError as error:
        found = _problems_in(error, kind, document.data[kind])
        raise ToolsNotLoaded([_told(document, problem) for problem in found]) from None
    return DeclaredSource(file, kind, source.name or _name_by(file, document), source, document)


def _text(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(DEFAULT_LIMITS.document_bytes + 1)
    except OSError as error:
        raise ToolsNotLoaded([f"{shown(str(file))} cannot be read: {error.strerror}"]) from error


def _kind(document: Document, data: Mapping[str, Any]) -> str:
    """The one key of the file."""
    unknown = [key for key in data if key not in SOURCES]
    found = [
        Problem(
            place=(key,),
            message=f"`{key}` is no source of tools",
            advice=f"did you mean `{meant}`?"
            if (meant := nearest(key, SOURCES))
            else f"there are {', '.join(SOURCES)}",
            at_key=True,
        )
        for key in unknown
    ]
    if not found and len(data) != 1:
        found = [
            Problem(
                place=(),
                message="a file of tools declares one source",
                advice=f"write one of {', '.join(SOURCES)}",
            )
        ]
    if found:
        raise ToolsNotLoaded([_told(document, problem) for problem in found])
    return next(iter(data))


def _name_by(file: Path, document: Document) -> str:
    name = file.stem.replace(" ", "_")
    if (
        not name[:1].isalpha()
        or not name.isascii()
        or not name.replace("_", "").replace("-", "").replace(".", "").isalnum()
    ):
        problem = Problem(
            place=(), message=f"{file.name!r} names no tool", advice="say `name:` in it, or name the file otherwise"
        )
        raise ToolsNotLoaded([_told(document, problem)])
    return name


def _told(document: Document, problem: Problem) -> str:
    cut, at = shortened(problem), document.position(problem)
    return f"{document.source}:{at.line}:{at.column}: {cut.message}" + (f": {cut.advice}" if cut.advice else "")


# --- what pydantic found ---------------------------------------------------------------------------------------------

_WANTED: Final = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
    "too_short": "a list with at least one item",
    "string_too_short": "text that is not empty",
    "greater_than": "a number above 0",
    "less_than_equal": "at most 67108864",
}


def _problems_in(error: ValidationError, kind: str, data: Value) -> Iterator[Problem]:
    told: set[Place] = set()
    for detail in error.errors(include_url=False):
        place = _place(detail["loc"], data)
        if place not in told:
            told.add(place)
            yield _problem(detail, kind, place)


def _problem(detail: ErrorDetails, kind: str, place: Place) -> Problem:
    where, key = (kind, *place), str(detail["loc"][-1]) if detail["loc"] else kind
    match detail["type"]:
        case "extra_forbidden":
            keys = list(_keys_of(kind, detail["loc"]).model_fields)
            meant = nearest(key, keys)
            advice = f"did you mean `{meant}`?" if meant else f"its keys are {', '.join(keys)}"
            return Problem(place=where, message=f"`{key}` is not a key of `{kind}`", advice=advice, at_key=True)
        case "missing":
            return Problem(place=where, message=f"`{kind}` needs `{key}`", advice=f"add `{key}: …`", at_key=True)
        case "literal_error":
            expected = str(detail.get("ctx", {}).get("expected", "")).replace("'", "`")
            return Problem(place=where, message=f"`{key}` is {expected}")
        case "string_pattern_mismatch":
            advice = "begin with a letter; letters, digits, `_`, `.` and `-` may follow, 64 in all"
            return Problem(place=where, message=f"`{key}` is no name", advice=advice)
        case found:
            return Problem(place=where, message=f"`{key}` is {_WANTED.get(found, 'not what is expected here')}")


def _keys_of(kind: str, loc: Place) -> type[BaseModel]:
    return OperationWritten if kind == "openapi" and len(loc) > 1 else SOURCES[kind]


def _place(loc: Place, data: Value) -> Place:
    """The part of a path that is really in the file: pydantic's own also names the branches of its types."""
    place: list[str | int] = []
    here = data
    for step in loc:
        if (is_map(here) and step in here) or (is_list(here) and isinstance(step, int) and step < len(here)):
            here = cast("Any", here)[step]
            place.append(step)
    return tuple(place)
