"""What an append changes in the derived rows, as rows of arrays; and how all of it is derived anew from the whole log.

Which rows an event means is not decided here: see rows.py of the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import msgspec

from interlock.core.events import Event
from interlock.core.values import ENCODER
from interlock.store.rows import LedgerRow, QuestionRow, RunChanges, RunOrigin

Values: TypeAlias = tuple[Any, ...]

_encode_labels: Final = msgspec.msgpack.Encoder(order="sorted").encode

NO_ORIGIN: Final[Values] = (None,) * 9


def origin_values(origin: RunOrigin) -> Values:
    """What a run's row says of its beginning."""
    return (
        origin.graph,
        origin.graph_hash,
        origin.bundle,
        origin.kind,
        origin.parent,
        storable(origin.key),
        _encode_labels(origin.labels),
        origin.started_at,
        origin.priority,
    )


def line_values(line: LedgerRow) -> Values:
    """A line of the ledger."""
    return (
        line.effect,
        storable(line.path),
        line.attempt,
        line.ordinal,
        line.kind,
        storable(line.name),
        line.digest,
        line.intended_seq,
        line.status,
        line.settled_seq,
    )


def question_values(row: QuestionRow) -> Values:
    """An open question."""
    question = ENCODER.encode(row.question)
    return (
        storable(row.path),
        storable(row.node),
        row.reason,
        question,
        row.asked_seq,
        row.asked_at,
        row.due,
    )


def to_send(changed: RunChanges, events: Sequence[Event]) -> list[tuple[str, int]]:
    """The effects that have to be sent out from now on, each with the instant at which it was intended."""
    first = events[0].seq if events else 0
    return [
        (line.effect, events[line.intended_seq - first].at)
        for line in changed.intended.values()
        if line.kind == "emit" and line.status in _OPEN
    ]


def sent(changed: RunChanges) -> list[str]:
    """The effects that are known not to have to be sent out, if they ever had to."""
    known = [one.effect for one in changed.settled.values() if one.status not in _OPEN]
    return known + [
        line.effect for line in changed.intended.values() if line.kind == "emit" and line.status not in _OPEN
    ]


def storable(text: str) -> str:
    """The text without the one character that PostgreSQL does not keep, which is shown by its picture instead."""
    return text.replace("\0", "␀") if "\0" in text else text


_OPEN: Final = frozenset({"intended", "unknown"})
