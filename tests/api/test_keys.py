"""API keys over HTTP: told once, listed without their texts, revoked at once; nobody gives more than they have."""

from __future__ import annotations

import pytest

from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer


def test_a_key_is_told_once_and_opens_what_it_says(server: RunningServer) -> None:
    """Afterwards nobody can show it, who reads the store included."""
    made = server.http.post("/v1/keys", json={"name": "board", "role": "viewer", "scopes": ["runs"], "expires": "90d"})

    key = made.json()
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    assert made.headers["location"] == f"/v1/keys/{key['id']}"
    assert (key["status"], key["created_by"], round((key["expires_at"] - key["created_at"]) / 86_400_000_000)) == (
        "valid", "local", 90,
    )  # fmt: skip
    assert "key" not in server.get(f"/keys/{key['id']}")
    with server.as_key(key["key"]) as board:
        assert (board.get("/v1/runs").status_code, board.get("/v1/keys").json()["code"]) == (200, "not_allowed")


def test_a_revoked_key_opens_nothing_from_that_moment_on(server: RunningServer) -> None:
    """It was remembered for the sake of speed: a leaked key must not live on for that."""
    made = server.post("/keys", {"name": "leaked"})
    with server.as_key(made["key"]) as client:
        before = client.get("/v1/runs").status_code
        revoked = server.http.delete(f"/v1/keys/{made['id']}").json()
        after = client.get("/v1/runs").json()["code"]

    assert (before, after) == (200, "key_refused")
    assert (revoked["status"], revoked["revoked_by"]) == ("revoked", "local")
    assert revoked["actions"]["revoke"] == {"allowed": False, "reason": "it is revoked already"}


def test_keys_are_listed_page_by_page_and_each_tenant_sees_its_own(server: RunningServer) -> None:
    """The platform sees all of them."""
    with server.as_key(key_of(server, tenant="listed", role="owner")) as owner:
        made = [owner.post("/v1/keys", json={"name": name}).json()["id"] for name in ("one", "two")]
        first = owner.get("/v1/keys", params={"limit": 2}).json()
        second = owner.get("/v1/keys", params={"limit": 2, "cursor": first["next"]}).json()
    everybody = {key["tenant"] for key in server.get("/keys", params={"limit": 500})["keys"]}

    assert [key["id"] for key in first["keys"]] == made[::-1]
    assert [key["name"] for key in second["keys"]] == ["owner of listed"]
    assert everybody >= {"listed", "local"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "k", "tenant": "elsewhere"}, 403, "not_allowed"),
        ({"name": "k", "scopes": ["platform"]}, 403, "not_allowed"),
        ({"name": "k", "scopes": ["runs"]}, 403, "not_allowed"),
        ({"name": "k", "scopes": ["keys:read"]}, 201, None),
        ({"name": "k", "scopes": ["rum"]}, 422, "invalid_request"),
        ({"name": "k", "tenant": "No Tenant"}, 422, "invalid_request"),
        ({"name": "k", "scopes": ["keys"], "expires": "soon"}, 422, "invalid_request"),
        ({"name": "", "scopes": ["keys"]}, 422, "invalid_request"),
        ({"name": "k", "role": "king"}, 422, "invalid_request"),
    ],
)
def test_nobody_gives_more_than_they_have(
    server: RunningServer, body: dict[str, object], status: int, code: str | None
) -> None:
    """A key that may only make keys would else make one that opens everything."""
    with server.as_key(key_of(server, tenant="givers", role="owner", scopes=("keys",))) as giver:
        answer = giver.post("/v1/keys", json=body)

    assert (answer.status_code, answer.json().get("code")) == (status, code)


def test_what_is_no_owners_is_refused_and_what_is_another_tenants_is_not_there(server: RunningServer) -> None:
    """Whether somebody else has such a key is nobody's business."""
    theirs = server.post("/keys", {"name": "theirs"})["id"]
    with (
        server.as_key(key_of(server, tenant="askers", role="owner")) as owner,
        server.as_key(key_of(server, tenant="askers", role="operator")) as operator,
    ):
        seen, revoked = owner.get(f"/v1/keys/{theirs}").json(), owner.delete(f"/v1/keys/{theirs}").json()
        made = operator.post("/v1/keys", json={"name": "mine"}).json()

    assert (seen["code"], revoked["code"], made["code"]) == ("key_not_found", "key_not_found", "not_allowed")
    assert server.get(f"/keys/{theirs}")["status"] == "valid"
