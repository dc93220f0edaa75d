"""Sinks as the settings declare them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from interlock.sinks.declaring import SinkSettings, make_sink
from interlock.sinks.errors import SinkUnusableError
from interlock.sinks.file_sink import FileSink
from interlock.sinks.sink import SinkTarget
from interlock.sinks.webhook_sink import WebhookSink


def target(to: str, key: str | None = None) -> SinkTarget:
    """A target in the project folder."""
    return SinkTarget(name="audit", to=to, folder=Path("/project"), key=key)


def test_an_address_alone_stands_for_the_whole() -> None:
    """Most sinks need no more, and a table for one word is a nuisance."""
    assert SinkSettings.model_validate("file:events.jsonl") == SinkSettings(to="file:events.jsonl")


@pytest.mark.parametrize("given", ["events.jsonl", "", {"to": "file:x", "secrte": "k"}, {"secret": "k"}, 7])
def test_what_is_no_declaration_is_refused(given: object) -> None:
    """A sink that is misspelt would tell nobody anything, in silence."""
    with pytest.raises(ValidationError):
        SinkSettings.model_validate(given)


def test_a_file_is_found_from_the_project() -> None:
    """Whoever starts the worker may stand in any folder."""
    sink = make_sink(target("file:.interlock/events.jsonl"))

    assert isinstance(sink, FileSink)
    assert sink.path == Path("/project/.interlock/events.jsonl")


def test_an_https_address_is_a_webhook() -> None:
    """The address says what it is."""
    assert isinstance(make_sink(target("https://ops.example.com/events", key="k3y")), WebhookSink)


def test_a_function_of_ones_own_makes_the_sink() -> None:
    """Every queue there is cannot be built in."""
    sink = make_sink(target("interlock.sinks.file_sink:file_sink"))

    assert isinstance(sink, FileSink)


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("kafka:events", r"there is no kind of sink 'kafka' \(there are: file, http, https\)"),
        ("interlock.sinks.file_sink:missing", "has no function 'missing'"),
        ("file:", "names no file"),
    ],
)
def test_a_sink_that_nobody_can_make_is_told_with_what_there_is(to: str, told: str) -> None:
    """The mistake is in one line of the settings, and the message leads there."""
    with pytest.raises(SinkUnusableError, match=told):
        make_sink(target(to))


def test_the_key_of_a_target_is_not_shown() -> None:
    """Targets end up in tracebacks."""
    assert "k3y" not in repr(target("https://ops", key="k3y"))
