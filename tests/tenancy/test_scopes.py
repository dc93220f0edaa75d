"""Scopes as they are written."""

from __future__ import annotations

import pytest

from interlock.tenancy import AREAS, ScopeError, parse_scopes
from interlock.tenancy.scopes import HOLDS


def test_every_area_says_what_it_holds() -> None:
    """Whoever gives a key away must know what it opens; the pages show this list."""
    assert tuple(HOLDS) == AREAS


def test_scopes_are_kept_once_each_and_in_order() -> None:
    """Two ways to write the same key must list alike."""
    assert parse_scopes(["runs", "costs:read", "runs"]) == ("costs:read", "runs")


@pytest.mark.parametrize("written", ["run", "runs:write", "", "runs:read:read", "*", "x" * 1_000_000])
def test_a_scope_that_there_is_not_is_refused(written: str) -> None:
    """A misspelled scope would make a key that opens less than was meant, found out in the night."""
    with pytest.raises(ScopeError, match="is not a scope"):
        parse_scopes([written])


def test_a_misspelled_scope_is_answered_with_the_one_that_was_meant() -> None:
    """There are sixteen of them."""
    with pytest.raises(ScopeError) as refused:
        parse_scopes(["artefacts:read"])

    assert str(refused.value) == (
        "'artefacts:read' is not a scope: did you mean artifacts? (alone, or with :read behind it only to look)"
    )
