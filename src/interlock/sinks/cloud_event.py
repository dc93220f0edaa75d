"""CloudEvents 1.0: how a stored event looks from outside, in structured JSON. Pure.

`source` and `id` name an event for good, so whoever gets it twice can tell. What is kept outside the log stays a
reference, a secret stays its name, and an erased payload leaves without data.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from interlock.core.events import Body, NodeStarted
from interlock.core.values import KeptList, Ref, Secret, Value, instant_text
from interlock.store.sealing import Header

SPEC_VERSION: Final = "1.0"
TYPE_PREFIX: Final = "interlock."
"""What the types of a run's own events begin with: `interlock.node.result`."""
JSON_TYPE: Final = "application/json"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class CloudEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event with the attributes of the specification, then ours; what it does not have is left out."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str = ""
    """The path of the node or scope that it is about; none if it speaks of the run."""
    time: str
    tenant: str
    run: str
    seq: int
    """The number of the event in its run, counted from 1 without gaps."""
    attempt: int = 0
    actor: str = ""
    """Who, if a person or another system did it."""
    erased: bool = False
    datacontenttype: str | UnsetType = UNSET
    data: Value | UnsetType = UNSET


def cloud_events(header: Header, body: Body | None) -> list[CloudEvent]:
    """How a stored event leaves: as itself; and where it sends an event of the graph's own, as that one too.

    Without a body its payload was erased.
    """
    itself = CloudEvent(
        specversion=SPEC_VERSION,
        id=f"{header.run}/{header.seq}",
        source=f"interlock:{header.tenant}",
        type=TYPE_PREFIX + header.type,
        subject=header.path,
        time=instant_text(_EPOCH + timedelta(microseconds=header.at)),
        tenant=header.tenant,
        run=header.run,
        seq=header.seq,
        attempt=header.attempt,
        actor=header.actor,
        erased=body is None,
        datacontenttype=UNSET if body is None else JSON_TYPE,
        data=UNSET if body is None else _data_of(body),
    )
    if isinstance(body, NodeStarted) and body.emits:
        return [itself, _emitted(itself, body)]
    return [itself]


def _emitted(intent: CloudEvent, body: NodeStarted) -> CloudEvent:
    """What an `emit` sends. Its id is the effect's, which stays the same if it has to be sent again."""
    sent = {} if body.input is None else {"data": _plain(body.input), "datacontenttype": JSON_TYPE}
    bare = msgspec.structs.replace(intent, data=UNSET, datacontenttype=UNSET)
    return msgspec.structs.replace(bare, id=body.effect, type=body.tool, **sent)


def encode_event(event: CloudEvent) -> bytes:
    """The event as `application/cloudevents+json`: one line."""
    return _ENCODER.encode(event)


def encode_batch(events: Sequence[CloudEvent]) -> bytes:
    """Events as `application/cloudevents-batch+json`."""
    return _ENCODER.encode(events)


def _data_of(body: Body) -> dict[str, Any]:
    fields = _plain(body)
    del fields["type"]  # the event has it as an attribute
    return fields


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON data
    return msgspec.to_builtins(value, enc_hook=_leaf)


def _leaf(leaf: object) -> dict[str, Any]:
    match leaf:
        case Ref():
            return {"digest": leaf.digest, "size": leaf.size, "type": "reference"}
        case Secret():
            return {"name": leaf.name, "type": "secret"}
        case KeptList():
            return {"size": leaf.size, "parts": list(leaf.parts), "tail": leaf.tail, "type": "list"}
        case _:
            raise TypeError(f"a {type(leaf).__name__} is no JSON")


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_leaf)
