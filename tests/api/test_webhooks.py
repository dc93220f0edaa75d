"""Webhooks over HTTP: deliveries that are signed start runs, once, and strangers learn nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from interlock import Interlock
from interlock.embedded.served import Served
from interlock.settings import ServerSettings
from interlock.sinks.signature import sign
from interlock.tools.secrets import SecretSource, SecretText
from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer, running_server
from tests.embedded.workshop import Graph, Workshop, making

GITHUB_KEY = "It's a Secret to Everybody"
OWN_KEY = "a key between two of us"
STANDARD_KEY = b"a key of some length"
SECRETS = SecretSource(
    {
        "github": SecretText(GITHUB_KEY),
        "own": SecretText(OWN_KEY),
        "stripe": SecretText("whsec_stripe"),
        "standard": SecretText("whsec_" + base64.b64encode(STANDARD_KEY).decode()),
    }
)
PULL_REQUEST = b'{"action":"opened","number":7,"repository":{"full_name":"octo/shop"}}'

GRAPHS: dict[str, Graph] = {
    "review": {
        "inputs": {"number": {"type": "integer"}, "repository": {"type": "string"}},
        "outputs": {"made": "${a}"},
        "nodes": {"a": making("${inputs.repository}#${inputs.number}")},
    },
    "waiting": {"nodes": {"w": {"wait": {"event": "paid"}}}, "outputs": {"got": "${w}"}},
    "asking": {"nodes": {"ask": {"human": "Go?", "choices": ["yes", "no"]}}},
}
PACK: Graph = {
    "graph": "pack",
    "inputs": {"order": "integer"},
    "triggers": {"on_order": {"event": "order.placed", "inputs": {"order": "${event.data.order}"}}},
    "nodes": {"packed": {"value": "${inputs.order}"}},
}
WEBHOOKS: dict[str, dict[str, Any]] = {
    "pulls": {
        "scheme": "github",
        "secret": "github",
        "graph": "review",
        "when": "${headers['x-github-event'] == 'pull_request'}",
        "inputs": {"number": "${body.number}", "repository": "${body.repository.full_name}"},
    },
    "paid": {
        "scheme": "stripe",
        "secret": "stripe",
        "event": "paid",
        "run": "${body.data.run}",
        "data": "${body.data}",
    },
    "orders": {"scheme": "standard", "secret": "standard", "event": "order.placed"},
    "asks": {"secret": "own", "graph": "asking", "id": "${body.id}"},
    "chat": {"scheme": "slack", "secret": "own", "graph": "asking"},
    "unset": {"secret": "nobody_gave_it", "graph": "asking"},
}


@pytest.fixture(scope="module")
def hooked() -> Generator[RunningServer]:
    """A server that asks everybody for a key, and takes deliveries of other systems."""
    settings = ServerSettings(require_key=True, webhook_bytes=10_000)
    tools = Workshop("broken").tools
    with running_server(GRAPHS, tools, settings=settings, webhooks=WEBHOOKS, secrets=SECRETS) as running:
        key = key_of(running, tenant="local", role="owner")
        running.http.headers["authorization"] = f"Bearer {key}"
        yield running


@pytest.fixture
def outside(hooked: RunningServer) -> Iterator[httpx.Client]:
    """Another system, which has no key, and reaches the server by the name that it has for the world."""
    with httpx.Client(base_url=hooked.url, headers={"host": "hooks.example.com"}, timeout=20) as client:
        yield client


def from_github(body: bytes = PULL_REQUEST, *, id: str, event: str = "pull_request") -> dict[str, Any]:
    """A delivery as GitHub sends it."""
    digest = hmac.new(GITHUB_KEY.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "x-github-event": event,
        "x-github-delivery": id,
        "x-hub-signature-256": f"sha256={digest}",
    }
    return {"content": body, "headers": headers}


def from_us(body: bytes, *, at: int | None = None) -> dict[str, Any]:
    """A delivery as another Interlock signs it."""
    return {"content": body, "headers": {"x-interlock-signature": sign(OWN_KEY, body, at=at or int(time.time()))}}


def from_stripe(body: bytes) -> dict[str, Any]:
    """A delivery as Stripe sends it."""
    at = str(int(time.time()))
    digest = hmac.new(b"whsec_stripe", f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"content": body, "headers": {"stripe-signature": f"t={at},v1={digest}"}}


def from_standard(body: bytes, *, id: str) -> dict[str, Any]:
    """A delivery as the Standard Webhooks have it."""
    at = str(int(time.time()))
    digest = hmac.new(STANDARD_KEY, f"{id}.{at}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {
        "content": body,
        "headers": {"webhook-id": id, "webhook-timestamp": at, "webhook-signature": signature},
    }


def from_slack(body: bytes) -> dict[str, Any]:
    """A delivery as Slack sends it."""
    at = str(int(time.time()))
    digest = hmac.new(OWN_KEY.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    return {"content": body, "headers": {"x-slack-request-timestamp": at, "x-slack-signature": f"v0={digest}"}}


def test_a_signed_delivery_starts_a_run_of_what_it_says(hooked: RunningServer, outside: httpx.Client) -> None:
    """It needs no key: its signature is one. And the run says where it came from."""
    answer = outside.post("/v1/hooks/pulls", **from_github(id="d-1"))

    told = answer.json()
    run = hooked.get(f"/runs/{told['run']['run']}", params={"wait": 20})
    assert (answer.status_code, told["outcome"]) == (202, "started")
    assert answer.headers["location"] == f"/v1/runs/{run['run']}"
    assert (run["outputs"], run["started_by"]) == ({"made": "octo/shop#7"}, "webhook pulls")
    assert run["labels"] == {"trigger": "webhook", "webhook": "pulls"}
    [first] = hooked.get(f"/runs/{run['run']}/events", params={"limit": 1})["events"]
    assert first["body"]["tainted"] is True


def test_a_delivery_that_is_sent_again_starts_nothing_again(outside: httpx.Client) -> None:
    """Whoever heard no answer sends it again, and so does whoever has listened."""
    first = outside.post("/v1/hooks/pulls", **from_github(id="d-2"))

    again = outside.post("/v1/hooks/pulls", **from_github(id="d-2"))
    other = outside.post("/v1/hooks/pulls", **from_github(id="d-3"))

    assert [first.status_code, again.status_code, other.status_code] == [202, 200, 202]
    assert again.json()["outcome"] == "known"
    assert again.json()["run"]["run"] == first.json()["run"]["run"]
    assert other.json()["run"]["run"] != first.json()["run"]["run"]


def test_of_deliveries_that_come_at_once_one_starts_a_run(outside: httpx.Client) -> None:
    """A sender that retries too early is no rare thing."""
    delivery = from_github(id="d-at-once")
    with ThreadPoolExecutor(8) as threads:
        sent = [threads.submit(outside.post, "/v1/hooks/pulls", **delivery) for _ in range(8)]
        answers = [each.result() for each in sent]

    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [202]
    assert len({answer.json()["run"]["run"] for answer in answers}) == 1


def test_whoever_waits_is_answered_with_what_the_run_gives(outside: httpx.Client) -> None:
    """An answer goes back the way the question came."""
    answer = outside.post("/v1/hooks/pulls", params={"wait": 20}, **from_github(id="d-4"))

    told = answer.json()
    assert (answer.status_code, told["outcome"], told["run"]["status"]) == (200, "started", "succeeded")
    assert told["outputs"] == {"made": "octo/shop#7"}


def test_a_run_that_rests_is_answered_with_its_address(outside: httpx.Client) -> None:
    """A person may take until tomorrow."""
    answer = outside.post("/v1/hooks/asks", params={"wait": 20}, **from_us(b'{"id": "a-1"}'))

    told = answer.json()
    assert (answer.status_code, told["run"]["status"], "outputs" in told) == (202, "waiting", False)


def test_what_is_not_wanted_is_taken_and_passed_over(outside: httpx.Client) -> None:
    """The sender has done nothing wrong, and must not try for ever."""
    answer = outside.post(
        "/v1/hooks/pulls", **from_github(b'{"zen": "Keep it logically awesome."}', id="d", event="ping")
    )

    assert (answer.status_code, answer.json()) == (200, {"outcome": "unwanted"})


def refusals() -> dict[str, tuple[str, dict[str, Any]]]:
    """Everything that opens nothing, with where it is sent."""
    right = from_github(id="d-5")
    own = from_us(b'{"id": "a-2"}')
    return {
        "no signature": ("pulls", {"content": PULL_REQUEST}),
        "another body": ("pulls", {**right, "content": PULL_REQUEST + b" "}),
        "another scheme": ("pulls", own),
        "another secret": ("asks", right),
        "two signatures": ("pulls", {**right, "headers": [*right["headers"].items(), *right["headers"].items()]}),
        "too old": ("asks", from_us(b'{"id": "a-2"}', at=int(time.time()) - 400)),
        "a secret that nobody gave": ("unset", own),
        "nobody there": ("nowhere", right),
        "a key instead": ("pulls", {"content": PULL_REQUEST, "headers": {"authorization": "Bearer ilk_nonsense"}}),
    }


@pytest.mark.parametrize("case", list(refusals()))
def test_whoever_is_not_known_learns_nothing(hooked: RunningServer, outside: httpx.Client, case: str) -> None:
    """Neither which webhooks there are nor how near a signature was: every such answer is the same."""
    address, delivery = refusals()[case]

    answer = outside.post(f"/v1/hooks/{address}", **delivery)

    told = answer.json()
    assert (answer.status_code, told["code"]) == (401, "delivery_refused")
    assert told["detail"] == "there is no webhook at this address that this signature opens"


def test_a_delivery_is_never_read_without_end(outside: httpx.Client) -> None:
    """Whoever sends it has no key, so that only so much is ever held of it."""
    declared = outside.post("/v1/hooks/pulls", **from_github(b"x" * 10_001, id="d"))
    streamed = outside.post("/v1/hooks/nowhere", content=iter([b"x" * 5_000] * 4))

    assert [declared.json()["code"], streamed.json()["code"]] == ["body_too_large", "body_too_large"]


def test_only_deliveries_need_no_key(outside: httpx.Client) -> None:
    """An exception that is wider than it need be is a hole."""
    codes = [
        outside.get("/v1/hooks/pulls").json()["code"],
        outside.put("/v1/hooks/pulls", content=b"").json()["code"],
        outside.post("/v1/hooks").json()["code"],
        outside.post("/v1/hooks/pulls/more").json()["code"],
        outside.post("/v1/hooks/..%2fruns").json()["code"],
        outside.post("/v1/webhooks", json={}).json()["code"],
    ]

    assert codes == ["key_required"] * 6


def test_a_delivery_that_holds_something_else_is_told_what_is_missing(outside: httpx.Client) -> None:
    """It is signed, so whoever has set it up may know."""
    body = b'{"action": "opened"}'

    told = outside.post("/v1/hooks/pulls", **from_github(body, id="d-6")).json()

    assert (told["status"], told["code"]) == (422, "delivery_unmapped")
    assert "webhook pulls" in told["detail"]


def test_inputs_that_the_graph_does_not_take_are_refused(outside: httpx.Client) -> None:
    """As with any run: nothing is on record."""
    body = b'{"number": "seven", "repository": {"full_name": "octo/shop"}}'

    told = outside.post("/v1/hooks/pulls", **from_github(body, id="d-7")).json()

    assert (told["status"], told["code"], told["field"]) == (422, "invalid_request", "inputs")
    assert "number" in told["detail"]


def test_a_delivery_moves_a_run_on_that_waits_for_it(hooked: RunningServer, outside: httpx.Client) -> None:
    """A payment comes days after the order."""
    run = hooked.started("waiting")

    answer = outside.post(
        "/v1/hooks/paid", params={"wait": 20}, **from_stripe(f'{{"id":"e1","data":{{"run":"{run}","sum":5}}}}'.encode())
    )

    told = answer.json()
    assert (answer.status_code, told["outcome"], told["run"]["run"]) == (200, "sent", run)
    assert told["outputs"] == {"got": {"run": run, "sum": 5}}


def test_a_delivery_is_offered_to_triggers_as_an_event(outside: httpx.Client) -> None:
    """One that nobody wants is taken all the same."""
    answer = outside.post("/v1/hooks/orders", **from_standard(b'{"order": 7}', id="msg_1"))

    assert (answer.status_code, answer.json()) == (202, {"outcome": "offered", "offered": []})


async def _release(served: Served[Interlock]) -> None:
    await (await served.of("local")).release(PACK, by="ada")


def test_an_event_starts_what_waits_for_such_events_once(hooked: RunningServer, outside: httpx.Client) -> None:
    """Any number of released graphs may want it, and a delivery that comes again is known to each of them."""
    hooked.soon(_release(hooked.served[0]))

    first = outside.post("/v1/hooks/orders", **from_standard(b'{"order": 8}', id="msg_2")).json()
    again = outside.post("/v1/hooks/orders", **from_standard(b'{"order": 8}', id="msg_2")).json()

    [started], [known] = first["offered"], again["offered"]
    assert (started["trigger"], started["outcome"], known["outcome"]) == ("pack/on_order", "started", "known")
    assert known["run"] == started["run"]
    assert hooked.get(f"/runs/{started['run']}", params={"wait": 20})["outputs"] == {"packed": 8}


def test_an_address_is_proven_to_slack(outside: httpx.Client) -> None:
    """It asks once whether somebody is there, and wants its own word back."""
    body = b'{"type": "url_verification", "challenge": "3eZbrw1a"}'

    signed = outside.post("/v1/hooks/chat", **from_slack(body))
    unsigned = outside.post("/v1/hooks/chat", content=body)

    assert signed.json() == {"challenge": "3eZbrw1a"}
    assert unsigned.json()["code"] == "delivery_refused"


def test_webhooks_are_listed_with_where_they_are(hooked: RunningServer) -> None:
    """Whoever sets a sender up needs the address, the scheme and the name of the secret."""
    listed = {each["name"]: each for each in hooked.get("/webhooks")["webhooks"]}

    pulls = listed["pulls"]
    assert (pulls["path"], pulls["scheme"], pulls["secret"]) == ("/v1/hooks/pulls", "github", "github")
    assert (pulls["has_secret"], listed["unset"]["has_secret"]) == (True, False)
    assert pulls["actions"] == {"give_up": {"allowed": False, "reason": "it stands in interlock.toml"}}
    assert hooked.refused("DELETE", "/webhooks/pulls")["code"] == "declared_wrongly"


def test_a_webhook_is_made_at_an_address_that_nobody_guesses(hooked: RunningServer, outside: httpx.Client) -> None:
    """And is gone when it is given up."""
    body = {"name": "mine", "secret": "own", "graph": "asking", "id": "${body.id}"}
    made = hooked.http.post("/v1/webhooks", json=body)
    path = made.json()["path"]

    taken = outside.post(path, **from_us(b'{"id": "m-1"}'))
    by_name = outside.post("/v1/hooks/mine", **from_us(b'{"id": "m-1"}'))
    twice = hooked.refused("POST", "/webhooks", json=body)
    gone = hooked.http.delete("/v1/webhooks/mine")
    after = outside.post(path, **from_us(b'{"id": "m-2"}'))

    assert (made.status_code, made.json()["declared_in"]) == (201, "record")
    assert path.startswith("/v1/hooks/mine-")
    assert [taken.status_code, by_name.status_code, gone.status_code, after.status_code] == [202, 401, 204, 401]
    assert twice["code"] == "declared_wrongly"
    assert hooked.refused("DELETE", "/webhooks/mine")["code"] == "webhook_not_found"


@pytest.mark.parametrize(
    "wrong",
    [
        {"graph": "asking", "event": "paid"},
        {"graph": "asking", "inputs": {"a": "${bdy}"}},
        {"graph": "asking", "scheme": "carrier pigeon"},
        {"graph": "asking", "color": "red"},
        {"graph": "asking", "name": "Not A Name"},
    ],
)
def test_a_webhook_that_cannot_be_is_refused(hooked: RunningServer, wrong: dict[str, object]) -> None:
    """By whoever makes it, and not by its first delivery."""
    told = hooked.refused("POST", "/webhooks", json={"name": "new", "secret": "own", **wrong})

    assert told["code"] == "invalid_request"


def test_a_webhook_is_of_the_tenant_that_made_it(hooked: RunningServer, outside: httpx.Client) -> None:
    """Its address says whose runs it starts, and nothing that is sent along says otherwise."""
    body = {"name": "theirs", "secret": "own", "graph": "asking", "id": "${body.id}"}
    with (
        hooked.as_key(key_of(hooked, tenant="acme", role="owner")) as acme,
        hooked.as_key(key_of(hooked, tenant="acme", role="viewer")) as viewer,
    ):
        path = acme.post("/v1/webhooks", json=body).json()["path"]
        run = outside.post(path, **from_us(b'{"id": "t-1", "tenant": "local"}')).json()["run"]["run"]

        seen = acme.get(f"/v1/runs/{run}").status_code
        listed = [each["name"] for each in acme.get("/v1/webhooks").json()["webhooks"]]
        refused = viewer.post("/v1/webhooks", json=body).json()["code"]

    assert (seen, listed, refused) == (200, ["theirs"], "not_allowed")
    assert hooked.refused("GET", f"/runs/{run}")["code"] == "run_not_found"
    assert "theirs" not in [each["name"] for each in hooked.get("/webhooks")["webhooks"]]
