"""The pytest plugin: a user's graphs are tested in milliseconds, from cassettes, without keys and without a network.

    def test_a_greeting_is_polite(taped):
        result = taped(tools=["tools"], graphs="graphs").run("hello", {"name": "Ada"})

        assert result.outputs["text"] == "Hello Ada!"

Each test has a cassette of its own, beside it: `cassettes/test_module/test_name.json`. It is recorded from the live
tools with `pytest --interlock-record`, and played at all other times.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

if TYPE_CHECKING:
    from interlock.embedded.interlock import Interlock

Taped: TypeAlias = "Callable[..., Interlock]"
"""Makes an `Interlock` of the same arguments, whose world is the test's cassette."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The switch with which cassettes are recorded."""
    parser.getgroup("interlock").addoption(
        "--interlock-record",
        action="store_true",
        help="record the tests' cassettes from the live tools",
    )


@pytest.fixture
def taped(request: pytest.FixtureRequest) -> Taped:
    """`Interlock` with the test's own cassette: played, or recorded anew with `--interlock-record`."""
    file = cassette_of(request.path, request.node.name)
    is_recording = bool(request.config.getoption("--interlock-record"))

    def make(*arguments: Any, **settings: Any) -> Interlock:  # noqa: ANN401 - those of `Interlock`
        from interlock.embedded.interlock import Interlock  # noqa: PLC0415 - pytest loads this also where nobody uses it

        world = {"record": file} if is_recording else {"world": f"cassette:{file}"}
        return Interlock(*arguments, **settings, **world)

    return make


def cassette_of(module: Path, test: str) -> Path:
    """Where the cassette of a test lies; what a file's name cannot hold is left out of the test's."""
    return module.parent / "cassettes" / module.stem / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', test).strip('-')}.json"
