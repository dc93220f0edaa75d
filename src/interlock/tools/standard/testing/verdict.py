"""The verdict that comes out of the sandbox, told from whatever else was written there. Pure."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Struct

Count: TypeAlias = Annotated[int, Meta(ge=0)]


class Verdict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the tests ended, as it was seen from beside them."""

    passed: Count
    failed: Count
    error: Count
    skipped: Count
    xfailed: Count
    not_run: Count
    """Tests that were found and never begun, though nobody asked for a selection."""
    failing: list[str]
    hidden: list[str]
    """Tests that did not end well and were said to have."""
    exit_code: int


def verdict_in(errors: bytes, word: str) -> Verdict | None:
    """The verdict behind the word; None if there is none, or more than one: then nothing is known of the tests."""
    marked = [line.removeprefix(word.encode()) for line in errors.split(b"\n") if line.startswith(word.encode())]
    if len(marked) != 1:
        return None
    try:
        return msgspec.json.decode(marked[0], type=Verdict)
    except msgspec.DecodeError:
        return None
