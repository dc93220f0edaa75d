"""Secrets struck out, of what is whole and of what comes piece by piece."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.core.redaction import Redaction


def told_in_pieces(redaction: Redaction, *pieces: str) -> list[str]:
    """What is told, piece by piece."""
    told: list[str] = []
    with redaction.in_pieces(told.append) as tell:
        assert tell is not None
        for piece in pieces:
            tell(piece)
    return told


@given(
    st.lists(st.text("ab-", min_size=1, max_size=6), max_size=4),
    st.lists(st.text("ab-", max_size=8), max_size=12),
)
def test_what_is_told_in_pieces_is_what_would_be_told_of_the_whole(secrets: list[str], pieces: list[str]) -> None:
    """Where a network cuts a text must not matter: half a key in one piece and half in the next is a key."""
    redaction = Redaction(secrets)

    assert "".join(told_in_pieces(redaction, *pieces)) == redaction.text("".join(pieces))


def test_only_what_may_be_the_beginning_of_a_secret_waits() -> None:
    """Words are shown while they are said: they are not held back for secrets that they have nothing to do with."""
    told = told_in_pieces(Redaction(["sk-4711"]), "It is ", "so, s", "o sk-47", "1", "1!", " sk", "y")

    assert told == ["It is ", "so, ", "so ", "***!", " ", "sky"]


def test_a_secret_that_lies_across_another_is_struck_out_whichever_goes_on() -> None:
    """What waits since it may be the end of a longer secret may be the end of a shorter one."""
    redaction = Redaction(["abcd", "cdefgh"])

    assert told_in_pieces(redaction, "abcd", "efgh") == ["ab***"]
    assert told_in_pieces(redaction, "abcd", "x") == ["***x"]


@pytest.mark.parametrize("secret", ["sk-47\n", "sk-47 ", "sk-47\r\n"])
def test_the_end_of_a_line_behind_a_secret_is_no_part_of_it(secret: str) -> None:
    """Files leave one there, and whoever uses the secret takes it off."""
    assert Redaction([secret]).text("it is sk-47.") == "it is ***."


def test_secrets_without_end_are_struck_out_without_holding_all_of_them() -> None:
    """A model that says nothing else must neither stop everybody's work nor be told of at the end alone."""
    told = told_in_pieces(Redaction(["0000"]), *["0" * 100] * 1_000)

    assert set("".join(told[:-1])) == {"*"}
    assert len(told) > 100


def test_nobody_is_told_where_nobody_listens() -> None:
    """Then there is nothing to hold back."""
    with Redaction(["sk-4711"]).in_pieces(None) as tell:
        assert tell is None
