"""The door of the server: who gets in, with how much, and what those are told who do not."""

from __future__ import annotations

import socket
from collections.abc import Generator

import httpx
import pytest

from interlock.settings import ServerSettings
from tests.api.conftest import GRAPHS
from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer, running_server
from tests.embedded.workshop import Workshop


@pytest.fixture(scope="module")
def guarded() -> Generator[RunningServer]:
    """A server that asks everybody for a key, and takes small bodies."""
    settings = ServerSettings(require_key=True, body_bytes=2_000)
    with running_server(GRAPHS, Workshop().tools, settings=settings) as running:
        yield running


def test_without_a_key_nothing_is_reachable_but_health(guarded: RunningServer) -> None:
    """A balancer has to ask whether it lives; anybody else says who they are."""
    paths = ("/v1/runs", "/v1/stream", "/v1/openapi.json", "/v1/problems", "/nowhere")

    told = {path: guarded.http.get(path) for path in paths}

    assert {answer.json()["code"] for answer in told.values()} == {"key_required"}
    assert {answer.headers["www-authenticate"] for answer in told.values()} == {"Bearer"}
    assert guarded.get("/health")["status"] == "ok"


@pytest.mark.parametrize("text", ["ilk_nonsense", "x" * 5_000, "ilk_0123456789ab_" + "A" * 49])
def test_a_key_that_opens_nothing_is_refused_without_a_reason(guarded: RunningServer, text: str) -> None:
    """Whoever tries keys out learns nothing from the answers."""
    with guarded.as_key(text) as stranger:
        told = stranger.get("/v1/runs").json()

    assert (told["status"], told["code"]) == (401, "key_refused")


def test_what_one_tenant_has_another_cannot_see(guarded: RunningServer) -> None:
    """The key says the tenant, and nothing that is sent along says otherwise."""
    with (
        guarded.as_key(key_of(guarded, tenant="acme")) as acme,
        guarded.as_key(key_of(guarded, tenant="other")) as other,
    ):
        run = acme.post("/v1/runs", json={"graph": "make", "key": "shared-key"}).json()["run"]
        theirs = other.post("/v1/runs", json={"graph": "make", "key": "shared-key"}).json()["run"]
        seen = other.get(f"/v1/runs/{run}", headers={"x-tenant": "acme"}, params={"tenant": "acme"})
        listed = [row["run"] for row in other.get("/v1/runs").json()["runs"]]
        value = other.get(f"/v1/values/{'0' * 64}").json()

    assert run != theirs
    assert (seen.json()["code"], listed) == ("run_not_found", [theirs])
    assert value["code"] == "value_not_found"


def test_a_viewer_looks_and_changes_nothing(guarded: RunningServer) -> None:
    """What may not be done is told beforehand, with what it would take."""
    with guarded.as_key(key_of(guarded, tenant="lookers")) as operator:
        run = operator.post("/v1/runs", json={"graph": "ask"}).json()["run"]
    with guarded.as_key(key_of(guarded, tenant="lookers", role="viewer")) as viewer:
        seen = viewer.get(f"/v1/runs/{run}").json()
        started = viewer.post("/v1/runs", json={"graph": "make"}).json()

    assert seen["run"] == run
    assert seen["actions"]["cancel"]["reason"].endswith("to act on runs takes an operator")
    assert (started["status"], started["code"]) == (403, "not_allowed")


def test_a_scope_opens_its_area_alone(guarded: RunningServer) -> None:
    """A key for a dashboard need not be one that answers questions."""
    with guarded.as_key(key_of(guarded, scopes=("runs:read",))) as dashboard:
        runs, questions = dashboard.get("/v1/runs"), dashboard.get("/v1/questions")

    assert (runs.status_code, questions.json()["code"]) == (200, "not_allowed")


def test_a_body_beyond_the_bound_is_refused_before_it_is_read(guarded: RunningServer) -> None:
    """A gigabyte of nothing costs nobody a gigabyte, told by its length or sent in pieces."""
    with guarded.as_key(key_of(guarded)) as client:
        whole = client.post("/v1/runs", json={"graph": "make", "inputs": {"thing": "x" * 3_000}})
        pieces = client.post(
            "/v1/runs", content=(b"x" * 500 for _ in range(10)), headers={"content-type": "application/json"}
        )

    assert (whole.json()["code"], pieces.json()["code"]) == ("body_too_large", "body_too_large")


@pytest.mark.parametrize(
    "headers",
    [{"host": "evil.example"}, {"origin": "http://evil.example"}, {"origin": "http://localhost:1"}, {"origin": "null"}],
)
def test_without_keys_no_page_elsewhere_reaches_the_server(server: RunningServer, headers: dict[str, str]) -> None:
    """The owner's own browser must not become a stranger's hands."""
    told = server.refused("GET", "/runs", headers=headers)

    assert (told["status"], told["code"]) == (403, "foreign_page")


def test_a_page_of_the_server_itself_is_let_in(server: RunningServer) -> None:
    """Its own pages are what the check protects."""
    answer = server.http.get("/v1/runs", headers={"origin": server.url})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (b"{", "application/json", "unreadable_body"),
        (b'{"graph": "\xff"}', "application/json", "unreadable_body"),
        (b"[" * 5_000, "application/json", "unreadable_body"),
        (b'{"graph": "make"}', "text/plain", "unsupported_media_type"),
        (b'{"graph": "make", "inputs": {"thing": NaN}}', "application/json", "value_invalid"),
        (b'{"graph": "make", "inputs": {"thing": 1' + b"0" * 400 + b"}}", "application/json", "value_invalid"),
        (b'{"graf": 1}', "application/json", "invalid_request"),
        (b"[]", "application/json", "invalid_request"),
        (b"", "application/json", "invalid_request"),
    ],
)
def test_whatever_is_sent_is_answered_by_a_problem(server: RunningServer, content: bytes, kind: str, code: str) -> None:
    """Bad input of any kind gets a code, a sentence and what to do next."""
    told = server.refused("POST", "/runs", content=content, headers={"content-type": kind})

    assert told["code"] == code
    assert "" not in (told["detail"], told["advice"], told["request"])


def test_every_answer_carries_the_id_of_its_request(server: RunningServer) -> None:
    """Who reports a problem names it, and the log is searched by it."""
    done, refused = server.http.get("/v1/runs"), server.http.get("/v1/runs/none")

    assert len(done.headers["x-request-id"]) == 16
    assert refused.headers["x-request-id"] == refused.json()["request"]


@pytest.mark.parametrize(
    ("method", "path", "code"), [("GET", "/x", "not_found"), ("PUT", "/runs", "method_not_allowed")]
)
def test_what_is_not_there_says_so(server: RunningServer, method: str, path: str, code: str) -> None:
    """An address that is mistyped is a problem like any other."""
    assert server.refused(method, path)["code"] == code


def test_more_requests_than_are_taken_at_once_come_again() -> None:
    """A queue that grows without end serves nobody: the server says when to come again."""
    half = b"POST /v1/runs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n"
    with (
        running_server({}, settings=ServerSettings(requests=1)) as small,
        socket.create_connection((small.door.host, small.door.port)) as other,
    ):
        other.sendall(half)
        answers = (small.http.get("/v1/runs") for _ in range(1_000))
        told = next(answer for answer in answers if answer.status_code == 429)

    assert (told.json()["code"], told.headers["retry-after"]) == ("too_many_requests", "1")


def test_a_listener_is_no_request_under_way() -> None:
    """Listeners mostly wait: there may be many times as many of them."""
    with (
        running_server({}, settings=ServerSettings(requests=1)) as small,
        small.http.stream("GET", "/v1/stream"),
        httpx.Client(base_url=small.url) as other,
    ):
        alone = other.get("/v1/runs")

    assert alone.status_code == 200


def test_more_listeners_than_are_taken_are_told_to_come_again() -> None:
    """Each holds memory; the bound is a setting, and the answer names it."""
    with (
        running_server({}, settings=ServerSettings(listeners=1)) as small,
        small.http.stream("GET", "/v1/stream"),
        httpx.Client(base_url=small.url) as other,
    ):
        told = other.get("/v1/stream")

    assert (told.status_code, told.json()["code"], told.headers["retry-after"]) == (429, "too_many_listeners", "5")


def test_a_head_without_end_is_cut_off(server: RunningServer) -> None:
    """Slow or endless headers hold a connection, and a few thousand of those hold a server."""
    with socket.create_connection((server.door.host, server.door.port)) as made:
        made.settimeout(20)
        made.sendall(b"GET /v1/health HTTP/1.1\r\nhost: localhost\r\nx: " + b"a" * 100_000)
        answer = made.recv(1_000)

    assert answer.startswith(b"HTTP/1.1 4")
