"""A URL is read once and in one way, or refused."""

from __future__ import annotations

import pytest

from interlock.tools.outgoing import OutgoingRefused, Target, host_is_allowed, parse_target


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://api.example.com/v1?q=a b".replace(" ", "%20"), ("https", "api.example.com", 443, "/v1?q=a%20b")),
        ("HTTP://API.Example.COM.:8080", ("http", "api.example.com", 8080, "/")),
        ("https://example.com/straße?ö=1#part", ("https", "example.com", 443, "/stra%C3%9Fe?%C3%B6=1")),
        ("http://[::1]:80/", ("http", "::1", 80, "/")),
        ("http://127.0.0.1/%2e%2e/x", ("http", "127.0.0.1", 80, "/%2e%2e/x")),
    ],
)
def test_a_url_is_parted_into_what_is_connected_to_and_what_is_asked(
    url: str, target: tuple[str, str, int, str]
) -> None:
    """Whoever judges, connects and names the host reads it here."""
    assert parse_target(url) == Target(*target)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("file:/etc/passwd", "only http:// and https:// are made"),
        ("gopher://example.com/", "only http:// and https:// are made"),
        ("unix:///run/docker.sock", "only http:// and https:// are made"),
        ("http+unix://%2Frun%2Fdocker.sock/", "only http:// and https:// are made"),
        ("//example.com/", "only http:// and https:// are made"),
        ("", "only http:// and https:// are made"),
        ("http://user:pass@example.com/", "a user or a password before its host"),
        ("http://example.com@127.0.0.1/", "a user or a password before its host"),
        ("http://good.example\\@127.0.0.1/", "a backslash"),
        ("http://good.example\t/", "a control character"),
        ("http://good.example/\r\nX-Injected: 1", "a line break"),
        ("http://good.example/ HTTP/1.1", "a blank"),
        ("http://①②⑦.⓪.⓪.①/", "not written in ASCII"),
        ("http://bücher.example/", "xn--"),
        ("http://exa%6dple.com/", "no name of a host"),
        ("http://exam_ple..com/", "no name of a host"),
        (f"http://{'a' * 64}.com/", "no name of a host"),
        ("http:///path", "names no host"),
        ("http://[::1%25lo]/", "no IPv6 address"),
        ("http://[example]/", "cannot be read"),
        ("http://example.com:0/", "no number from 1 to 65535"),
        ("http://example.com:65536/", "no number from 1 to 65535"),
        ("http://example.com:8o/", "no number from 1 to 65535"),
        (f"http://example.com/{'a' * 9_000}", "more than 8,000"),
    ],
)
def test_a_url_that_could_be_read_in_two_ways_is_refused(url: str, problem: str) -> None:
    """The check and the connection must not differ about where it leads."""
    with pytest.raises(OutgoingRefused, match=problem):
        parse_target(url)


def test_a_refused_url_is_not_repeated() -> None:
    """A password stands in it."""
    with pytest.raises(OutgoingRefused) as refused:
        parse_target("http://user:hunter2@example.com/?key=hush-4711")

    assert "hunter2" not in str(refused.value)
    assert "hush-4711" not in str(refused.value)


@pytest.mark.parametrize(
    ("pattern", "host", "port", "is_allowed"),
    [
        ("api.example.com", "api.example.com", 443, True),
        ("API.Example.com.", "api.example.com", 443, True),
        ("api.example.com:443", "api.example.com", 443, True),
        ("api.example.com:443", "api.example.com", 8443, False),
        ("api.example.com", "xapi.example.com", 443, False),
        ("api.example.com", "api.example.com.evil.net", 443, False),
        ("*.example.com", "a.b.example.com", 443, True),
        ("*.example.com", "example.com", 443, False),
        ("*.example.com", "evilexample.com", 443, False),
        ("*", "anything.example", 1, True),
        ("*:443", "anything.example", 80, False),
        ("::1", "::1", 80, True),
        ("[::1]:80", "::1", 80, True),
        ("[::1]:80", "::1", 81, False),
    ],
)
def test_a_pattern_means_a_host_or_all_below_one(pattern: str, host: str, port: int, *, is_allowed: bool) -> None:
    """A grant must not reach further than it reads."""
    assert host_is_allowed(host, port, [pattern]) == is_allowed
