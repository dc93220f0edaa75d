"""Values as they are given on the command line: inputs from a file, JSON or standard input, and `key=value` pairs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from interlock.cli.failures import CommandError
from interlock.core.values import is_map


def read_inputs(source: str | None, pairs: Iterable[str]) -> dict[str, Any]:
    """The inputs of a run. Pairs win over what the source says."""
    inputs = {} if source is None else _read_map(source)
    return inputs | dict(_read_pair(pair) for pair in pairs)


def read_json(text: str, what: str) -> Any:  # noqa: ANN401 - JSON data
    """A value that has to be JSON; `what` is what a person calls it."""
    text = _piped() if text == "-" else text
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        hint = " (text stands in double quotes)" if error.pos == 0 else ""
        raise CommandError(f"{what} is not JSON: {error.msg} at {place}{hint}") from error


def _read_map(source: str) -> dict[str, Any]:
    if source == "-" or source.lstrip().startswith("{"):
        value = read_json(source, "what --inputs gives")
    else:
        value = _read_file(Path(source))
    if not is_map(value):
        raise CommandError(f'--inputs wants a map of inputs, like {{"name": "ann"}}, and was given {_kind(value)}')
    return value


def _read_file(path: Path) -> Any:  # noqa: ANN401 - JSON data
    """A file of JSON or YAML: both are read as a graph is, with lines for what is wrong."""
    from interlock.authoring.report import render_problems
    from interlock.authoring.yaml_document import read_value

    try:
        data = path.read_bytes()
    except OSError as error:
        raise CommandError(f"the inputs {path} cannot be read: {error.strerror or error}") from error
    document = read_value(data, source=str(path))
    if document.problems:
        raise CommandError(render_problems(document.problems, document).rstrip())
    return document.data


def _read_pair(pair: str) -> tuple[str, Any]:
    key, equals, text = pair.partition("=")
    if not equals or not key:
        raise CommandError(f"-i wants key=value, and was given {pair!r}")
    try:
        return key, json.loads(text)
    except json.JSONDecodeError:
        return key, text


def _piped() -> str:
    if sys.stdin.isatty():
        raise CommandError("- reads standard input, and nothing is piped into it")
    return sys.stdin.read()


def _kind(value: object) -> str:
    names = {"list": "a list", "str": "text", "bool": "true or false", "NoneType": "null"}
    return names.get(type(value).__name__, "a number")
