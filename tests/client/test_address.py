"""Where a server is and with which key: said by arguments, else by the environment."""

from __future__ import annotations

import pytest

from interlock.client import Client, ClientError
from interlock.client.address import Address, address_of

ENVIRONMENT = {"INTERLOCK_URL": "https://interlock.example.com/", "INTERLOCK_KEY": "ilk_a"}


@pytest.mark.parametrize(
    ("url", "key", "environment", "meant"),
    [
        (None, None, {}, Address("http://127.0.0.1:8000", "")),
        (None, None, ENVIRONMENT, Address("https://interlock.example.com", "ilk_a")),
        ("http://localhost:9/interlock/", None, ENVIRONMENT, Address("http://localhost:9/interlock", "ilk_a")),
        (None, "", ENVIRONMENT, Address("https://interlock.example.com", "")),
        ("http://[::1]:8000", "ilk_b", {}, Address("http://[::1]:8000", "ilk_b")),
    ],
)
def test_what_is_said_nearest_is_meant(
    url: str | None, key: str | None, environment: dict[str, str], meant: Address
) -> None:
    """An argument before the environment, the environment before this machine."""
    assert address_of(url, key, environment) == meant


@pytest.mark.parametrize(
    "url",
    ["localhost:8000", "ftp://x", "https://", "http://x:99999", "http://x?a=1", "http://me@x", "http://ü.example", "x"],
)
def test_what_is_no_address_is_refused_when_the_client_is_made(url: str) -> None:
    """And not with the first request, in a job at night."""
    with pytest.raises(ClientError) as told:
        Client(url)

    assert (told.value.code, "https://interlock.example.com" in told.value.advice) == ("invalid_address", True)


@pytest.mark.parametrize("key", ["ilk_a\r\nhost: x", "ilk a", "ilk_ü"])
def test_what_is_no_key_is_refused_and_not_shown(key: str) -> None:
    """A line break in a key would be a header of somebody else's."""
    with pytest.raises(ClientError) as told:
        Client("http://localhost", key)

    assert (told.value.code, key in str(told.value)) == ("invalid_key", False)


def test_a_key_is_not_shown_where_a_client_is() -> None:
    """Whatever is printed ends in a log."""
    assert "ilk_secret" not in repr(Client("http://localhost", "ilk_secret").address)
