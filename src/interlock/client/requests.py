"""What is sent to a server and what comes back, as plain data, and how a call is made of its parts.

Nothing here sends anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from interlock.client.errors import Invalid

T_co = TypeVar("T_co", covariant=True)

JSON: Final = "application/json"

Asking: TypeAlias = str | int | bool | Iterable[str] | None
"""What a query may ask by; None, an empty text and an empty list are left out."""


class Request(Struct, frozen=True, kw_only=True):
    """What is sent."""

    method: str
    target: str
    """The path with its query, behind the server's address."""
    headers: dict[str, str] = {}
    body: bytes | None = None
    patience_seconds: float = 0
    """For how much longer than others the server may take with it."""


class Answer(Struct, frozen=True, kw_only=True):
    """What the server said."""

    status: int
    headers: dict[str, str]
    """By their names in small letters."""
    body: bytes


class Broken(Struct, frozen=True, kw_only=True):
    """There was no answer, or only a part of one."""

    why: str
    was_sent: bool
    """Whether the server may have got the request."""


class Call(Struct, Generic[T_co], frozen=True, kw_only=True):
    """A request, and what its answer is read as."""

    request: Request
    shape: type[T_co]
    may_repeat: bool
    """Whether asking twice does no more than asking once."""
    also: frozenset[int] = frozenset()
    """Statuses beside those of success that answer with the same shape."""
    is_file: bool = False
    """Whether the answer is bytes as they are."""


class HasRun(Protocol):
    """Anything that says of which run it is: a row, a question, an event."""

    @property
    def run(self) -> str:
        """The run's id."""
        ...


RunLike: TypeAlias = str | HasRun


def id_of(run: RunLike) -> str:
    """The id of a run, however it is named."""
    return run if isinstance(run, str) else run.run


def look(*path: str, shape: type[T_co], query: Mapping[str, Asking] | None = None, longer: float = 0) -> Call[T_co]:
    """A call that changes nothing, however often it is made. `path` is given in segments."""
    request = Request(method="GET", target=target_of(*path, query=query), patience_seconds=longer)
    return Call(request=request, shape=shape, may_repeat=True)


def ask(*path: str, shape: type[T_co], body: Mapping[str, object], may_repeat: bool = False) -> Call[T_co]:
    """A call that asks for something to be done. What is None in the body is left out."""
    request = Request(
        method="POST", target=target_of(*path), headers={"content-type": JSON}, body=_body_of(without_none(body))
    )
    return Call(request=request, shape=shape, may_repeat=may_repeat)


def fetch(*path: str) -> Call[bytes]:
    """A call that looks at a file."""
    request = Request(method="GET", target=target_of(*path), headers={"accept": "*/*"})
    return Call(request=request, shape=bytes, may_repeat=True, is_file=True)


def upload(
    *path: str, shape: type[T_co], content: bytes, kind: str, query: Mapping[str, Asking] | None = None
) -> Call[T_co]:
    """A call that brings a file: the same bytes are the same file, however often they arrive."""
    target = target_of(*path, query=query)
    request = Request(method="POST", target=target, headers={"content-type": kind}, body=content)
    return Call(request=request, shape=shape, may_repeat=True)


def remove(*path: str, shape: type[T_co]) -> Call[T_co]:
    """A call after which something is not there. Made twice, the second finds nothing, so it is made once."""
    return Call(request=Request(method="DELETE", target=target_of(*path)), shape=shape, may_repeat=False)


def target_of(*path: str, query: Mapping[str, Asking] | None = None) -> str:
    """The path of these segments below `/v1`, with its query."""
    if not all(path):
        raise Invalid("an id or a name is empty", code="invalid_request", advice="give one that is not")
    asked = urlencode([(name, each) for name, value in (query or {}).items() for each in _texts(value)])
    return "/v1/" + "/".join(quote(segment, safe="") for segment in path) + (f"?{asked}" if asked else "")


def without_none(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields that were given."""
    return {name: value for name, value in fields.items() if value is not None}


def _texts(value: Asking) -> list[str]:
    match value:
        case None | "":
            return []
        case bool():
            return ["true"] if value else []
        case str() | int():
            return [str(value)]
        case _:
            return list(value)


def _body_of(fields: dict[str, object]) -> bytes:
    """JSON as the standard has it: what is no JSON is refused here instead of being changed on the way."""
    try:
        return json.dumps(fields, allow_nan=False, ensure_ascii=False, default=_plain).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise Invalid(f"what is to be sent is no JSON: {error}", code="invalid_request") from error


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON data
    """What msgspec knows to be data: its own structs, dataclasses, instants, numbers of other kinds."""
    return msgspec.to_builtins(value)
