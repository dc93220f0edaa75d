"""How a stored event looks from outside."""

from __future__ import annotations

import json
import re
from typing import Any

from interlock.core import events as e
from interlock.core.values import KeptList, Ref, Secret
from interlock.sinks.cloud_event import CloudEvent, cloud_events, encode_batch, encode_event
from interlock.store.sealing import Header, read_header, seal

NOON = 1_760_000_000_000_000


def header_of(body: e.Body, *, seq: int = 3, path: str = "", actor: str = "") -> Header:
    """The header under which a body is stored."""
    event = e.Event(seq, NOON, path, body, actor)
    return read_header(seal(event, tenant="local", run="w5nm", previous=b"", salt=b"salt"))


def seen(event: CloudEvent) -> dict[str, Any]:
    """The event as a receiver reads it."""
    read: dict[str, Any] = json.loads(encode_event(event))
    return read


def test_an_event_leaves_with_everything_its_header_and_its_payload_say() -> None:
    """Whoever gets it needs no second question to know what happened, where, when and by whom."""
    body = e.NodeResult("4f2a", "done", {"passed": True}, labels=("green",))

    [event] = cloud_events(header_of(body, path="build/test", actor="reconcile"), body)

    assert seen(event) == {
        "specversion": "1.0",
        "id": "w5nm/3",
        "source": "interlock:local",
        "type": "interlock.node.result",
        "subject": "build/test",
        "time": "2025-10-09T08:53:20Z",
        "tenant": "local",
        "run": "w5nm",
        "seq": 3,
        "actor": "reconcile",
        "datacontenttype": "application/json",
        "data": {"effect": "4f2a", "status": "done", "out": {"passed": True}, "labels": ["green"]},
    }


def test_attributes_of_our_own_have_names_that_every_transport_can_carry() -> None:
    """The specification allows lower-case letters and digits alone: others are lost on the way as HTTP headers."""
    names = [name for name in CloudEvent.__struct_fields__ if not re.fullmatch("[a-z0-9]{1,20}", name)]

    assert names == []


def test_an_attribute_that_has_no_value_is_left_out() -> None:
    """The specification forbids an empty subject; an event of the run itself has none."""
    body = e.RunPaused()

    [event] = cloud_events(header_of(body), body)

    assert sorted(seen(event)) == sorted("specversion id source type time tenant run seq datacontenttype data".split())


def test_what_lies_elsewhere_leaves_as_a_reference_and_a_secret_as_its_name() -> None:
    """A sink must not get a hundred megabytes unasked, and a password never."""
    listed = KeptList((Ref("ab", 4096),), (0,), [7], size=90)
    body = e.NodeResult("4f2a", "done", {"log": Ref("cd", 70_000), "token": Secret("github"), "rows": listed})

    [event] = cloud_events(header_of(body, path="test"), body)

    assert seen(event)["data"]["out"] == {
        "log": {"digest": "cd", "size": 70_000, "type": "reference"},
        "token": {"name": "github", "type": "secret"},
        "rows": {
            "size": 90,
            "parts": [{"digest": "ab", "size": 4096, "type": "reference"}],
            "tail": [7],
            "type": "list",
        },
    }


def test_an_erased_payload_leaves_without_data() -> None:
    """That something happened stays true; what it was is for nobody any more."""
    header = header_of(e.AnswerGiven("release"), path="approve", actor="ada")

    [event] = cloud_events(header, None)

    assert (event.erased, seen(event).get("data"), seen(event)["type"]) == (True, None, "interlock.answer.given")
    assert "datacontenttype" not in seen(event)


def test_what_a_graph_emits_leaves_under_its_own_name_as_well() -> None:
    """A receiver subscribes to `patch_ready` and need not know how Interlock tells of its nodes."""
    body = e.NodeStarted(2, "4f2a", "d1", {"id": 7}, tool="patch_ready", emits=True)

    intent, emitted = cloud_events(header_of(body, path="tell"), body)

    assert intent.type == "interlock.node.started"
    assert seen(emitted) == {
        "specversion": "1.0",
        "id": "4f2a",
        "source": "interlock:local",
        "type": "patch_ready",
        "subject": "tell",
        "time": "2025-10-09T08:53:20Z",
        "tenant": "local",
        "run": "w5nm",
        "seq": 3,
        "attempt": 2,
        "datacontenttype": "application/json",
        "data": {"id": 7},
    }


def test_a_batch_is_a_list_of_events() -> None:
    """The batch format of the specification is JSON events in a JSON array, and nothing around them."""
    first, second = (cloud_events(header_of(e.RunPaused(), seq=seq), e.RunPaused())[0] for seq in (1, 2))

    assert json.loads(encode_batch([first, second])) == [seen(first), seen(second)]
