"""How the columns of tables read as what the port gives, alike in every database. Pure.

The columns of a row stand in the order of the fields of what is made of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from interlock.core.events import NodeStarted, Question
from interlock.core.values import decode_leaf
from interlock.store.claims import WaitingEffect
from interlock.store.effect_queue import OfferRow
from interlock.store.errors import DamagedError
from interlock.store.rows import OutboxRow, QuestionRow, RunRow
from interlock.store.sealing import Sealed, unseal

_LABELS: Final = RunRow.__struct_fields__.index("labels")

decode_labels: Final = msgspec.msgpack.Decoder(dict[str, str]).decode
_decode_question: Final = msgspec.msgpack.Decoder(Question, ext_hook=decode_leaf).decode


def run_row(row: Sequence[Any]) -> RunRow:
    """A run as lists show it."""
    columns = list(row)
    columns[_LABELS] = decode_labels(columns[_LABELS])
    return RunRow(*columns)


def question_row(row: Sequence[Any]) -> QuestionRow:
    """Something that only a person can move on."""
    run, path, node, reason, question, asked_seq, asked_at, due = row
    return QuestionRow(run, path, node, reason, _decode_question(question), asked_seq, asked_at, due)


def outbox_row(row: Sequence[Any]) -> OutboxRow:
    """An event to be sent out: its data is the input of the node that sends it."""
    run, effect, path, name, seq, *sealed = row
    body = unseal(Sealed(*sealed)).body
    if not isinstance(body, NodeStarted):
        raise DamagedError(f"the ledger of run {run}")
    return OutboxRow(run, effect, path, name, body.input, seq)


def offer_row(row: Sequence[Any]) -> OfferRow:
    """An offer as it stands."""
    path, effect, tool, pool, tags, priority, offered_at, owner, is_stopping, call = row
    is_asked_to_stop = bool(is_stopping)
    return OfferRow(path, effect, tool, pool, _tags(tags), priority, offered_at, owner, is_asked_to_stop, call)


def waiting_effect(row: Sequence[Any]) -> WaitingEffect:
    """An effect that nobody has claimed."""
    no, tenant, run, tool, pool, tags, priority = row
    return WaitingEffect(no, tenant, run, tool, pool, _tags(tags), priority)


def _tags(written: str) -> tuple[str, ...]:
    return tuple(json.loads(written))
