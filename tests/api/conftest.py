"""One server for all tests of the API that need no other: runs are told apart by their keys and ids."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.api.running_server import RunningServer, running_server
from tests.embedded.workshop import Workshop, making, undoable

ASK = {"human": "Release?", "choices": ["release", "reject"]}
GRAPHS = {
    "make": {"inputs": {"thing": {"type": "string", "default": "cup"}}, "nodes": {"a": making("${inputs.thing}")}},
    "ask": {"nodes": {"a": making("cup"), "ask": {**ASK, "after": "a"}}},
    "held": {"nodes": {"check": {"gate": ["${1 > 2}"], "otherwise": "hold"}}},
    "failing": {"nodes": {"a": making("cup"), "b": making("broken", after="a")}},
    "undoable": {"nodes": {"a": undoable("cup"), "b": undoable("plate", after="a")}},
    "undoing": {"nodes": {"a": undoable("cup"), "ask": {**ASK, "after": "a"}}},
    "reads": {"nodes": {"a": {"tool": "read_file", "input": {"path": "notes/today.txt"}}}},
    "waits": {"nodes": {"w": {"wait": {"event": "go"}}}},
    "items": {
        "inputs": {"things": {"type": "array", "items": {"type": "string"}}},
        "nodes": {"each": {"each": "${inputs.things}", "as": "thing", "do": making("${thing}")}},
    },
}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningServer]:
    """A server on loopback that asks for no key."""
    with running_server(GRAPHS, Workshop("broken").tools, folder=tmp_path_factory.mktemp("project")) as running:
        yield running
