"""Webhooks as they are declared, and what they make of requests."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from interlock.webhooks.declaring import WebhookSettings
from interlock.webhooks.errors import WebhookUnmappedError
from interlock.webhooks.mapping import Meant
from interlock.webhooks.received import Received

PUSH: dict[str, Any] = {
    "ref": "refs/heads/main",
    "size": 3,
    "repository": {"name": "shop", "private": True},
    "tags": [],
}


def request_with(body: object, **headers: str) -> Received:
    """A request with this body."""
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return Received(names, msgspec.json.encode(body))


def meant(body: object = PUSH, headers: dict[str, str] | None = None, **declared: Any) -> Meant | None:  # noqa: ANN401 - as in settings
    """What a webhook makes of a request."""
    settings = WebhookSettings.model_validate({"secret": "s", "id": "1", **declared})
    return settings.mapping("push").meant(request_with(body, **(headers or {})))


def test_inputs_are_made_of_what_stands_in_the_request() -> None:
    """Whole expressions keep the type of what they come to; within a text it is text."""
    made = meant(
        graph="build",
        headers={"x_github_event": "push"},
        inputs={
            "size": "${body.size}",
            "where": "${body.repository.name}@${body.ref} (${body.repository.private}, ${body.size})",
            "event": "${headers['x-github-event']}",
            "nested": [{"tags": "${body.tags}"}, 7, True, None, "plain"],
        },
    )

    assert made == Meant(
        id="1",
        inputs={
            "size": 3,
            "where": "shop@refs/heads/main (true, 3)",
            "event": "push",
            "nested": [{"tags": []}, 7, True, None, "plain"],
        },
    )


def test_an_event_says_the_whole_body_unless_it_is_told_otherwise() -> None:
    """The triggers choose what they need of it."""
    whole = meant(event="pushed")
    part = meant(event="pushed", data={"ref": "${body.ref}"}, run="${body.repository.name}")

    assert whole == Meant(id="1", inputs={}, data=PUSH)
    assert part == Meant(id="1", inputs={}, data={"ref": "refs/heads/main"}, run="shop")


def test_what_is_not_wanted_is_nothing() -> None:
    """A sender sends more than one kind of thing to one address."""
    assert meant(graph="build", when="${body.size > 3}") is None
    assert meant(graph="build", when="${body.size > 2}") is not None


@pytest.mark.parametrize(
    ("scheme", "headers", "body", "id"),
    [
        ("github", {"x_github_delivery": "72d3"}, {}, "72d3"),
        ("stripe", {}, {"id": "evt_1"}, "evt_1"),
        ("standard", {"webhook_id": "msg_1"}, {}, "msg_1"),
        ("slack", {}, {"event_id": "Ev1"}, "Ev1"),
        ("slack", {}, {"trigger_id": "13"}, "13"),
    ],
)
def test_each_scheme_knows_where_its_deliveries_have_their_id(
    scheme: str, headers: dict[str, str], body: object, id: str
) -> None:
    """So that one that is sent again starts nothing again."""
    settings = WebhookSettings.model_validate({"secret": "s", "scheme": scheme, "graph": "build"})

    made = settings.mapping("push").meant(request_with(body, **headers))

    assert made is not None
    assert made.id == id


def test_what_has_no_id_is_told_apart_by_what_it_says() -> None:
    """The same body is the same delivery, and another one is another."""
    first, again, other = (
        meant(body, graph="build", id="${body.id}") for body in ({"id": ""}, {"id": ""}, {"id": "x"})
    )

    assert first is not None
    assert first == again
    assert len(first.id) == 64
    assert other is not None
    assert other.id == "x"


@pytest.mark.parametrize(
    ("declared", "body", "says"),
    [
        ({"inputs": {"a": "${body.nothing.at.all}"}}, PUSH, "nothing"),
        ({"inputs": {"a": "${body.ref}"}}, "no map", "no field `ref`"),
        ({"inputs": {"a": "in ${body.tags}"}}, PUSH, "within a text"),
        ({"id": "${body.tags}"}, PUSH, "`id` has to come to text"),
        ({"id": "${body.ref}"}, {"ref": "x" * 301}, "more than 300 characters"),
        ({"when": "${body.size}"}, PUSH, "not true or false"),
        ({}, 2**70, "request.body"),
    ],
)
def test_a_request_that_holds_something_else_is_told_what_is_missing(
    declared: dict[str, Any], body: object, says: str
) -> None:
    """Whoever has set the sender up reads it in its log of deliveries."""
    with pytest.raises(WebhookUnmappedError, match=says):
        meant(body, None, **{"graph": "build", **declared})


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({}, "either a `graph` that it starts or an `event`"),
        ({"graph": "a", "event": "b"}, "either a `graph`"),
        ({"event": "b", "inputs": {"a": 1}}, "`inputs` are of a graph"),
        ({"graph": "a", "run": "${body.run}"}, "`data` and `run` are of an event"),
        ({"graph": "a", "data": {}}, "`data` and `run` are of an event"),
        ({"graph": "a", "inputs": {"x": ["${bdy.a}"]}}, r"`inputs.x\[0\]`: `bdy` is not a name"),
        ({"graph": "a", "when": "body.a == 1"}, "`when` is one expression"),
        ({"graph": "a", "when": "${body.a == }"}, "`when`"),
        ({"event": " padded "}, "`event`"),
    ],
)
def test_a_webhook_that_cannot_be_is_told_by_whoever_wrote_it(declared: dict[str, Any], says: str) -> None:
    """And not found out by the first delivery."""
    with pytest.raises(ValidationError, match=says):
        WebhookSettings.model_validate({"secret": "s", **declared})
