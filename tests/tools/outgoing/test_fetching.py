"""Requests leave for the host that was allowed and the address that was judged, and come back within their bounds."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from interlock.tools.outgoing import (
    FetchLimits,
    Network,
    OutgoingFailed,
    OutgoingRefused,
    OutgoingRequest,
    OutgoingResponse,
    fetch,
)
from tests.tools.doorstep import lived
from tests.tools.outgoing.loopback import Loopback, loopback, response

HERE = ("127.0.0.1",)
BRIEF = FetchLimits(timeout_seconds=0.3, connect_seconds=0.3, response_bytes_max=100_000)


@dataclass
class ScriptedResolver:
    """Answers one question after the other as it is told, and counts them."""

    answers: list[Sequence[str]]
    asked: list[str] = field(default_factory=list[str])

    async def resolve(self, host: str, _port: int) -> Sequence[str]:
        """The next answer; the last one again and again."""
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def fetched(url: str, **how: Any) -> OutgoingResponse:  # noqa: ANN401 - whatever `fetch` takes
    """A GET that may go to the loopback."""
    how.setdefault("allowed_hosts", ["*"])
    how.setdefault("private_hosts", HERE)
    return await fetch(OutgoingRequest(url=url), **how)


def test_a_request_arrives_as_it_was_said_and_its_answer_comes_back() -> None:
    """The ordinary case, byte for byte."""

    async def story() -> tuple[OutgoingResponse, Loopback]:
        async with loopback(
            response(b'{"id": 7}', status="201 Created", headers=["X-Trace: a", "X-Trace: b"])
        ) as there:
            request = OutgoingRequest(
                method="POST", url=there.url("/orders?x=1"), headers=(("X-Key", "k"),), body=b'{"n":1}'
            )
            return await fetch(request, allowed_hosts=["127.0.0.1"], private_hosts=HERE), there

    answer, there = lived(story)

    assert (answer.status, answer.body) == (201, b'{"id": 7}')
    assert answer.headers == (("content-length", "9"), ("x-trace", "a"), ("x-trace", "b"))
    assert there.requests == [
        (
            f"POST /orders?x=1 HTTP/1.1\r\nHost: 127.0.0.1:{there.port}\r\nUser-Agent: interlock\r\n"
            'Accept-Encoding: gzip\r\nX-Key: k\r\nContent-Length: 7\r\n\r\n{"n":1}'
        )
    ]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0177.0.0.1",
        "0x7f000001",
        "2130706433",
        "0",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "169.254.169.254",
        "10.0.0.1",
        "[fd00:ec2::254]",
        "[fe80::1]",
    ],
)
def test_no_way_of_writing_a_private_address_leads_to_it(host: str) -> None:
    """Resolvers read numbers in ways that no filter of texts foresees; the address they come to is what counts."""

    async def story() -> list[str]:
        async with loopback(response(b"secret")) as there:
            with pytest.raises(OutgoingRefused, match="is not public"):
                await fetched(there.url(host=host), private_hosts=())
            return there.requests

    assert lived(story) == []


def test_one_private_address_among_public_ones_spoils_them_all() -> None:
    """Whoever controls the name could else choose which one is tried."""
    resolver = ScriptedResolver([["93.184.215.14", "127.0.0.1"]])

    async def story() -> None:
        await fetched("http://mixed.example/", network=Network(resolve=resolver.resolve))

    with pytest.raises(
        OutgoingRefused,
        match=r"mixed\.example leads to 127\.0\.0\.1, .* names it under `private_hosts`",
    ):
        lived(story)


def test_a_name_is_resolved_once_so_a_second_answer_changes_nothing() -> None:
    """A rebinding resolver says something harmless to the check, and something else to the connection."""

    async def story() -> tuple[OutgoingResponse, ScriptedResolver]:
        async with loopback(response(b"the first")) as there:
            resolver = ScriptedResolver([["127.0.0.1"], ["127.0.0.2"]])
            network = Network(resolve=resolver.resolve)
            url = there.url(host="rebinds.example")
            return await fetched(url, network=network, private_hosts=["rebinds.example"]), resolver

    answer, resolver = lived(story)

    assert answer.body == b"the first"
    assert resolver.asked == ["rebinds.example"]


def test_the_connection_goes_to_the_judged_address_and_still_names_the_host() -> None:
    """Servers tell their sites apart by that name."""

    async def story() -> Loopback:
        async with loopback(response()) as there:
            network = Network(resolve=ScriptedResolver([["127.0.0.1"]]).resolve)
            await fetched(there.url(host="shop.example"), network=network, private_hosts=["shop.example"])
            return there

    there = lived(story)

    assert f"Host: shop.example:{there.port}\r\n" in there.requests[0]


def test_a_host_that_was_not_allowed_is_not_even_resolved() -> None:
    """A name that is looked up tells its owner something already."""
    resolver = ScriptedResolver([["93.184.215.14"]])

    async def story() -> None:
        network = Network(resolve=resolver.resolve)
        await fetched("https://evil.example/", network=network, allowed_hosts=["api.example.com", "*.good.example"])

    with pytest.raises(OutgoingRefused, match=r"evil\.example:443 is not allowed \(allowed: api\.example\.com, \*"):
        lived(story)
    assert resolver.asked == []


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "0.0.0.0"])  # noqa: S104
def test_a_host_granted_as_private_does_not_lead_to_the_metadata_of_a_cloud(address: str) -> None:
    """Who may speak to the intranet must not get the machine's credentials by a change in the DNS."""
    network = Network(resolve=ScriptedResolver([[address]]).resolve)

    async def story() -> None:
        await fetched("http://intranet.example/", network=network, private_hosts=["intranet.example"])

    with pytest.raises(OutgoingRefused, match="where no name may lead"):
        lived(story)


def test_a_star_grants_no_private_host() -> None:
    """`*` allows every public host; a private one is granted by its own name or not at all."""

    async def story() -> None:
        await fetched("http://127.0.0.1:1/", allowed_hosts=["*"], private_hosts=["*", "*.example"])

    with pytest.raises(OutgoingRefused, match="is not public"):
        lived(story)


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    """It may lead where the first address would never have been allowed to."""

    async def story() -> tuple[OutgoingResponse, list[str]]:
        async with loopback(response(b"secret")) as inside:
            location = f"Location: {inside.url()}"
            async with loopback(response(status="302 Found", headers=[location])) as there:
                return await fetched(there.url()), inside.requests

    answer, reached = lived(story)

    assert (answer.status, answer.header("Location")[:17]) == (302, "http://127.0.0.1:")
    assert reached == []


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would connect to an address that nobody has judged."""

    async def story() -> tuple[list[str], list[str]]:
        async with loopback(response(b"from the proxy")) as proxy, loopback(response(b"direct")) as there:
            for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, proxy.url())
            await fetched(there.url())
            return proxy.requests, there.requests

    through, direct = lived(story)

    assert through == []
    assert len(direct) == 1


@pytest.mark.parametrize(
    ("headers", "problem"),
    [
        ((("X-A", "1\r\nX-Injected: 1"),), "X-A holds a line break"),
        ((("X-A", "1\nX-Injected: 1"),), "X-A holds a line break"),
        ((("X-A", "\x00"),), "X-A holds a line break or another control character"),
        ((("X-A\r\nX-B", "1"),), "is no name of a header"),
        ((("X A", "1"),), "is no name of a header"),
        ((("", "1"),), "is no name of a header"),
        ((("Host", "inside.example"),), "not for a tool to set"),
        ((("Transfer-Encoding", "chunked"),), "not for a tool to set"),
        ((("content-length", "5"),), "not for a tool to set"),
        ((("Connection", "Upgrade"),), "not for a tool to set"),
    ],
)
def test_headers_that_would_make_two_requests_of_one_are_refused(
    headers: tuple[tuple[str, str], ...], problem: str
) -> None:
    """Nothing is sent, and what stands in the header, perhaps a secret, is not repeated."""

    async def story() -> list[str]:
        async with loopback(response()) as there:
            with pytest.raises(OutgoingRefused, match=problem) as refused:
                await fetch(OutgoingRequest(url=there.url(), headers=headers), allowed_hosts=["*"], private_hosts=HERE)
            assert "Injected" not in str(refused.value)
            return there.requests

    assert lived(story) == []


@pytest.mark.parametrize("method", ["get", "GET / HTTP/1.1\r\nX: 1", "", "CONNECT", "TRACE"])
def test_a_method_that_is_none_or_opens_tunnels_is_refused(method: str) -> None:
    """It stands first in the request, where anything could be written behind it."""

    async def story() -> None:
        await fetch(OutgoingRequest(method=method, url="http://127.0.0.1:1/"), allowed_hosts=["*"], private_hosts=HERE)

    with pytest.raises(OutgoingRefused):
        lived(story)


def test_a_packed_answer_is_unpacked() -> None:
    """Also one of several parts, as some servers send it."""
    body = gzip.compress(b"one, ") + gzip.compress(b"two")

    async def story() -> OutgoingResponse:
        async with loopback(response(body, headers=["Content-Encoding: gzip"])) as there:
            return await fetched(there.url())

    assert lived(story).body == b"one, two"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (response(gzip.compress(bytes(50_000_000)), headers=["Content-Encoding: gzip"]), "more than 100,000 bytes"),
        (response(b"x" * 100_001), "more than 100,000 bytes"),
        (response(b"not gzip", headers=["Content-Encoding: gzip"]), "is not gzip"),
        (response(b"x", headers=["Content-Encoding: br"]), "nobody has asked for"),
        (response(b"x", headers=["Content-Encoding: gzip, gzip"]), "nobody has asked for"),
        (response(b"half", length=400), "gave no answer"),
        (response(gzip.compress(b"x" * 1_000)[:-9], headers=["Content-Encoding: gzip"]), "broke off"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "gave no answer"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Pad: y\r\n" * 50_000 + b"\r\n", "gave no answer"),
        (b"", "gave no answer"),
    ],
    ids=[
        "bomb",
        "too large",
        "no gzip",
        "brotli",
        "twice packed",
        "cut",
        "packed and cut",
        "no http",
        "headers",
        "gone",
    ],
)
def test_an_answer_that_breaks_its_bounds_or_its_word_is_a_failure(answer: bytes, problem: str) -> None:
    """It is given up as soon as that is known, and says so of the host alone."""

    async def story() -> OutgoingFailed:
        async with loopback(answer) as there:
            with pytest.raises(OutgoingFailed) as failed:
                await fetched(
                    there.url("/?key=hush-4711"), limits=FetchLimits(timeout_seconds=5, response_bytes_max=100_000)
                )
            return failed.value

    failure = lived(story)

    assert problem in str(failure)
    assert "hush-4711" not in str(failure)


def test_an_endless_answer_ends_at_its_bound() -> None:
    """A server that never stops must not fill the memory."""

    async def pour(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + bytes(0x1000) + b"\r\n")
            await writer.drain()

    async def story() -> None:
        async with loopback(pour) as there:
            await fetched(there.url(), limits=FetchLimits(response_bytes_max=200_000))

    with pytest.raises(OutgoingFailed, match="more than 200,000 bytes"):
        lived(story)


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"]
)
def test_a_server_that_drips_is_given_up_when_the_whole_takes_too_long(head: bytes) -> None:
    """Each byte comes in time, and so none of the usual timeouts ever ends it."""

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" if not head else b"x" * (b"200" in head))
            await writer.drain()
            await asyncio.sleep(0.02)

    async def story() -> OutgoingFailed:
        async with loopback(drip) as there:
            with pytest.raises(OutgoingFailed) as failed:
                await fetched(there.url(), limits=BRIEF)
            return failed.value

    failure = lived(story)

    assert (failure.kind, failure.in_doubt) == ("timeout", True)


def test_what_was_never_sent_is_not_in_doubt() -> None:
    """Where nobody listens nothing can have happened, so it may be tried again at once."""

    async def story() -> OutgoingFailed:
        async with loopback(response()) as there:
            port = there.port
        with pytest.raises(OutgoingFailed) as failed:
            await fetched(f"http://127.0.0.1:{port}/")
        return failed.value

    failure = lived(story)

    assert (failure.kind, failure.retryable, failure.in_doubt) == ("unavailable", True, False)


def test_the_next_address_of_a_host_is_tried_where_one_does_not_answer() -> None:
    """Hosts have several addresses for that reason."""

    async def story() -> OutgoingResponse:
        async with loopback(response(b"here")) as there:
            network = Network(resolve=ScriptedResolver([["127.0.0.77", "127.0.0.1"]]).resolve)
            return await fetched(there.url(host="two.example"), network=network, private_hosts=["two.example"])

    assert lived(story).body == b"here"


def test_a_body_that_is_too_large_is_not_sent() -> None:
    """What an agent may pour out is bounded as well."""

    async def story() -> None:
        request = OutgoingRequest(method="POST", url="http://127.0.0.1:1/", body=b"x" * 11)
        await fetch(request, allowed_hosts=["*"], private_hosts=HERE, limits=FetchLimits(request_bytes_max=10))

    with pytest.raises(OutgoingRefused, match="the body has 11 bytes, more than 10 may be sent"):
        lived(story)


def test_tls_is_asked_for_the_name_and_not_the_address(tmp_path: Path) -> None:
    """The certificate has to be the name's, or there is no answer."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=shop.example"
    names = ["-addext", "subjectAltName=DNS:shop.example", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", *make.split(), *names], check=True, capture_output=True)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    network = Network(
        resolve=ScriptedResolver([["127.0.0.1"]]).resolve, tls=lambda: ssl.create_default_context(cafile=certificate)
    )

    async def story() -> OutgoingResponse:
        async with loopback(response(b"safe"), tls=serving) as there:
            granted = {"network": network, "private_hosts": ["shop.example", "other.example"]}
            with pytest.raises(OutgoingFailed, match="cannot be reached"):
                await fetched(there.url(host="other.example", scheme="https"), **granted)
            return await fetched(there.url(host="shop.example", scheme="https"), **granted)

    assert lived(story).body == b"safe"


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/plain", "grün".encode(), "grün"),
        ("text/plain; charset=latin-1", "grün".encode("latin-1"), "grün"),
        ('text/plain; charset="no-such"', b"a", "a"),
        ("", b"\xff", "\ufffd"),
    ],
)
def test_a_body_can_always_be_read_as_text(content_type: str, body: bytes, text: str) -> None:
    """Whatever a server says of its encoding, nothing breaks here."""
    answer = OutgoingResponse(status=200, headers=(("content-type", content_type),), body=body)

    assert answer.text() == text
