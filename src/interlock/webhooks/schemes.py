"""How other systems sign what they send: each way a pure function, found by name. Pure.

Signatures are compared in a time that does not depend on where they differ. Where a scheme says when a request was
sent, an old one is refused, so that what somebody has listened to cannot be sent again tomorrow.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from interlock.sinks import signature as own
from interlock.webhooks.received import Received

SchemeName: TypeAlias = Literal["interlock", "github", "stripe", "standard", "slack"]
IsSigned: TypeAlias = Callable[[str, Received, int, int], bool]
"""Whether a request is signed with a key: the key, the request, the second of now, how many seconds old it may be."""

_STANDARD_PREFIX: Final = "whsec_"
_SIGNATURES_MAX: Final = 20
"""How many signatures of one request are looked at: while keys are changed there are two."""
_INSTANT_DIGITS_MAX: Final = 15


class Scheme(Struct, frozen=True):
    """A way of signing."""

    is_signed: IsSigned
    id: str
    """Where its deliveries have their id, as an expression; nothing: the body is told apart by its content."""


def is_signed(scheme: SchemeName, key: str, request: Received, *, now: int, tolerance_seconds: int) -> bool:
    """Whether a request comes from who knows the key, unchanged, and lately where the scheme can say so."""
    return SCHEMES[scheme].is_signed(key, request, now, tolerance_seconds)


def _interlock(key: str, request: Received, now: int, tolerance: int) -> bool:
    header = request.header(own.SIGNATURE_HEADER)
    return own.is_signed(key, header, request.body, now=now, tolerance_seconds=tolerance)


def _github(key: str, request: Received, now: int, tolerance: int) -> bool:
    """It says nothing of when it was sent, so a delivery is told apart by its id alone."""
    expected = f"sha256={_hex(key.encode(), request.body)}"
    return _same(expected, request.header("x-hub-signature-256"))


def _stripe(key: str, request: Received, now: int, tolerance: int) -> bool:
    parts = [part.strip().partition("=") for part in request.header("stripe-signature").split(",")]
    at = next((value for name, _, value in parts if name == "t"), "")
    if not _is_recent(at, now, tolerance):
        return False
    expected = _hex(key.encode(), at.encode() + b"." + request.body)
    return _any_same(expected, (value for name, _, value in parts if name == "v1"))


def _standard(key: str, request: Received, now: int, tolerance: int) -> bool:
    at = request.header("webhook-timestamp")
    secret = _standard_key(key)
    if secret is None or not _is_recent(at, now, tolerance):
        return False
    signed = f"{request.header('webhook-id')}.{at}.".encode() + request.body
    expected = base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
    given = (each.partition(",") for each in request.header("webhook-signature").split(" "))
    return _any_same(expected, (value for version, _, value in given if version == "v1"))


def _slack(key: str, request: Received, now: int, tolerance: int) -> bool:
    at = request.header("x-slack-request-timestamp")
    if not _is_recent(at, now, tolerance):
        return False
    expected = f"v0={_hex(key.encode(), f'v0:{at}:'.encode() + request.body)}"
    return _same(expected, request.header("x-slack-signature"))


SCHEMES: Final[Mapping[SchemeName, Scheme]] = MappingProxyType(
    {
        "interlock": Scheme(_interlock, ""),
        "github": Scheme(_github, "${headers['x-github-delivery']}"),
        "stripe": Scheme(_stripe, "${body.id}"),
        "standard": Scheme(_standard, "${headers['webhook-id']}"),
        "slack": Scheme(_slack, "${body.?event_id.orValue(body.?trigger_id.orValue(''))}"),
    }
)
"""Every scheme by its name."""


def _standard_key(key: str) -> bytes | None:
    """Of such a secret the bytes that its text stands for."""
    try:
        return base64.b64decode(key.removeprefix(_STANDARD_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_recent(at: str, now: int, tolerance: int) -> bool:
    if not (at.isascii() and at.isdigit()) or len(at) > _INSTANT_DIGITS_MAX:
        return False
    return abs(now - int(at)) <= tolerance


def _hex(key: bytes, signed: bytes) -> str:
    return hmac.digest(key, signed, "sha256").hex()


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode())


def _any_same(expected: str, given: Iterator[str]) -> bool:
    """All of them are compared, so that the time tells nothing of which was right."""
    found = [_same(expected, each) for each, _ in zip(given, range(_SIGNATURES_MAX), strict=False)]
    return any(found)
