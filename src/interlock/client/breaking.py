"""What the failures of a connection mean: above all, whether the server may have got what was sent."""

from __future__ import annotations

import httpcore

from interlock.client.errors import Invalid
from interlock.client.requests import Broken

FAILURES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError)
"""Everything that a connection fails by."""


def broken_by(failure: Exception, url: str) -> Broken:
    """How a request failed. Raises `Invalid` where it could not be written as HTTP at all."""
    if isinstance(failure, httpcore.LocalProtocolError):
        raise Invalid(f"that cannot be sent: {failure}", code="invalid_request") from failure
    said = str(failure) or type(failure).__name__
    match failure:
        case httpcore.PoolTimeout():
            return Broken(why="all connections of this client are taken", was_sent=False)
        case httpcore.ConnectError() | httpcore.ConnectTimeout():
            return Broken(why=f"{url} cannot be reached: {said}", was_sent=False)
        case httpcore.TimeoutException():
            return Broken(why=f"{url} did not answer in time", was_sent=True)
        case _:
            return Broken(why=f"{url} broke the connection off: {said}", was_sent=True)
