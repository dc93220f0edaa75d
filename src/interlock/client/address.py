"""Where a server is and with which key it is asked: from arguments, else from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from interlock.client.errors import ClientError

URL_VARIABLE: Final = "INTERLOCK_URL"
KEY_VARIABLE: Final = "INTERLOCK_KEY"
LOCAL_URL: Final = "http://127.0.0.1:8000"
"""Where `interlock up` serves on this machine."""


class Address(Struct, frozen=True):
    """A server, and what every request to it carries."""

    url: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        said = {"user-agent": "interlock-client-python", "accept": "application/json"}
        return said | ({"authorization": f"Bearer {self.key}"} if self.key else {})

    def __repr__(self) -> str:
        return f"Address({self.url!r}{', key=***' if self.key else ''})"


def address_of(url: str | None, key: str | None, environment: Mapping[str, str]) -> Address:
    """The address that is meant. Raises `ClientError` where there is none."""
    meant = (url or environment.get(URL_VARIABLE) or LOCAL_URL).rstrip("/")
    if not _is_address(meant):
        raise ClientError(
            f"{meant!r} is not the address of a server",
            code="invalid_address",
            advice=f"write it as https://interlock.example.com, as an argument or in {URL_VARIABLE}",
        )
    given = environment.get(KEY_VARIABLE, "") if key is None else key
    if not given.isascii() or not given.isprintable() or " " in given:
        raise ClientError("the key is no key", code="invalid_key", advice=f"see {KEY_VARIABLE}: keys begin with ilk_")
    return Address(meant, given)


def _is_address(meant: str) -> bool:
    try:
        parts = urlsplit(meant)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_whole and meant.isascii() and not (parts.query or parts.fragment or parts.username)
