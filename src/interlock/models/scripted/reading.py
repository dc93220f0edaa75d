"""Reading scripts: each file of a folder, or one; every problem with its line, all of them at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from interlock.authoring.report import render_problems
from interlock.authoring.yaml_document import Document, read_document
from interlock.core.problems import Place, Problem, nearest
from interlock.core.shape_wording import WANTED, is_not, not_one_of
from interlock.models.errors import ScriptsNotRead
from interlock.models.scripted.script import SCRIPT_PROBLEM, Script, Turn, When, WrittenCall, WrittenError

PROBLEMS_MAX: Final = 100
"""Of one file; who mends these will be told of the others."""
_ENDINGS: Final = (".yaml", ".yml")
_KEYS: Final = sorted({key for part in (Script, Turn, When, WrittenCall, WrittenError) for key in part.model_fields})


def read_scripts(place: Path) -> tuple[Script, ...]:
    """The scripts at a place, by the names of their files; `ScriptsNotRead` with every problem there is."""
    scripts: list[Script] = []
    told: list[str] = []
    for file in _files(place):
        document = _document(file)
        script, problems = _script(document, file.stem)
        if problems:
            told.append(render_problems(problems, document).rstrip())
        elif script is not None:
            scripts.append(script)
    if told:
        raise ScriptsNotRead("\n".join(told))
    return tuple(scripts)


def _files(place: Path) -> list[Path]:
    if place.is_dir():
        files = sorted(file for file in place.iterdir() if file.suffix in _ENDINGS and file.is_file())
    else:
        files = [place] if place.is_file() else []
    if not files:
        raise ScriptsNotRead(f"there are no scripts at {place}: put a file such as {place / 'planner.yaml'} there")
    return files


def _document(file: Path) -> Document:
    try:
        return read_document(file.read_bytes(), source=str(file))
    except OSError as error:
        raise ScriptsNotRead(f"{file} cannot be read: {error.strerror}") from error


def _script(document: Document, name: str) -> tuple[Script | None, list[Problem]]:
    if document.problems:
        return None, list(document.problems)
    data: Any = document.data
    try:
        script = Script.model_validate(data)
    except ValidationError as error:
        return None, [_problem(each) for each in error.errors(include_url=False)[:PROBLEMS_MAX]]
    return script if script.script else script.model_copy(update={"script": name}), []


def _problem(detail: ErrorDetails) -> Problem:
    place, message = detail["loc"], detail["msg"]
    name = next((f"`{each}`" for each in reversed(place) if isinstance(each, str)), "the script")
    match detail["type"]:
        case "extra_forbidden":
            return _extra_key(place, name)
        case "missing":
            return Problem(place=place[:-1], message=f"{name} is missing")
        case kind if kind == SCRIPT_PROBLEM:
            return Problem(place=place, message=f"{name} {message}")
        case "literal_error":
            return not_one_of(name, detail["input"], str(detail.get("ctx", {})["expected"]), place)
        case kind if kind in WANTED:
            return is_not(name, kind, detail["input"], place)
        case _:
            return Problem(place=place, message=f"{name}: {message[:1].lower()}{message[1:]}")


def _extra_key(place: Place, name: str) -> Problem:
    meant = nearest(name.strip("`"), _KEYS)
    advice = f"did you mean `{meant}`?" if meant else f"there are: {', '.join(_KEYS)}"
    return Problem(place=place, message=f"{name} is no key here", advice=advice, at_key=True)
