"""What callers may do."""

from __future__ import annotations

import pytest

from interlock.tenancy import AREAS, Act, Area, Caller, Refusal, Role, local_owner


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("owner", {"read", "act", "manage"}),
        ("operator", {"read", "act"}),
        ("viewer", {"read"}),
    ],
)
def test_a_role_says_what_may_be_done(role: Role, allowed: set[Act]) -> None:
    """Who watches a dashboard must not be able to start anything, and who runs things not to hand out keys."""
    acts: tuple[Act, ...] = ("read", "act", "manage")
    with_key = caller(role=role)

    assert {act for act in acts if with_key.may(act, "runs") is None} == allowed


def test_a_refusal_names_the_role_that_it_takes() -> None:
    """Whoever is refused must know what to ask for."""
    assert caller(role="viewer").may("act", "runs") == Refusal(
        reason="ci is a viewer: to act on runs takes an operator", lacks="role", needs="operator"
    )
    assert caller(role="operator").may("manage", "keys") == Refusal(
        reason="ci is an operator: to manage keys takes an owner", lacks="role", needs="owner"
    )


def test_scopes_leave_only_the_areas_that_they_name() -> None:
    """A key that lies in a build server's settings should open as little as the build needs."""
    scoped = caller(role="operator", scopes=("artifacts:read", "runs"))

    assert {area for area in AREAS if scoped.may("read", area) is None} == {"runs", "artifacts"}
    assert {area for area in AREAS if scoped.may("act", area) is None} == {"runs"}
    assert scoped.may("act", "artifacts") == Refusal(
        reason="the key of ci is for artifacts:read, runs: to act on artifacts takes the scope artifacts",
        lacks="scope",
        needs="artifacts",
    )


def test_a_scope_gives_nothing_that_the_role_does_not() -> None:
    """A viewer's key with the scope `keys` may look at keys, and make none."""
    viewer = caller(role="viewer", scopes=("keys",))

    assert viewer.may("read", "keys") is None
    assert viewer.may("manage", "keys") is not None


def test_a_key_without_scopes_opens_all_of_its_tenant_and_nothing_above() -> None:
    """An owner owns a tenant: the platform belongs to whoever runs the server."""
    unscoped = caller(role="owner")

    assert [area for area in AREAS if unscoped.may("manage", area)] == ["platform"]
    assert unscoped.may("read", "platform") == Refusal(
        reason="the key of ci names no scopes, which leaves out the platform: "
        "to look at platform takes the scope platform:read",
        lacks="scope",
        needs="platform:read",
    )
    assert caller(role="owner", scopes=("platform",)).may("manage", "platform") is None


@pytest.mark.parametrize("area", AREAS)
def test_everything_is_open_to_the_owner_of_the_machine(area: Area) -> None:
    """Who can read the store's file could do all of it anyway, and must not need a key for a first try."""
    assert local_owner().may("manage", area) is None
    assert local_owner() == Caller(tenant="local", name="local", role="owner", scopes=(), key="")


def caller(*, role: Role, scopes: tuple[str, ...] = ()) -> Caller:
    """Somebody who came with a key."""
    return Caller(tenant="acme", name="ci", role=role, scopes=scopes, key="0123456789ab")
