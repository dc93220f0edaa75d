"""Signatures of other systems: the examples that they print themselves, and everything that is nearly right."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.sinks.signature import sign
from interlock.webhooks.received import Received
from interlock.webhooks.schemes import SCHEMES, SchemeName, is_signed

NOW = 1_760_000_000
BODY = b'{"action": "opened", "number": 7}'
KEY = "It's a Secret to Everybody"
STANDARD_KEY = "whsec_" + base64.b64encode(b"a key of some length").decode()


def hexed(key: bytes, signed: bytes) -> str:
    """As most of them write it."""
    return hmac.new(key, signed, hashlib.sha256).hexdigest()


def signed(scheme: SchemeName, body: bytes = BODY, *, at: int = NOW) -> tuple[str, dict[str, str]]:
    """The key of a sender, and the headers with which it signs a body."""
    moment = str(at).encode()
    standard = hmac.new(b"a key of some length", b"msg_1." + moment + b"." + body, hashlib.sha256).digest()
    made: dict[SchemeName, tuple[str, dict[str, str]]] = {
        "interlock": (KEY, {"x-interlock-signature": sign(KEY, body, at=at)}),
        "github": (KEY, {"x-hub-signature-256": f"sha256={hexed(KEY.encode(), body)}"}),
        "stripe": (KEY, {"stripe-signature": f"t={at},v0=old,v1={hexed(KEY.encode(), moment + b'.' + body)}"}),
        "standard": (
            STANDARD_KEY,
            {
                "webhook-id": "msg_1",
                "webhook-timestamp": str(at),
                "webhook-signature": f"v1a,other v1,{base64.b64encode(standard).decode()}",
            },
        ),
        "slack": (
            KEY,
            {
                "x-slack-request-timestamp": str(at),
                "x-slack-signature": f"v0={hexed(KEY.encode(), b'v0:' + moment + b':' + body)}",
            },
        ),
    }
    return made[scheme]


def fits(scheme: SchemeName, key: str, headers: dict[str, str], body: bytes = BODY, *, now: int = NOW) -> bool:
    """Whether a request is taken for its sender's."""
    return is_signed(scheme, key, Received(headers, body), now=now, tolerance_seconds=300)


EVERY = pytest.mark.parametrize("scheme", list(SCHEMES))
WITH_TIME = pytest.mark.parametrize("scheme", ["interlock", "stripe", "standard", "slack"])


def test_the_example_that_github_prints_is_known() -> None:
    """What its documentation gives for its own key and body."""
    expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    assert fits("github", KEY, {"x-hub-signature-256": expected}, b"Hello, World!")


@EVERY
def test_who_knows_the_key_is_known(scheme: SchemeName) -> None:
    """As the sender signs it."""
    key, headers = signed(scheme)

    assert fits(scheme, key, headers)


@EVERY
def test_another_body_key_or_signature_is_not(scheme: SchemeName) -> None:
    """One byte makes the difference."""
    key, headers = signed(scheme)
    cut = [{**headers, name: headers[name][:-1]} for name in headers]

    assert not fits(scheme, key, headers, BODY + b" ")
    assert not fits(scheme, base64.b64encode(b"another").decode(), headers)
    assert not fits(scheme, key, {})
    assert [fits(scheme, key, each) for each in cut] == [False] * len(cut)


@WITH_TIME
def test_what_somebody_has_listened_to_cannot_be_sent_again_tomorrow(scheme: SchemeName) -> None:
    """Nor can a clock that is far ahead be used to keep one for later."""
    key, headers = signed(scheme)

    assert fits(scheme, key, headers, now=NOW + 300)
    assert not fits(scheme, key, headers, now=NOW + 301)
    assert not fits(scheme, key, headers, now=NOW - 301)


def test_while_keys_are_changed_any_of_the_signatures_will_do() -> None:
    """Stripe signs with both keys meanwhile."""
    key, headers = signed("stripe")
    at, _, right = headers["stripe-signature"].split(",")

    assert fits("stripe", key, {"stripe-signature": f"{at},v1={'0' * 64},{right}"})


@EVERY
@given(text=st.text(max_size=200))
def test_no_header_is_more_than_a_wrong_one(scheme: SchemeName, text: str) -> None:
    """Whatever strangers send, the answer is no."""
    _, headers = signed(scheme)

    for name in headers:
        assert not fits(scheme, "unknown", {**headers, name: text})


@given(key=st.text(max_size=50))
def test_a_secret_that_no_such_sender_has_opens_nothing(key: str) -> None:
    """Somebody may have written the wrong text into the secrets."""
    assert not fits("standard", f"{key}!", signed("standard")[1])
