"""What expressions see of a request."""

from __future__ import annotations

import pytest

from interlock.webhooks.received import Received

FORM = (b"Content-Type", b"application/x-www-form-urlencoded; charset=utf-8")


@pytest.mark.parametrize(
    ("headers", "body", "seen"),
    [
        ([], b'{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
        ([FORM], b"text=hi+there&empty=&a=1&a=2", {"text": "hi there", "empty": "", "a": "2"}),
        ([FORM], b"a&" * 2_000, {}),
        ([FORM], b'{"a": 1}', {"a": 1}),
        ([], b"no JSON", "no JSON"),
        ([], b"\xff", "\ufffd"),
        ([], b"", ""),
        ([], b"[" * 100_000, "[" * 100_000),
    ],
)
def test_a_body_is_json_a_form_or_text(headers: list[tuple[bytes, bytes]], body: bytes, seen: object) -> None:
    """Whatever it says of itself, JSON is JSON."""
    assert Received.of(headers, body).seen()["body"] == seen


def test_headers_are_told_apart_by_small_letters_and_keys_are_not_shown() -> None:
    """What opens other doors must not get into a run's record."""
    raw = [(b"X-GitHub-Event", b"push"), (b"x-many", b"a"), (b"X-Many", b"b"), (b"Authorization", b"Bearer x")]

    request = Received.of(raw, b"")

    assert request.seen()["headers"] == {"x-github-event": "push", "x-many": "a, b"}
    assert request.header("X-Github-Event") == "push"
