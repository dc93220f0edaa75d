"""Tenants' names."""

from __future__ import annotations

import pytest

from interlock.tenancy import LOCAL_TENANT, TenantNameError, parse_tenant


@pytest.mark.parametrize("name", [LOCAL_TENANT, "a", "acme-eu", "team-7", "a" * 40])
def test_a_short_plain_word_names_a_tenant(name: str) -> None:
    """It stands in addresses, file names and reports."""
    assert parse_tenant(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Acme",
        "7up",
        "-a",
        "a-",
        "a--b",
        "a_b",
        "a b",
        "a/b",
        "a\n",
        "é",
        "a" * 41,
        "a-" * 20 + "b",
        "a" * 10_000_000,
        "../etc",
    ],
    ids=lambda name: repr(f"{name[:8]} of {len(name)}"),
)
def test_any_other_text_is_refused_with_what_to_write(name: str) -> None:
    """It may come from anybody."""
    with pytest.raises(TenantNameError, match="cannot be the name of a tenant: write up to 40 lower-case letters"):
        parse_tenant(name)
