"""Who may make a key for whom."""

from __future__ import annotations

import pytest

from interlock.tenancy import Caller, Role, local_owner, may_give


@pytest.mark.parametrize("role", ["operator", "viewer"])
def test_only_owners_make_keys(role: Role) -> None:
    """Otherwise an operator would be an owner one request later."""
    refused = may_give(caller(role=role), tenant="acme", scopes=["runs:read"])

    assert refused is not None
    assert refused.needs == "owner"


@pytest.mark.parametrize("scopes", [[], ["runs"], ["keys", "costs:read"]], ids=str)
def test_an_owner_makes_any_key_of_the_own_tenant(scopes: list[str]) -> None:
    """A tenant looks after itself."""
    assert may_give(caller(), tenant="acme", scopes=scopes) is None


@pytest.mark.parametrize(
    ("tenant", "scopes", "needs"),
    [
        ("acme", ["platform"], "platform"),
        ("acme", ["runs", "platform:read"], "platform:read"),
        ("beta", ["runs"], "platform"),
    ],
)
def test_an_owner_makes_none_that_reaches_beyond_the_tenant(tenant: str, scopes: list[str], needs: str) -> None:
    """Nothing crosses tenants, and least of all by asking for it."""
    refused = may_give(caller(), tenant=tenant, scopes=scopes)

    assert refused is not None
    assert refused.needs == needs


@pytest.mark.parametrize(
    ("scopes", "needs"),
    [([], "runs"), (["costs"], "costs"), (["costs:read", "runs"], "runs"), (["sinks:read"], "sinks:read")],
)
def test_nobody_gives_more_than_they_have(scopes: list[str], needs: str) -> None:
    """A key for making keys must not be a key for everything."""
    refused = may_give(caller(scopes=("costs:read", "keys")), tenant="acme", scopes=scopes)

    assert refused is not None
    assert refused.needs == needs


def test_what_one_has_may_be_given_on() -> None:
    """Also a narrower part of it."""
    giver = caller(scopes=("costs:read", "keys", "runs"))

    assert may_give(giver, tenant="acme", scopes=["costs:read", "runs:read"]) is None


@pytest.mark.parametrize(
    "giver", [local_owner(), Caller(tenant="ops", name="ops", role="owner", scopes=("keys", "platform"), key="1")]
)
def test_who_manages_the_platform_makes_the_first_key_of_a_tenant(giver: Caller) -> None:
    """Somebody has to let a new tenant in, and to give the platform on."""
    assert may_give(giver, tenant="beta", scopes=[]) is None
    assert may_give(giver, tenant=giver.tenant, scopes=["runs", "platform"]) is None


def caller(*, role: Role = "owner", scopes: tuple[str, ...] = ()) -> Caller:
    """Somebody of the tenant acme."""
    return Caller(tenant="acme", name="ada", role=role, scopes=scopes, key="0123456789ab")
