"""Large values: they stand elsewhere, in their place stands a reference, and who wants them fetches them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, cast

from interlock.client.errands import Flow, made
from interlock.client.errors import Invalid
from interlock.client.flows.running import get
from interlock.client.requests import RunLike, look
from interlock.wire.runs import Run
from interlock.wire.values import Reference, Value

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_KEYS: Final = frozenset(Reference.__struct_fields__)


def value(reference: str | Reference | Mapping[str, object]) -> Flow[Value]:
    """The value that a reference stands for, told by its digest too. References inside it stay."""
    digest = reference if isinstance(reference, str) else digest_in(reference)
    if digest is None or not _DIGEST.fullmatch(digest):
        raise Invalid(f"{reference!r} is no reference", code="invalid_request", advice="take one from a value of a run")
    return _kept(digest)


def whole(value: Value) -> Flow[Value]:
    """A value with everything in it that is kept elsewhere. It may be large: references say how large."""
    match value:
        case dict() | Reference() if (digest := digest_in(cast("Mapping[str, object] | Reference", value))) is not None:
            return (yield from whole((yield from _kept(digest))))
        case dict():
            found: dict[str, Value] = {}
            for name, inner in cast("dict[str, Value]", value).items():
                found[name] = yield from whole(inner)
            return found
        case list():
            items: list[Value] = []
            for inner in cast("list[Value]", value):
                items.append((yield from whole(inner)))  # noqa: PERF401 - nothing is yielded within a comprehension
            return items
        case _:
            return value


def outputs(run: RunLike) -> Flow[Value]:
    """What a run has come to, with everything in it that is kept elsewhere."""
    found = run if isinstance(run, Run) else (yield from get(run))
    return (yield from whole(found.outputs))


def digest_in(told: Mapping[str, object] | Reference) -> str | None:
    """The digest of a reference; None: it is none, but a value that somebody wrote."""
    if isinstance(told, Reference):
        return told.kept_elsewhere
    digest = told.get("kept_elsewhere")
    return digest if isinstance(digest, str) and _DIGEST.fullmatch(digest) and frozenset(told) == _KEYS else None


def _kept(digest: str) -> Flow[Value]:
    return made(look("values", digest, shape=object))
