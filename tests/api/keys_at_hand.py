"""Keys for tests: made in the server's own store, as `interlock keys create` would."""

from __future__ import annotations

from interlock.tenancy import ApiKeys, KeyRow, NewKey, Role
from tests.api.running_server import RunningServer


def key_of(
    server: RunningServer, *, tenant: str = "acme", role: Role = "operator", scopes: tuple[str, ...] = ()
) -> str:
    """The text of a new key."""
    keys = ApiKeys(server.served[0].store.records, now=server.served[0].clock.now)
    made: tuple[NewKey, KeyRow] = server.soon(keys.create(tenant, f"{role} of {tenant}", role=role, scopes=scopes))
    return made[0].text
