"""The signature of a webhook: an HMAC over the instant of sending and the body, so that neither can be changed. Pure.

    X-Interlock-Signature: t=1760000000,v1=5f2c…

`v1` is the SHA-256 HMAC, in hexadecimal, of the seconds, a full stop and the raw body, under the shared secret.
"""

from __future__ import annotations

import hmac
import re
from typing import Final

SIGNATURE_HEADER: Final = "X-Interlock-Signature"
TOLERANCE_SECONDS: Final = 300
"""How old a request may be: what somebody has listened to cannot be sent again tomorrow."""

_WRITTEN: Final = re.compile(r"t=(?P<at>[0-9]{1,15}),v1=(?P<digest>[0-9a-f]{64})")


def sign(key: str, body: bytes, *, at: int) -> str:
    """The header's value for a body that is sent at this second."""
    return f"t={at},v1={_digest(key, body, at)}"


def is_signed(key: str, header: str, body: bytes, *, now: int, tolerance_seconds: int = TOLERANCE_SECONDS) -> bool:
    """Whether a request comes from who knows the key, unchanged and lately. For receivers."""
    found = _WRITTEN.fullmatch(header)
    if found is None:
        return False
    at = int(found["at"])
    return abs(now - at) <= tolerance_seconds and hmac.compare_digest(_digest(key, body, at), found["digest"])


def _digest(key: str, body: bytes, at: int) -> str:
    return hmac.digest(key.encode(), f"{at}.".encode() + body, "sha256").hex()
