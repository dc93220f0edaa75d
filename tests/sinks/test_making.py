"""Which sink an address means."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.sinks.declaring import SinkSettings
from interlock.sinks.errors import SinkUnusableError
from interlock.sinks.file_sink import FileSink
from interlock.sinks.making import make_sink
from interlock.sinks.sink import Sink, SinkTarget
from interlock.sinks.webhook_sink import WebhookSink


def make(to: str, key: str | None = None) -> Sink:
    """The sink of an address in the project's settings."""
    return make_sink("audit", SinkSettings(to=to), folder=Path("/project"), key=key)


def test_a_file_is_found_from_the_project() -> None:
    """Whoever starts the worker may stand in any folder."""
    sink = make("file:.interlock/events.jsonl")

    assert isinstance(sink, FileSink)
    assert sink.path == Path("/project/.interlock/events.jsonl")


def test_an_https_address_is_a_webhook() -> None:
    """The address says what it is."""
    assert isinstance(make("https://ops.example.com/events", key="k3y"), WebhookSink)


def test_a_function_of_ones_own_makes_the_sink() -> None:
    """Every queue there is cannot be built in."""
    sink = make("interlock.sinks.file_sink:file_sink")

    assert isinstance(sink, FileSink)


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("kafka:events", r"there is no kind of sink `kafka` \(there are: file, http, https\)"),
        ("interlock.sinks.file_sink:missing", "has no function `missing`"),
        ("file:", "names no file"),
    ],
)
def test_a_sink_that_nobody_can_make_is_told_with_what_there_is(to: str, told: str) -> None:
    """The mistake is in one line of the settings, and the message leads there."""
    with pytest.raises(SinkUnusableError, match=told):
        make(to)


def test_the_key_of_a_target_is_not_shown() -> None:
    """Targets end up in tracebacks."""
    assert "k3y" not in repr(SinkTarget(name="ops", kind="https", to="//ops", folder=Path(), key="k3y"))
