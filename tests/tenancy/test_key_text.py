"""The text of an API key."""

from __future__ import annotations

import secrets
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.tenancy.key_text import KeyParts, new_key_text, parse_key

KEY = new_key_text(lambda count: bytes(range(count)))


def test_a_key_is_its_id_its_secret_and_check_digits() -> None:
    """The form is a promise: searches for leaked keys and people's own checks rest on it."""
    assert KEY == "ilk_000102030405_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2lq1zE"
    assert len(KEY) == 66
    assert set(KEY) <= set(string.ascii_letters + string.digits + "_")


def test_two_keys_are_never_the_same() -> None:
    """256 bits of chance are in each."""
    assert new_key_text(secrets.token_bytes) != new_key_text(secrets.token_bytes)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=6, max_size=6))
def test_whatever_chance_gives_makes_a_key_that_reads_back(secret: bytes, id: bytes) -> None:
    """Leading zeros too."""
    text = new_key_text(lambda count: {32: secret, 6: id}[count])

    parts = parse_key(text)

    assert isinstance(parts, KeyParts)
    assert (parts.id, len(parts.digest)) == (id.hex(), 32)


@given(st.integers(min_value=17, max_value=65), st.sampled_from(string.ascii_letters + string.digits))
def test_a_key_with_one_other_character_is_known_as_mistyped(place: int, typed: str) -> None:
    """Who copied a key badly should hear so, and not go looking for who revoked it."""
    text = KEY[:place] + typed + KEY[place + 1 :]

    assert text == KEY or parse_key(text) == "mistyped"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ilk_",
        KEY[:-1],
        KEY + "0",
        KEY + "\n",
        " " + KEY[1:],
        KEY.upper(),
        KEY.replace("ilk", "ghp"),
        KEY[:-1] + "é",
        KEY[:-1] + "\ud800",
        KEY[:-1] + "\0",
        KEY[:-1] + "٣",
        KEY + "0" * 10_000_000,
        "x" * 10_000_000,
    ],
    ids=lambda text: repr(text[:5] + text[-12:]),
)
def test_what_is_no_key_is_malformed_at_once(text: str) -> None:
    """It comes from anybody, before anything is known of them."""
    assert parse_key(text) == "malformed"


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    """A header can hold anything."""
    assert parse_key(text) == "malformed"
