"""Answers: shapes as JSON, and how a route declares what it answers, so that OpenAPI is complete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from interlock.showing.json import encoded

JSON: Final = "application/json"
REF: Final = "#/components/schemas/"


def told(shape: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A shape as the answer."""
    return Response(encoded(shape), status_code=status, media_type=JSON, headers=headers)


NOTHING: Final = 204
UNCHANGED: Final = 304


def answers(
    shape: type | None, description: str, *, status: int = 200, also: Mapping[int, str] | None = None, kind: str = JSON
) -> dict[str, Any]:
    """What a route answers, for OpenAPI; also with another status, where it is the same or there is none.

    Problems are the same everywhere and are added where the document is made.
    """
    told = {} if shape is None else {"content": {kind: {"schema": {"$ref": REF + shape.__name__}}}}
    more = {code: {"description": text, **({} if code == UNCHANGED else told)} for code, text in (also or {}).items()}
    return {"status_code": status, "responses": {status: {"description": description, **told}, **more}}
