"""Values as they are given on the command line: inputs from a file, JSON or standard input, and `key=value` pairs."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Never

from interlock.cli.failures import CommandError
from interlock.core.canonical import VALUE_BYTES_MAX
from interlock.core.values import is_map


def read_inputs(source: str | None, pairs: Iterable[str]) -> dict[str, Any]:
    """The inputs of a run. Pairs win over what the source says."""
    inputs = {} if source is None else _read_map(source)
    return inputs | read_pairs(pairs, option="-i", what="the input")


def read_json(text: str, what: str) -> Any:  # noqa: ANN401 - JSON data
    """A value that has to be JSON; `what` is what a person calls it."""
    text = _piped() if text == "-" else text
    try:
        return _parsed(text, what)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        hint = " (text stands in double quotes)" if error.pos == 0 else ""
        raise CommandError(f"{what} is not JSON: {error.msg} at {place}{hint}") from error


def _parsed(text: str, what: str) -> Any:  # noqa: ANN401 - JSON data
    """JSON as its standard has it, where no key says two things; `JSONDecodeError` if the text is none."""

    def refuse_number(word: str) -> Never:
        raise json.JSONDecodeError(f"{word} is no number that JSON can hold", text, max(text.find(word), 0))

    def with_keys_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        read = dict(pairs)
        if len(read) < len(pairs):
            twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
            raise CommandError(f"{what} has the key {twice!r} twice in one map: leave one of them out")
        return read

    try:
        return json.loads(text, parse_constant=refuse_number, object_pairs_hook=with_keys_once)
    except RecursionError as error:
        raise CommandError(f"{what} is nested too deeply: make it flatter") from error


def _read_map(source: str) -> dict[str, Any]:
    if not source:
        raise CommandError("--inputs wants a file, JSON or -, and was given nothing")
    if source == "-" or source.lstrip().startswith(("{", "[")):
        value = read_json(source, "what --inputs gives")
    else:
        value = _read_file(Path(source))
    if not is_map(value):
        raise CommandError(f'--inputs wants a map of inputs, like {{"name": "ann"}}, and was given {_kind(value)}')
    return value


def _read_file(path: Path) -> Any:  # noqa: ANN401 - JSON data
    """A file of JSON or YAML: both are read as a graph is, with lines for what is wrong."""
    from interlock.authoring.limits import Limits
    from interlock.authoring.report import render_problems
    from interlock.authoring.yaml_document import read_value
    from interlock.embedded.source_files import read_source

    try:
        data = read_source(path, bytes_max=Limits().document_bytes)
    except OSError as error:
        raise CommandError(f"the inputs {path} cannot be read: {error.strerror or error}") from error
    document = read_value(data, source=str(path))
    if document.problems:
        raise CommandError(render_problems(document.problems, document).rstrip())
    return document.data


def read_pairs(pairs: Iterable[str], *, option: str, what: str) -> dict[str, Any]:
    """What `key=value` pairs say: values are JSON, or else text. `what` is what a person calls one."""
    return dict(_read_pair(pair, option, what) for pair in pairs)


def _read_pair(pair: str, option: str, what: str) -> tuple[str, Any]:
    key, equals, text = pair.partition("=")
    if not equals or not key:
        raise CommandError(f"{option} wants key=value, and was given {pair!r}")
    try:
        return key, _parsed(text, f"{what} {key}")
    except json.JSONDecodeError:
        return key, text


def _piped() -> str:
    if sys.stdin.isatty():
        raise CommandError("- reads standard input, and nothing is piped into it")
    try:
        text = sys.stdin.read(VALUE_BYTES_MAX + 1)
    except UnicodeDecodeError as error:
        raise CommandError(f"what is piped into it is not text in UTF-8: {error.reason}") from error
    if len(text) > VALUE_BYTES_MAX:
        raise CommandError(f"what is piped into it is longer than {VALUE_BYTES_MAX:,} bytes: pass an address instead")
    return text


def _kind(value: object) -> str:
    names = {"list": "a list", "str": "text", "bool": "true or false", "NoneType": "null"}
    return names.get(type(value).__name__, "a number")
