"""Whatever a schema refers to, nobody is asked for it and no file is read for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from interlock.core.schemas import check_schema

NEVER = b'{"not": {}}'
Hiding: TypeAlias = Callable[[str], dict[str, Any]]


@dataclass
class Served:
    """A server that has a schema, and what it was asked for."""

    url: str = ""
    asked: list[str] = field(default_factory=list[str])


@pytest.fixture
def served() -> Generator[Served]:
    """It listens on the loopback, and would answer."""
    served = Served()

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(NEVER)))
            self.end_headers()
            self.wfile.write(NEVER)

        def log_message(self, *_: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
            """Nothing is told."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    served.url = f"http://127.0.0.1:{server.server_port}/schema"
    threading.Thread(target=server.serve_forever, args=(0.01,)).start()
    yield served
    server.shutdown()
    server.server_close()


OPEN: dict[str, Hiding] = {
    "a reference": lambda there: {"$ref": there},
    "inside": lambda there: {"items": {"$ref": there}},
    "a dynamic one": lambda there: {"$dynamicRef": there},
    "relative to an identity": lambda there: {"$id": there, "$ref": "other"},
    "its dialect": lambda there: {"$schema": there},
}
HIDDEN: dict[str, Hiding] = {
    "in a constant": lambda there: {"const": {"$ref": there}, "$ref": "#/const"},
    "in an example": lambda there: {"examples": [{"$ref": there}], "$ref": "#/examples/0"},
    "in a default": lambda there: {"default": {"a": {"b": {"$ref": there}}}, "$ref": "#/default/a/b"},
    "in a word of its own": lambda there: {"x-own": {"$ref": there}, "$ref": "#/x-own"},
    "in a word of an older draft": lambda there: {"dependencies": {"a": {"$ref": there}}, "$ref": "#/dependencies/a"},
    "with an identity": lambda there: {"x-own": {"$id": there, "a": {"$ref": "b"}}, "$ref": "#/x-own/a"},
    "the dialect of a part": lambda there: {"$defs": {"a": {"$schema": there}}, "$ref": "#/$defs/a"},
}


@pytest.mark.parametrize("hiding", OPEN.values(), ids=OPEN)
def test_a_reference_that_leads_out_is_refused_and_not_followed(hiding: Hiding, served: Served) -> None:
    """It could ask whatever this machine may ask, or read whatever it may read."""
    assert check_schema(hiding(served.url)) != []
    assert served.asked == []


@pytest.mark.parametrize("hiding", HIDDEN.values(), ids=HIDDEN)
def test_a_reference_that_hides_in_what_is_no_schema_is_not_followed(hiding: Hiding, served: Served) -> None:
    """What a reference leads to is taken for a schema, wherever it stands."""
    check_schema(hiding(served.url))

    assert served.asked == []


@pytest.mark.parametrize("hiding", [*OPEN.values(), *list(HIDDEN.values())[:5]], ids=[*OPEN, *list(HIDDEN)[:5]])
def test_no_file_is_read_for_a_schema(hiding: Hiding, tmp_path: Path) -> None:
    """A schema that may be used were otherwise told by what stands in a file of this machine."""
    file = tmp_path / "schema.json"
    file.write_bytes(NEVER)

    problems = check_schema(hiding(file.as_uri()))

    assert problems != []
