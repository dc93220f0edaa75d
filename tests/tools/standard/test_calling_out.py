"""An HTTP interface is called through the one way out; what its answer holds is at hand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from interlock.core.plan import Permissions
from interlock.core.values import Value
from interlock.tools.outcome import Done, Failed, ToolOutcome, Unknown
from interlock.tools.outgoing import OutgoingFailed, OutgoingRequest, OutgoingResponse, fetch
from interlock.tools.standard.calling_out import calling_tools
from interlock.tools.standard.environment import Fetch
from tests.tools.doorstep import MemoryJournal, a_call, a_door, lived, performed
from tests.tools.outgoing.loopback import loopback, response

FROM_HERE = partial(fetch, allowed_hosts=("*",), private_hosts=("127.0.0.1",))


async def called(way_out: Fetch, **input: Value) -> ToolOutcome:
    """What becomes of a call."""
    (api_call,) = calling_tools(way_out)
    return await performed(api_call, a_call(input), MemoryJournal(), a_door())


def exchanged(answer: bytes, **input: Value) -> tuple[Any, Sequence[str]]:
    """What a call to a server that answers so gives, and what the server heard."""

    async def story() -> tuple[Any, Sequence[str]]:
        async with loopback(answer) as there:
            outcome = await called(FROM_HERE, url=there.url("/orders"), **input)
            assert isinstance(outcome, Done), outcome
            return outcome.out, there.requests

    return lived(story)


def test_an_answer_has_its_status_headers_text_and_data() -> None:
    """A graph goes on with the data, a model reads the text."""
    out, _ = exchanged(response(b'{"id": 7}', headers=["X-Note: a", "X-Note: b"]))

    assert out == {
        "status": 200,
        "headers": {"content-length": "9", "x-note": "a, b"},
        "text": '{"id": 7}',
        "cut": False,
        "json": {"id": 7},
    }


@pytest.mark.parametrize(
    ("body", "sent", "type_"),
    [
        ("plain", "plain", ""),
        ({"n": 1}, '{"n": 1}', "application/json"),
        ([1], "[1]", "application/json"),
        (None, "", ""),
    ],
)
def test_text_is_sent_as_it_is_and_data_as_json(body: Value, sent: str, type_: str) -> None:
    """Models give either."""
    _, heard = exchanged(response(b"ok"), method="POST", body=body, headers={"X-Key": "k"})

    (request,) = heard
    head, _, received = request.partition("\r\n\r\n")
    assert received == sent
    assert head.startswith("POST /orders HTTP/1.1\r\n")
    assert "X-Key: k" in head
    assert (f"content-type: {type_}" in head.lower()) is bool(type_)


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oops", "302 Found"])
def test_whatever_the_status_it_is_an_answer(status: str) -> None:
    """What a 404 means, who calls knows best; and nothing is followed."""
    out, heard = exchanged(response(b"no", status=status, headers=["Location: http://169.254.169.254/"]))

    assert (out["status"], out["text"], out["json"], len(heard)) == (int(status[:3]), "no", None, 1)


def test_data_that_no_value_can_hold_stays_text() -> None:
    """Ten thousand brackets are JSON, and must not be the end of a run."""
    out, _ = exchanged(response(b"[" * 10_000 + b"]" * 10_000))
    huge, _ = exchanged(response(b"1" * 300_000))

    assert (out["json"], len(out["text"])) == (None, 20_000)
    assert (huge["json"], len(huge["text"]), huge["cut"]) == (None, 200_000, True)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://169.254.169.254/", "ftp://example.com/", "http://[::1]/", "x"]
)
def test_an_address_that_is_not_public_is_refused(url: str) -> None:
    """The ways around that are tried where the way out is tested: this is that the tool has no other."""
    outcome = lived(lambda: called(partial(fetch, allowed_hosts=("*",)), url=url))

    assert isinstance(outcome, Failed)
    assert (outcome.error.kind, outcome.retryable) == ("refused", False)


async def cut_off(_: OutgoingRequest) -> OutgoingResponse:
    """A connection that breaks after the request has left."""
    raise OutgoingFailed("http://example.com gave no answer", in_doubt=True)


@pytest.mark.parametrize(
    ("method", "kind"), [("GET", Failed), ("HEAD", Failed), ("POST", Unknown), ("DELETE", Unknown)]
)
def test_only_a_request_that_changes_something_can_be_in_doubt(method: str, kind: type[ToolOutcome]) -> None:
    """A broken GET may simply be made again; whether a POST arrived, a person has to find out."""
    outcome = lived(lambda: called(cut_off, url="http://example.com/", method=method))

    assert isinstance(outcome, kind)


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        ({"url": "https://api.example.com/a?b"}, Permissions(hosts=("api.example.com",))),
        (
            {"url": "https://API.example.com:8443/", "method": "POST"},
            Permissions(hosts=("api.example.com:8443",), external=True),
        ),
        ({"url": "http://user@evil.example/"}, Permissions(hosts=("*",))),
        ({"url": "nonsense", "method": 5}, Permissions(hosts=("*",), external=True)),
        ({"url": [], "method": {}}, Permissions(hosts=("*",), external=True)),
        ({"url": 5}, Permissions(hosts=("*",))),
        (None, Permissions(hosts=("*",))),
    ],
)
def test_policy_is_asked_about_the_host_and_whether_it_is_changed(arguments: Value, needed: Permissions) -> None:
    """A host that cannot be told is any host: only who grants all of them grants that."""
    (api_call,) = calling_tools(cut_off)

    assert api_call.permissions(arguments) == needed
